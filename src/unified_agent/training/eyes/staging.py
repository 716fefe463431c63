# SPDX-License-Identifier: Apache-2.0
"""Scenes for CLIP to learn from: practice in full physics, and near misses posed by hand."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np

from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics, Unreachable
from unified_agent.robot.motions import Motions
from unified_agent.robot.physics import mujoco
from unified_agent.robot.runner import MotionRunner
from unified_agent.sim.randomisation import Randomisation
from unified_agent.sim.scene import OBJECT_SIZE
from unified_agent.sim.world import CONTROL_STEPS, World
from unified_agent.state import Action
from unified_agent.training.eyes.labels import Labeller

SHARES = {"practice": 0.6, "poised": 0.2, "carried": 0.2}
"""What part of the moments that are tested on each kind of scene gives."""
LESSONS = {"practice": 0.45, "poised": 0.15, "carried": 0.15, "heaped": 0.25}
"""And of those that are learnt from: errors come in heaps, so of these it sees many."""
SceneShift = Callable[[object], AbstractContextManager]
"""Changes MuJoCo's model for as long as it is entered."""


class Stage:
    """Plays scenes in one world and says when a moment is worth taking.

    Args:
        arm: the arm in the pictures.
        randomise: whether every moment has its own lights, cameras and colours.
        lessons: for learning: more heaps (``LESSONS``), and a wide randomisation.
        shift: what is done to the model's cameras or lights while a moment is taken.

    Attributes:
        world: what is to be looked at.
    """

    def __init__(self, arm: Arm, randomise: bool, lessons: bool = False, shift: SceneShift | None = None) -> None:
        self.world = World(arm)
        self._labeller = Labeller(self.world)
        self._arm = arm
        self._kinematics = Kinematics(arm)
        self._motions = Motions(arm, self._kinematics, OBJECT_SIZE)
        self._randomisation = Randomisation(self.world.model, wide=lessons) if randomise else None
        self._shift = shift or (lambda model: nullcontext())
        self._shares = LESSONS if lessons else SHARES
        self._scenes = {
            "practice": self._practice,
            "poised": self._poised,
            "carried": self._carried,
            "heaped": self._heaped,
        }

    def moments(self, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
        """Without end: (kind of scene, frames (C, H, W, 3) uint8, truth (12,) int8, reasons (12,) int8) of moments."""
        model, data = self.world.model, self.world.data
        taken = dict.fromkeys(self._shares, 0)
        while True:
            total = sum(taken.values())
            kind = max(taken, key=lambda name: self._shares[name] * (total + 1) - taken[name])
            for _ in self._scenes[kind](rng):
                if self._randomisation:
                    self._randomisation.draw(rng)
                taken[kind] += 1
                with self._shift(model):
                    mujoco.mj_camlight(model, data)
                    yield kind, self._frames(), *self._labeller.labels()

    def _frames(self) -> np.ndarray:
        return np.stack([self.world.render(camera) for camera in self.world.cameras])

    def _practice(self, rng: np.random.Generator) -> Iterator[None]:
        """Picks and places, good and bad, seen now and then on the way and twice at the end of each."""
        self._reset(rng)
        for _ in range(rng.integers(3, 8)):
            try:
                for _ in self._act(self._action(rng)):
                    if rng.random() < 0.07:
                        yield
            except Unreachable:
                continue
            for _ in range(2):
                self.world.step(int(rng.integers(5, 60)))
                yield

    def _poised(self, rng: np.random.Generator) -> Iterator[None]:
        """Boxes stacked badly, dropped beside or leaning, and an empty gripper anywhere near them."""
        self._reset(rng)
        if rng.random() < 0.7:
            self._disturb(rng)
        for _ in range(4):
            if self._pose_tool(self._near_tool(rng), self._opening(rng)):
                yield

    def _heaped(self, rng: np.random.Generator) -> Iterator[None]:
        """Boxes thrown together: two or three against each other or against the rim, as they come to lie."""
        self._reset(rng)
        names = [str(name) for name in rng.permutation(self.world.objects)]
        x_min, x_max, y_min, y_max = self._arm.basket
        middle = rng.uniform((x_min, y_min), (x_max, y_max))
        if rng.random() < 0.4:
            axis = rng.integers(2)
            middle[axis] = rng.choice([(x_min, x_max), (y_min, y_max)][axis])
        for number, name in enumerate(names[: rng.integers(1, 4)]):
            angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 1.3) * OBJECT_SIZE
            height = OBJECT_SIZE * rng.uniform(0.6, 1.0 + 0.6 * number)
            position = np.array([*(middle + reach * np.array([np.cos(angle), np.sin(angle)])), height])
            tilt = 0.0 if rng.random() < 0.3 else rng.uniform(-1.2, 1.2)
            self.world.place_object(name, position, _quaternion(rng.uniform(-np.pi, np.pi), tilt))
            self.world.step(int(rng.integers(20, 80)))
        self.world.step(int(rng.integers(20, 120)))
        for _ in range(2):
            if self._pose_tool(self._near_tool(rng), self._opening(rng)):
                yield

    def _carried(self, rng: np.random.Generator) -> Iterator[None]:
        """A box held anywhere: above others with every gap, beside them, low above the table."""
        self._reset(rng)
        world = self.world
        held = str(rng.choice(world.objects))
        tops = self._exposed()
        if held not in tops:
            return
        for _ in self._act(tops[held][:2]):
            pass
        state = world.state()
        if not state.holding:
            return
        turn = self._kinematics.forward(world.arm_positions)[1]
        position, quaternion = world.object_pose(held)
        offset = turn.T @ (position - state.tool)
        grip = float(world.joint_state()[1][len(self._arm.joints)])
        for _ in range(10):
            target = self._near_carried(rng, held) - turn @ offset
            if self._pose_tool(target, grip):
                tool, now = self._kinematics.forward(world.arm_positions)
                world.place_object(held, tool + now @ offset, quaternion)
                yield

    def _reset(self, rng: np.random.Generator) -> None:
        names = [str(name) for name in rng.permutation(self.world.objects)]
        layouts = ([[name] for name in names], [names[:2], names[2:]], [names])
        self.world.reset(int(rng.integers(2**31)), layouts[rng.choice(3, p=[0.5, 0.3, 0.2])])
        self.world.step(25)

    def _act(self, action: Action) -> Iterator[None]:
        """Carry out an action; pauses at every set point."""
        world = self.world
        moves = self._motions.act(action, world.state(), world.arm_positions, world.gripper_position)
        runner = MotionRunner(self._arm, moves)
        world.release()
        while not runner.done:
            world.carry_on(runner)
            world.step(CONTROL_STEPS)
            yield

    def _action(self, rng: np.random.Generator) -> np.ndarray:
        """At an object that nothing lies on (mostly well aimed), or anywhere."""
        world = self.world
        state = world.state()
        tops = list(self._exposed().values())
        if state.holding:
            tops = [p for p in tops if np.linalg.norm(p - state.tool) > OBJECT_SIZE]
        if not tops or rng.random() < 0.25:
            x_min, x_max, y_min, y_max = self._arm.basket
            return rng.uniform((x_min, y_min), (x_max, y_max))
        spread = 0.004 if rng.random() < 0.6 else 0.016
        return tops[rng.integers(len(tops))][:2] + rng.normal(0, spread, 2)

    def _exposed(self) -> dict[str, np.ndarray]:
        """Positions of the objects that nothing lies on."""
        positions = self.world.state().objects

        def covered(name: str) -> bool:
            offsets = (p - positions[name] for other, p in positions.items() if other != name)
            return any(o[2] > OBJECT_SIZE / 2 and np.abs(o[:2]).max() < OBJECT_SIZE for o in offsets)

        return {name: position for name, position in positions.items() if not covered(name)}

    def _disturb(self, rng: np.random.Generator) -> None:
        """Let one or two boxes fall on or beside another, turned and tilted, and wait until most is still."""
        world = self.world
        names = rng.permutation(world.objects)
        for name in names[: rng.integers(1, 3)]:
            below = world.state().objects[names[-1]]
            reach = rng.choice([0.5, 1.0, 1.6]) * OBJECT_SIZE
            side = rng.uniform(-reach, reach, 2)
            beside = np.abs(side).max() > OBJECT_SIZE
            height = OBJECT_SIZE * (0.55 if beside else 1.05 + np.round(below[2] / OBJECT_SIZE - 0.5))
            tilt = 0.0 if rng.random() < 0.5 else rng.uniform(-0.9, 0.9)
            position = np.array([*(below[:2] + side), height + 0.35 * OBJECT_SIZE * abs(tilt)])
            world.place_object(str(name), position, _quaternion(rng.uniform(-0.8, 0.8), tilt))
        world.step(int(rng.integers(40, 200)))

    def _near_tool(self, rng: np.random.Generator) -> np.ndarray:
        """Where an empty gripper might be taken for a holding one, or anywhere."""
        tops = list(self._exposed().values())
        if rng.random() < 0.6:
            around = tops[rng.integers(len(tops))]
            height = rng.choice([rng.uniform(-0.01, 0.03), rng.uniform(0.03, 0.12), self._arm.hover - around[2]])
            return around + np.array([*rng.normal(0, 0.005, 2), height])
        return self._anywhere(rng, 0.06)

    def _near_carried(self, rng: np.random.Generator, held: str) -> np.ndarray:
        """Where a held object's middle might be: above another, low above the table, or anywhere."""
        others = [p for name, p in self._exposed().items() if name != held]
        choice = rng.random()
        if others and choice < 0.5:
            gap = rng.uniform(0.001, 0.015) if rng.random() < 0.4 else rng.uniform(0.01, 0.08)
            return others[rng.integers(len(others))] + np.array([*rng.normal(0, 0.008, 2), OBJECT_SIZE + gap])
        if choice < 0.7:
            return self._anywhere(rng, 0.5 * OBJECT_SIZE + 0.001, 0.5 * OBJECT_SIZE + 0.06)
        return self._anywhere(rng, 0.08)

    def _anywhere(self, rng: np.random.Generator, low: float, high: float | None = None) -> np.ndarray:
        x_min, x_max, y_min, y_max = self._arm.basket
        return rng.uniform((x_min, y_min, low), (x_max, y_max, high or self._arm.hover + 0.02))

    def _opening(self, rng: np.random.Generator) -> float:
        wide, closed = self._arm.gripper_open, self._arm.gripper_closed
        return wide if rng.random() < 0.6 else closed + rng.uniform() * (wide - closed)

    def _pose_tool(self, position: np.ndarray, gripper: float) -> bool:
        """Put the tool there, pointing down, without moving anything else; False where it cannot be."""
        try:
            q = self._kinematics.inverse(position, seed_q=self._arm.home)
        except Unreachable:
            return False
        self.world.set_joints(q, gripper)
        return True


def _quaternion(yaw: float, tilt: float) -> np.ndarray:
    """(w, x, y, z) of a turn about z after a tilt about x, radians."""
    (cy, sy), (ct, st) = ((np.cos(a / 2), np.sin(a / 2)) for a in (yaw, tilt))
    return np.array([cy * ct, cy * st, sy * st, sy * ct])
