# SPDX-License-Identifier: Apache-2.0
"""Any Gymnasium environment that renders, as something to learn in: nothing ends an episode but time.

That a pole fell or a car arrived ends an episode of the environment's own, and tells a learner what is wanted without a
word. So ``terminated`` is not obeyed while learning, only where the environment's own success is measured.
"""

import difflib
import os
from dataclasses import dataclass
from typing import NamedTuple

import gymnasium
import numpy as np
from gymnasium.envs.registration import registry

from unified_agent.errors import UserError, first_line, in_range, nearest

_UNBOUNDED = 1e6
"""A bound of an observation beyond this is none: some environments say the largest number that there is."""


class EnvironmentFault(UserError):
    """An environment that cannot be learnt in: what it lacks, or what it did."""


@dataclass(frozen=True)
class EnvSettings:
    """Which environment, and in what steps it is acted in.

    Attributes:
        env: a Gymnasium id, or ``module:id``, whose module is imported: code of the user's own.
        episode: decisions of an episode; 0: as many as the environment's own time limit.
        repeat: environment steps that a decision is held for.
        cameras: views that the environment's picture shows side by side; each is looked at by itself.
    """

    env: str
    episode: int = 0
    repeat: int = 1
    cameras: int = 1

    def __post_init__(self) -> None:
        in_range("episode", self.episode, 0, 1_000_000)
        in_range("repeat", self.repeat, 1, 10_000)
        in_range("cameras", self.cameras, 1, 16)


@dataclass(frozen=True)
class EnvFacts:
    """What a learner needs to know of an environment.

    Attributes:
        low, high: of the observation as a vector, shape (K,); infinite where it has no bounds.
        choices: how many actions there are to choose from; 0: actions are vectors.
        action_size: of such a vector, whose entries are in [-1, 1].
        episode: decisions of an episode.
        rate: frames a second that its pictures are meant for.
    """

    low: np.ndarray
    high: np.ndarray
    choices: int
    action_size: int
    episode: int
    rate: float


class Transition(NamedTuple):
    """What a decision led to.

    Attributes:
        observation: float32, shape (K,).
        reward: the environment's own, summed over the repeated steps.
        over: nothing comes after it: the environment cut the episode short, or, by its own rules, ended it.
        terminated: the environment's own word for an end in success or failure.
        success: what its ``info`` says; None where that says nothing.
        steps: environment steps since the reset.
        held: the environment could not go on after its own end; everything stays as it was.
    """

    observation: np.ndarray
    reward: float
    over: bool
    terminated: bool
    success: bool | None
    steps: int
    held: bool


