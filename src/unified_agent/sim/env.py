# SPDX-License-Identifier: Apache-2.0
"""The world as a Gymnasium environment whose steps are whole picks and places."""

from collections.abc import Callable
from typing import Any, ClassVar

import gymnasium
import numpy as np

from unified_agent.errors import UserError
from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics, Unreachable
from unified_agent.robot.motions import Motions
from unified_agent.robot.runner import MotionRunner
from unified_agent.sim import register, tasks
from unified_agent.sim.scene import OBJECT_SIZE
from unified_agent.sim.world import CONTROL_STEPS, World
from unified_agent.state import State

register()

_ASTRAY = 0.06
"""An object this far outside the basket ends the episode, metres."""


class StackObjects(gymnasium.Env):
    """An arm, a basket and three boxes.

    Action: (x, y) in base_link, metres, inside the basket; the arm picks there when its
    gripper is empty and places there when it holds something.
    Observation: ``objects`` (N, 3) in the world's order, ``tool`` (3,), metres in base_link, ``holding`` 0 or 1.
    Reward: 1 when the task is done, which terminates the episode; else 0.
    Truncated after ``max_actions`` or when an object has left the basket.
    ``info``: ``success``, ``motion`` (why a motion was given up, or None), ``time`` (simulated seconds).

    Args:
        task: a name of ``sim.tasks``.
        arm: a name, a YAML path or an ``Arm``.
        max_actions: of an episode.
        camera_size, randomise: see ``World``.
        world: an existing world to act in instead.

    Attributes:
        world: what is acted in.
        motions: of its arm.
    """

    metadata: ClassVar = {"render_modes": ["rgb_array"], "render_fps": 1}

    def __init__(
        self,
        task: str = "stack_red_on_blue",
        arm: str | Arm = "default",
        max_actions: int = 10,
        camera_size: tuple[int, int] = (128, 128),
        randomise: bool = False,
        world: World | None = None,
        render_mode: str | None = None,
    ) -> None:
        if world is None:
            arm = arm if isinstance(arm, Arm) else Arm.load(arm)
            world = World(arm, camera_size=camera_size, randomise=randomise)
        self.world, self.render_mode, self.max_actions = world, render_mode, max_actions
        self.task = tasks.get(task)
        self.motions = Motions(world.arm, Kinematics(world.arm), OBJECT_SIZE)
        x_min, x_max, y_min, y_max = world.arm.basket
        self._low, self._high = np.array([x_min, y_min]), np.array([x_max, y_max])
        self.action_space = gymnasium.spaces.Box(self._low.astype(np.float32), self._high.astype(np.float32))
        box = gymnasium.spaces.Box
        self.observation_space = gymnasium.spaces.Dict(
            objects=box(-np.inf, np.inf, (len(world.objects), 3), np.float64),
            tool=box(-np.inf, np.inf, (3,), np.float64),
            holding=gymnasium.spaces.Discrete(2),
        )
        self.state: State = world.state()
        self._actions = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """A new random start of the task; ``options={"task": ...}``, a name or a ``Task``, changes the task."""
        super().reset(seed=seed)
        task = (options or {}).get("task", self.task)
        self.task = task if isinstance(task, tasks.Task) else tasks.get(task)
        self.state = self.world.reset(
            seed=int(self.np_random.integers(2**31)), layout=self.task.layout(self.np_random, self.world.objects)
        )
        self._actions = 0
        if self.task.held:
            self.perform(self._checked(self.state.objects[self.task.held][:2]))
        return self._observation(), self._info(self.task.success(self.world), None)

    def step(self, action: np.ndarray):
        """Carry out one pick or place.

        Raises:
            UserError: the action is not two finite numbers inside the basket (1 mm outside is let pass).
        """
        failed = self.perform(self._checked(action))
        self._actions += 1
        success = self.task.success(self.world)
        truncated = not success and (self._actions >= self.max_actions or self.astray)
        return self._observation(), float(success), success, truncated, self._info(success, failed)

    def perform(self, action: np.ndarray, watch: Callable[[], None] | None = None) -> str | None:
        """Carry out one action in the world; why the motion was given up, or None.

        Args:
            action: (x, y) inside the basket.
            watch: called at every set point, 50 times a simulated second.
        """
        world = self.world
        try:
            moves = self.motions.act(action, self.state, world.arm_positions, world.gripper_position)
        except Unreachable as error:
            return str(error)
        # Every action begins anew: here is nobody else who could acknowledge what stopped the last one.
        world.release()
        runner = MotionRunner(world.arm, moves)
        while True:
            world.carry_on(runner)
            if runner.done:
                break
            periods = world.periods(runner.patience(world.time))
            if watch is None:
                world.step(periods * CONTROL_STEPS)
                continue
            for _ in range(periods):
                world.step(CONTROL_STEPS)
                watch()
        self.state = world.state()
        return runner.failed

    @property
    def astray(self) -> bool:
        """Whether an object has left the basket."""
        positions = np.array([position[:2] for position in self.state.objects.values()])
        return bool(np.any(positions < self._low - _ASTRAY) or np.any(positions > self._high + _ASTRAY))

    def frames(self) -> dict[str, np.ndarray]:
        """Camera -> what it sees now, RGB, uint8, (height, width, 3)."""
        return {camera: self.world.render(camera) for camera in self.world.cameras}

    def render(self) -> np.ndarray | None:
        """Both cameras side by side."""
        return np.hstack(list(self.frames().values())) if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Free the renderers."""
        self.world.close()

    def _checked(self, action: np.ndarray) -> np.ndarray:
        target = np.asarray(action, dtype=float)
        if target.shape != (2,) or not np.isfinite(target).all():
            raise UserError(f"An action is two finite numbers (x, y) in metres, not {action}.")
        inside = np.clip(target, self._low, self._high)
        if np.abs(inside - target).max() > 1e-3:
            raise UserError(f"The action {target.tolist()} lies outside the basket {self.world.arm.basket}.")
        return inside

    def _observation(self) -> dict[str, Any]:
        state = self.state
        return {"objects": np.array(list(state.objects.values())), "tool": state.tool, "holding": int(state.holding)}

    def _info(self, success: bool, failed: str | None) -> dict[str, Any]:
        return {"success": success, "motion": failed, "time": self.world.time}
