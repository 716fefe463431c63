# SPDX-License-Identifier: Apache-2.0
"""Small environments for tests, most with a fault; ``odd_environments:Odd/Line-v0`` makes them known."""

import gymnasium
import numpy as np


class Line(gymnasium.Env):
    """A white column that is moved left and right; its own rules end an episode at the right edge."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012
    observation_space = gymnasium.spaces.Box(-2.0, 2.0, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2, start=1)

    def __init__(self, fault: str = "", render_mode: str | None = None) -> None:
        self.fault, self.render_mode = fault, render_mode
        if fault == "vectors":
            self.action_space = gymnasium.spaces.Box(-0.5, 0.5, (1,), np.float32)
        if fault == "pairs":
            self.action_space = gymnasium.spaces.MultiDiscrete([2, 2])
        if fault == "told":
            self.observation_space = gymnasium.spaces.Dict(
                place=self.observation_space, right=gymnasium.spaces.Discrete(2)
            )

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.over = self.np_random.uniform(-1.0, 0.0), False
        self.left = int(self.np_random.integers(3, 9))
        return self._seen(), {}

    def step(self, action):
        if self.over and self.fault == "ends":
            raise RuntimeError("the episode is over")
        move = float(action[0]) if self.fault == "vectors" else (-0.1, 0.1)[int(action) - 1]
        self.x = float(np.clip(self.x + move, -1.0, 1.0))
        self.left -= 1
        self.over = self.x >= 0.9
        reward = np.nan if self.fault == "no reward" else self.x
        return self._seen(), reward, self.over, self.fault == "short" and self.left == 0, {"is_success": self.over}

    def render(self):
        frame = np.zeros((32, 32, 3), np.uint8)
        if self.fault == "float":
            return frame / 255.0
        if self.fault != "black":
            frame[:, round((self.x + 1) * 15.5)] = 255
        return frame

    def _seen(self):
        place = np.array([np.nan if self.fault == "blind" else self.x], np.float32)
        return {"place": place, "right": int(self.x > 0)} if self.fault == "told" else place


class Unseen(Line):
    """One that draws nothing."""

    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012


FAULTS = ("vectors", "pairs", "told", "ends", "short", "no reward", "float", "black", "blind")
gymnasium.register("Odd/Line-v0", Line, max_episode_steps=20)
gymnasium.register("Odd/Endless-v0", Line)
gymnasium.register("Odd/Unseen-v0", Unseen, max_episode_steps=20)
for name in FAULTS:
    gymnasium.register(f"Odd/{name.title().replace(' ', '')}-v0", Line, max_episode_steps=20, kwargs={"fault": name})