class TimedEnv:
    """One environment.

    Observations of any space that Gymnasium can flatten come as a vector; what bounds an action is brought to [-1, 1].

    Raises:
        EnvironmentFault: there is none of that name, it cannot be made, has no picture, or its spaces cannot be used.
    """

    def __init__(self, settings: EnvSettings) -> None:
        # Pygame looks for a display, though it draws into memory, and would catch the signal that ends the process.
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
        os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")
        gymnasium.logger.min_level = gymnasium.logger.ERROR  # it warns of every step after the environment's own end
        self._settings, self._name = settings, settings.env
        self._env = _made(settings.env)
        self._observations = _flat(self._env.observation_space, self._name)
        limit = registry[self._env.spec.id].max_episode_steps if self._env.spec else None
        self._limit = limit if limit and limit > 0 else None
        if not settings.episode and not self._limit:
            raise EnvironmentFault(
                f"'{self._name}' has no time limit of its own: say how long an episode is (--episode)."
            )
        actions = self._env.action_space
        self._first = int(actions.start) if isinstance(actions, gymnasium.spaces.Discrete) else None
        if self._first is None and not (isinstance(actions, gymnasium.spaces.Box) and actions.is_bounded()):
            raise EnvironmentFault(
                f"The actions of '{self._name}' are {actions}: expected a Discrete space or a Box with bounds. A "
                "wrapper of your own can turn them into one (--env MODULE:ID)."
            )
        self._over = self._own_rules = False
        self._steps = 0
        self._observation = np.zeros(self._observations.shape, np.float32)

    @property
    def facts(self) -> EnvFacts:
        """For the learner."""
        low, high = self._observations.low.astype(float), self._observations.high.astype(float)
        bounded = (np.abs(low) < _UNBOUNDED) & (np.abs(high) < _UNBOUNDED)
        actions = self._env.action_space
        return EnvFacts(
            np.where(bounded, low, -np.inf),
            np.where(bounded, high, np.inf),
            int(actions.n) if self._first is not None else 0,
            0 if self._first is not None else int(np.prod(actions.shape)),
            self._settings.episode or -(-self._limit // self._settings.repeat),
            float(self._env.metadata.get("render_fps") or 30) / self._settings.repeat,
        )

    def reset(self, seed: int, own_rules: bool = False) -> np.ndarray:
        """Begin an episode, which depends on nothing but the seed; the observation, float32, shape (K,).

        Args:
            own_rules: it ends as the environment says, at its own time limit too.
        """
        observation, _ = self._env.reset(seed=seed)
        self._over, self._own_rules, self._steps = False, own_rules, 0
        return self._see(observation)

    def step(self, action: np.ndarray) -> Transition:
        """Hold an action: a number below ``choices``, or a vector in [-1, 1]."""
        given = self._given(action)
        reward, cut, success, held = 0.0, False, None, False
        for _ in range(self._settings.repeat):
            try:
                observation, earned, terminated, truncated, info = self._env.step(given)
            except Exception:
                if not self._over:
                    raise
                held = True
                break
            self._steps += 1
            reward += float(earned)
            self._over |= bool(terminated)
            said = info.get("is_success", info.get("success"))
            success = success if said is None else bool(success) or bool(said)
            self._see(observation)
            cut = bool(truncated)
            if self._own_rules:
                cut |= self._over or (self._limit is not None and self._steps >= self._limit)
            if cut:
                break
        return Transition(self._observation, reward, cut, self._over, success, self._steps, held)

    def picture(self) -> np.ndarray:
        """What there is to be seen now: RGB, uint8, shape (C, H, W, 3)."""
        try:
            frame = self._env.render()
        except Exception as error:
            raise EnvironmentFault(
                f"'{self._name}' cannot be drawn: {first_line(error)} (MuJoCo without a display needs MUJOCO_GL=egl or "
                "osmesa; others may need a display such as xvfb's.)"
            ) from None
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            came = f"{frame.dtype} of shape {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise EnvironmentFault(f"'{self._name}' draws {came}: expected RGB of bytes, shape (height, width, 3).")
        if frame.shape[1] % self._settings.cameras:
            raise EnvironmentFault(
                f"The picture of '{self._name}' is {frame.shape[1]} wide: it cannot show {self._settings.cameras} "
                "views of one size side by side."
            )
        return np.stack(np.split(frame, self._settings.cameras, axis=1))

    def close(self) -> None:
        """Free what it draws with."""
        self._env.close()

    def _given(self, action: np.ndarray) -> np.ndarray | int:
        if self._first is not None:
            return self._first + int(action)
        space = self._env.action_space
        share = (np.clip(np.asarray(action, dtype=float), -1.0, 1.0).reshape(space.shape) + 1.0) / 2.0
        return (space.low + share * (space.high - space.low)).astype(space.dtype)

    def _see(self, observation: object) -> np.ndarray:
        flat = gymnasium.spaces.flatten(self._env.observation_space, observation)
        self._observation = np.asarray(flat, dtype=np.float32)
        if not np.isfinite(self._observation).all():
            raise EnvironmentFault(
                f"'{self._name}' gave an observation that is no finite number (NaN or infinite) {self._steps} steps "
                "after its reset: mend the environment."
            )
        return self._observation


def _made(name: str) -> gymnasium.Env:
    try:
        env = gymnasium.make(name, render_mode="rgb_array", max_episode_steps=-1, disable_env_checker=True)
    except gymnasium.error.UnregisteredEnv as error:
        close = difflib.get_close_matches(name, registry, n=5, cutoff=0.4)
        raise EnvironmentFault(
            f"Gymnasium knows no environment '{name}': {first_line(error)} {nearest(name, close) if close else ''} One "
            "of another package is given as MODULE:ID, where the module registers it."
        ) from None
    except gymnasium.error.DependencyNotInstalled as error:
        raise EnvironmentFault(f"'{name}' needs what is not installed: {first_line(error)}") from None
    except Exception as error:
        about = " A module must be installed, or lie in a folder of PYTHONPATH." if ":" in name else ""
        raise EnvironmentFault(f"The environment '{name}' cannot be made: {first_line(error)}{about}") from None
    modes = list(env.metadata.get("render_modes") or ())
    if "rgb_array" not in modes or env.render_mode != "rgb_array":
        env.close()
        raise EnvironmentFault(f"'{name}' has no picture to judge: its render modes are {modes}, expected 'rgb_array'.")
    return env


def _flat(space: gymnasium.Space, name: str) -> gymnasium.spaces.Box:
    if space.is_np_flattenable:
        return gymnasium.spaces.flatten_space(space)
    raise EnvironmentFault(f"The observations of '{name}' are {space}: expected numbers of a fixed shape.")
