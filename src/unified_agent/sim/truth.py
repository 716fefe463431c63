# SPDX-License-Identifier: Apache-2.0
"""Which sub-goals hold, from MuJoCo's poses and contacts."""

import numpy as np

from unified_agent.language.subgoals import Relation, SubGoal
from unified_agent.sim.scene import ARM, OBJECT_SIZE

LIFTED = 0.01
"""A grasped object counts as grasped this far above what is below it, metres."""
_NEARLY = 0.008
"""A gap this small below an object is neither on nor off, metres."""
_AT_REST = (0.02, 0.3)
"""Fastest linear (m/s) and angular (rad/s) speed of an object at rest."""
_UPRIGHT = np.cos(np.radians(10))


class Truth:
    """Judges sub-goals on one model and its data: True, False, or None where it is in between.

    None is what a camera could not be expected to tell: touched but not lifted, in contact
    but still moving or held, a gap of a few millimetres.
    """

    def __init__(self, model, data, fingers: tuple[str, ...], objects: tuple[str, ...]) -> None:
        self._data = data
        self._objects = objects
        self._body = {name: model.body(name).id for name in objects}
        self._dof = {name: model.joint(name).dofadr[0] for name in objects}
        self._owner = {model.geom(name).id: name for name in objects}
        self._owner[model.geom("table").id] = "table"
        for finger in fingers:
            body = model.body(ARM + finger).id
            self._owner |= dict.fromkeys(np.flatnonzero(model.geom_bodyid == body).tolist(), finger)
        self._fingers = frozenset(fingers)

    def holds(self, subgoal: SubGoal) -> bool | None:
        """Whether the sub-goal is true now."""
        touching = self._touching(subgoal.subject)
        match subgoal.relation:
            case Relation.GRASPING:
                return self._grasped(subgoal.subject, touching)
            case Relation.ON_TOP_OF:
                gap = self._gap(subgoal.subject, subgoal.support)
                held = self._fingers & (touching | self._touching(subgoal.support))
                return self._rests(subgoal.subject, subgoal.support in touching, gap, bool(held))
            case Relation.ON_TABLE:
                gap = self._bottom(subgoal.subject)
                return self._rests(subgoal.subject, "table" in touching, gap, bool(self._fingers & touching))

    def _grasped(self, name: str, touching: set[str]) -> bool | None:
        if not self._fingers & touching:
            return False
        below = [self._top(other) for other in self._objects if other != name and self._gap(name, other) is not None]
        clearance = self._bottom(name) - max([0.0, *below])
        lifted = clearance >= LIFTED and not any(
            other == "table" or (other in self._body and self._position(other)[2] < self._position(name)[2])
            for other in touching
        )
        return True if self._fingers <= touching and lifted else None

    def _rests(self, name: str, touches: bool, gap: float | None, held: bool) -> bool | None:
        if gap is None or gap > _NEARLY or not self._upright(name):
            return False
        if not touches or held or not self._at_rest(name):
            return None
        return True

    def _gap(self, name: str, support: str) -> float | None:
        """Height of an object's bottom above the support's top; None where it is not above the support."""
        offset = self._position(name) - self._position(support)
        if np.abs(offset[:2]).max() > OBJECT_SIZE / 2 or offset[2] < OBJECT_SIZE / 2:
            return None
        return self._bottom(name) - self._top(support)

    def _touching(self, name: str) -> set[str]:
        contact = self._data.contact
        pairs = contact.geom[contact.efc_address >= 0]
        owners = {(self._owner.get(a), self._owner.get(b)) for a, b in pairs.tolist()}
        return {b if a == name else a for a, b in owners if name in (a, b)} - {None}

    def _position(self, name: str) -> np.ndarray:
        return self._data.xpos[self._body[name]]

    def _half_height(self, name: str) -> float:
        return OBJECT_SIZE / 2 * np.abs(self._data.xmat[self._body[name]].reshape(3, 3)[2]).sum()

    def _bottom(self, name: str) -> float:
        return self._position(name)[2] - self._half_height(name)

    def _top(self, name: str) -> float:
        return self._position(name)[2] + self._half_height(name)

    def _upright(self, name: str) -> bool:
        return np.abs(self._data.xmat[self._body[name]].reshape(3, 3)[2]).max() > _UPRIGHT

    def _at_rest(self, name: str) -> bool:
        speed = self._data.qvel[self._dof[name] : self._dof[name] + 6]
        return np.linalg.norm(speed[:3]) < _AT_REST[0] and np.linalg.norm(speed[3:]) < _AT_REST[1]
