# SPDX-License-Identifier: Apache-2.0
"""The humanoid as a Gymnasium environment in which nothing but time ends an episode."""

from typing import Any, ClassVar

import gymnasium
import numpy as np

from unified_agent.errors import UserError
from unified_agent.robot.physics import mujoco
from unified_agent.sim import register
from unified_agent.sim.humanoid import scene
from unified_agent.sim.humanoid.pictures import HumanoidPictures

register()

_STEPS = 5
"""Physics steps of a decision: 15 ms."""
_NOISE = 1e-2
"""Of a start: uniform up to this about the upright one, positions (m, rad) and velocities alike."""


class Humanoid(gymnasium.Env):
    """Gymnasium's humanoid, seen in a scene of its own.

    Action: torques of 17 motors as shares of their gear, each in [-0.4, 0.4].
    Observation: as Gymnasium's Humanoid-v5, shape (348,): heights, angles and velocities of the joints, inertias and
    velocities of the bodies, torques, and contact forces.
    Reward: 0. What is wanted is said in a sentence (`sim.humanoid.TASKS`), and seen in the picture.

    Args:
        size: (height, width) of the picture in pixels.
        lean: drawn fast, see `HumanoidPictures`.

    Raises:
        UserError: this Gymnasium lacks the humanoid, or the size is none.
    """

    metadata: ClassVar = {"render_modes": ["rgb_array"], "render_fps": 67}

    def __init__(self, size: tuple[int, int] = (480, 480), lean: bool = True, render_mode: str | None = None) -> None:
        if len(size) != 2 or not all(1 <= side <= most for side, most in zip(size, scene.LARGEST_IMAGE, strict=True)):
            raise UserError(f"A picture has (height, width) from (1, 1) to {scene.LARGEST_IMAGE} pixels, not {size}.")
        self.render_mode, self._size, self._lean = render_mode, tuple(size), lean
        self.model = scene.build(lean)
        self.data = mujoco.MjData(self.model)
        self._pictures: HumanoidPictures | None = None
        low, high = self.model.actuator_ctrlrange.T.astype(np.float32)
        self.action_space = gymnasium.spaces.Box(low, high)
        shape = self._observation().shape
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, shape, np.float64)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Upright, a little disturbed."""
        super().reset(seed=seed)
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:] += self.np_random.uniform(-_NOISE, _NOISE, self.model.nq)
        self.data.qvel[:] += self.np_random.uniform(-_NOISE, _NOISE, self.model.nv)
        mujoco.mj_forward(self.model, self.data)
        return self._observation(), {}

    def step(self, action: np.ndarray):
        """Hold torques for 15 ms.

        Raises:
            UserError: they are not 17 finite numbers.
        """
        torques = np.asarray(action, dtype=float)
        if torques.shape != self.action_space.shape or not np.isfinite(torques).all():
            raise UserError(f"An action is {self.action_space.shape[0]} finite numbers, not {action}.")
        self.data.ctrl[:] = torques
        mujoco.mj_step(self.model, self.data, nstep=_STEPS)
        mujoco.mj_rnePostConstraint(self.model, self.data)  # contact forces, which a step leaves out
        return self._observation(), 0.0, False, False, {}

    def render(self) -> np.ndarray | None:
        """RGB, uint8, (height, width, 3)."""
        if self.render_mode != "rgb_array":
            return None
        self._pictures = self._pictures or HumanoidPictures(self.model, self.data, self._size, self._lean)
        return self._pictures.take()

    def close(self) -> None:
        """Free the renderer."""
        if self._pictures:
            self._pictures.close()
            self._pictures = None

    def _observation(self) -> np.ndarray:
        data = self.data
        bodies = (data.cinert[1:], data.cvel[1:])
        parts = (data.qpos[2:], data.qvel, *bodies, data.qfrc_actuator[6:], data.cfrc_ext[1:])
        return np.concatenate([part.ravel() for part in parts])
