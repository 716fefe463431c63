# SPDX-License-Identifier: Apache-2.0
"""The truth of every sub-goal, as far as the cameras could show it."""

from enum import IntEnum

import numpy as np

from unified_agent.language.subgoals import VOCABULARY, Relation, SubGoal
from unified_agent.robot.physics import mujoco
from unified_agent.sim.scene import OBJECT_SIZE
from unified_agent.sim.world import World
from unified_agent.training.eyes.frames import UNKNOWN, truth_value

SLIGHT = np.cos(np.radians([5.0, 20.0]))
"""A box tilted between these angles may be lying or leaning: a pixel is about 3 mm."""
NEARLY_GRIPPED = 0.003
"""Fingers this near to a box without touching it look as if they held it, metres."""
_POINTS = np.array([[0, 0, 0], *np.ndindex(2, 2, 2)], dtype=float)
_POINTS[1:] = (_POINTS[1:] - 0.5) * 0.8 * OBJECT_SIZE
_SHOWN = np.array([1, 1, 1, 0, 0, 0], dtype=np.uint8)
"""Geom groups that are drawn."""


class Reason(IntEnum):
    """Why a truth is in between."""

    KNOWN = 0
    HIDDEN = 1
    TOUCHED = 2
    NEARLY_GRIPPED = 3
    LEANING = 4
    UNSETTLED = 5

    def __str__(self) -> str:
        return _IN_WORDS[self]


_IN_WORDS = {
    Reason.KNOWN: "known",
    Reason.HIDDEN: "an object of the sentence is hidden, or out of the picture",
    Reason.TOUCHED: "touched by the gripper, not lifted",
    Reason.NEARLY_GRIPPED: "between fingers that are a hair from it",
    Reason.LEANING: "leaning by 5 to 20 degrees",
    Reason.UNSETTLED: "still moving, still held, or a few millimetres above",
}


class Labeller:
    """Labels moments of one world: MuJoCo's truth, but "in between" where no picture could tell.

    That is: where an object of the sentence is hidden from all cameras, where it leans so slightly,
    or where open fingers are so near to it, that both answers look the same.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._geoms = {name: world.model.geom(name).id for name in world.objects}

    def labels(self) -> tuple[np.ndarray, np.ndarray]:
        """1, 0 or -1 for each sub-goal of the vocabulary now, and the ``Reason``: int8, shape (12,) each."""
        shown = {name: self._shown(name) for name in self._world.objects}
        truth, reasons = zip(*(self._label(goal, shown) for goal in VOCABULARY), strict=True)
        return np.array(truth, dtype=np.int8), np.array(reasons, dtype=np.int8)

    def _label(self, goal: SubGoal, shown: dict[str, bool]) -> tuple[int, Reason]:
        if not all(shown[name] for name in (goal.subject, goal.support) if name):
            return UNKNOWN, Reason.HIDDEN
        truth = truth_value(self._world.holds(goal))
        grasping = goal.relation is Relation.GRASPING
        if grasping and truth == 0 and self._nearly_gripped(goal.subject):
            return UNKNOWN, Reason.NEARLY_GRIPPED
        if not grasping and self._leans_slightly(goal.subject):
            return UNKNOWN, Reason.LEANING
        if truth == UNKNOWN:
            return UNKNOWN, Reason.TOUCHED if grasping else Reason.UNSETTLED
        return truth, Reason.KNOWN

    def _shown(self, name: str) -> bool:
        """Whether at least a third of the object's points can be seen from one camera."""
        data = self._world.data
        geom = self._geoms[name]
        points = data.geom_xpos[geom] + _POINTS @ data.geom_xmat[geom].reshape(3, 3).T
        return any(
            sum(self._sees(camera, p, geom) for p in points) * 3 >= len(points) for camera in self._world.cameras
        )

    def _sees(self, camera: str, point: np.ndarray, geom: int) -> bool:
        model, data = self._world.model, self._world.data
        view = data.camera(camera)
        ray = point - view.xpos
        x, y, z = view.xmat.reshape(3, 3).T @ ray
        if max(abs(x), abs(y)) > -z * np.tan(np.radians(model.camera(camera).fovy[0] / 2)):
            return False
        hit = np.array([-1], dtype=np.int32)
        mujoco.mj_ray(model, data, view.xpos, ray, _SHOWN, 1, -1, hit)
        return hit[0] == geom

    def _leans_slightly(self, name: str) -> bool:
        upright = np.abs(self._world.data.geom_xmat[self._geoms[name]].reshape(3, 3)[2]).max()
        return SLIGHT[1] < upright < SLIGHT[0]

    def _nearly_gripped(self, name: str) -> bool:
        state = self._world.state()
        if np.linalg.norm(state.objects[name] - state.tool) > OBJECT_SIZE / 2:
            return False
        opening = sum(self._world.joint_state()[1][len(self._world.arm.joints) :])
        return opening < OBJECT_SIZE + 2 * NEARLY_GRIPPED
