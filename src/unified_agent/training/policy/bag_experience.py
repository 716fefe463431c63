# SPDX-License-Identifier: Apache-2.0
"""A recording as experience: its picks and places as demonstrations, with what CLIP sees before and after each."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from unified_agent.language.subgoals import OBJECTS, SENTENCES
from unified_agent.robot.arm import Arm
from unified_agent.robot.chain import ToolChain
from unified_agent.state import State
from unified_agent.training.policy.decisions import Change, Track, changes
from unified_agent.training.policy.experience import Episode, Provenance, compressed
from unified_agent.training.policy.recorded import Recorded, Series, Untold, Whereabouts
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

STALE = 0.5
"""Seconds from the nearest measurement of a joint beyond which the arm's position is not known."""
UNSEEN = 1.0
"""The same for an object."""
LOOKS = 3
"""Moments that are judged together, the first before the tool leaves, by the median of their scores: one may blur."""


class Eyes:
    """What says what is true in the frames of recordings.

    Args:
        clip: the model; it scores every sentence of the vocabulary.

    Attributes:
        detector: of the vocabulary.
    """

    def __init__(self, clip: Clip):
        self.detector = Detector(clip, SENTENCES)
        self.fingerprint = clip.fingerprint

    def provenance(self, arm: Arm) -> Provenance:
        """With what the episodes of recordings of an arm are seen."""
        return Provenance(self.fingerprint, tuple(map(float, self.detector.thresholds)), arm.name)

    def scores(self, moments: Sequence[tuple[np.ndarray, ...]]) -> np.ndarray:
        """The median of the scores of moments that show the same, (M,)."""
        every = [self.detector.scores(dict(enumerate(frames))) for frames in moments]
        return np.median(every, axis=0).astype(np.float32)


@dataclass
class Gleaned:
    """What a recording gave.

    Attributes:
        episodes: stretches of it without a gap; each with one decision at least.
        decisions: change of the gripper -> how often.
        notes: what could not be used, and why, a line each.
    """

    episodes: list[Episode] = field(default_factory=list)
    decisions: Counter[Change] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Moment:
    """Where things are after a decision (and at the beginning), and what the cameras show then."""

    row: int
    window: tuple[float, float]
    frames: list[tuple[np.ndarray, ...]] = field(default_factory=list)


def experience_of(
    recorded: Recorded,
    arm: Arm,
    eyes: Eyes,
    whereabouts: Whereabouts = lambda recorded: recorded.objects(),
    pictures: bool = True,
) -> Gleaned:
    """The demonstrations of a recording, and the moments around them.

    A demonstration is where the gripper closed or let go: (x, y) of the tool there. The moment after one is when the
    tool has come up again. All is matched by stamps, whenever it arrived.

    Args:
        recorded: the recording.
        arm: that was recorded.
        eyes: say what is true in its frames.
        whereabouts: where its objects were.
        pictures: whether the episodes keep their frames.

    Raises:
        Untold: something of that was not recorded: what there is, and what was expected.
    """
    track = _track(recorded, arm)
    objects = _objects(recorded, whereabouts)
    found = changes(track, arm)
    gleaned = Gleaned(decisions=Counter(change for _, change in found))
    if not found:
        low, high = float(track.grips.min()), float(track.grips.max())
        holding = "{:g} to {:g}".format(*arm.gripper_holding)
        raise Untold(
            f"nothing was picked in it: the gripper moved from {low:.4f} to {high:.4f} and never held anything for "
            f"long (holding is {holding} for the arm '{arm.name}')"
        )
    rows = [row for row, _ in found]
    moments = [_moment(track, 0, rows[0])]
    moments += [_moment(track, track.up(row, end), end) for row, end in pairwise([*rows, len(track.times)])]
    _look(recorded, moments)
    run: list[int] = []
    for number, moment in enumerate(moments):
        why = _unknown(moment, track, objects)
        if why:
            gleaned.notes.append(f"{moment.window[0]:.2f} s: {why}")
        else:
            run.append(number)
        lost = number < len(found) and found[number][1] is Change.LOSS
        if why or lost or number == len(found):
            if len(run) > 1:
                episode = Episode(recorded.instruction, SENTENCES, done=recorded.succeeded)
                episode.provenance = eyes.provenance(arm)
                _tell_moments(episode, [moments[one] for one in run], track, objects, eyes, arm)
                _tell_decisions(episode, [found[one][0] for one in run[:-1]], track, recorded)
                if pictures:
                    episode.frames = [[compressed(frame) for frame in moments[one].frames[-1]] for one in run]
                gleaned.episodes.append(episode)
            run = []
    gleaned.notes += recorded.notes
    return gleaned


def _track(recorded: Recorded, arm: Arm) -> Track:
    """Of the arm's joints, whatever messages they came in."""
    joints = recorded.joints()
    wanted = (*arm.joints, arm.gripper_joints[0])
    if missing := [name for name in wanted if name not in joints]:
        raise Untold(
            f"it does not tell the joints {', '.join(missing)} of the arm '{arm.name}'; its joints: "
            f"{', '.join(joints) or 'none'}. Give the arm that was recorded with --arm, or other names with --joint "
            "OURS=THEIRS"
        )
    times = joints[wanted[-1]].times
    ages = np.max([joints[name].age(times) for name in arm.joints], axis=0)
    times = times[ages <= STALE]
    if len(times) < 2:
        raise Untold(f"its joints were never measured within {STALE} s of its gripper: do their clocks agree?")
    q = np.column_stack([joints[name].at(times) for name in arm.joints])
    return Track(times, ToolChain(arm).positions(q), joints[wanted[-1]].at(times))


def _objects(recorded: Recorded, whereabouts: Whereabouts) -> dict[str, Series]:
    found = whereabouts(recorded)
    if missing := [name for name in OBJECTS if name not in found]:
        raise Untold(
            f"it does not tell where the object(s) {', '.join(missing)} were (/objects, or in a dataset "
            f"observation.environment_state); it tells of: {', '.join(found) or 'none'}"
        )
    return {name: found[name] for name in OBJECTS}


def _moment(track: Track, row: int, end: int) -> _Moment:
    """The moment of a row, until the tool leaves for the next decision in row ``end``."""
    until = min(track.leaves(row, end), len(track.times) - 1)
    return _Moment(row, (float(track.times[row]), float(track.times[until])))


def _look(recorded: Recorded, moments: Sequence[_Moment]) -> None:
    """Give each moment its frames: the first ones in its window; where there are none, the nearest."""
    nearest: list[tuple[float, tuple[np.ndarray, ...]] | None] = [None] * len(moments)
    for time, frames in recorded.moments():
        for number, moment in enumerate(moments):
            begin, end = moment.window
            if begin <= time <= end and len(moment.frames) < LOOKS:
                moment.frames.append(frames)
            off = max(begin - time, time - end)
            if nearest[number] is None or off < nearest[number][0]:
                nearest[number] = (off, frames)
    for moment, found in zip(moments, nearest, strict=True):
        if not moment.frames and found is not None and found[0] <= STALE:
            moment.frames = [found[1]]


def _unknown(moment: _Moment, track: Track, objects: dict[str, Series]) -> str:
    """Why a moment cannot be used; empty where it can."""
    time = track.times[moment.row : moment.row + 1]
    unseen = [name for name, series in objects.items() if series.age(time)[0] > UNSEEN]
    if unseen:
        return f"no position of the object(s) {', '.join(unseen)} within {UNSEEN} s"
    return "" if moment.frames else f"no frames within {STALE} s"


def _tell_moments(episode: Episode, moments, track: Track, objects: dict[str, Series], eyes: Eyes, arm: Arm) -> None:
    for moment in moments:
        time = track.times[moment.row : moment.row + 1]
        positions = {name: series.at(time)[0] for name, series in objects.items()}
        episode.states.append(State(positions, track.tools[moment.row], arm.holding(track.grips[moment.row])))
        episode.scores.append(eyes.scores(moment.frames))


def _tell_decisions(episode: Episode, rows: Sequence[int], track: Track, recorded: Recorded) -> None:
    for row in rows:
        episode.actions.append(track.tools[row, :2])
        episode.pursued.append(recorded.pursued(float(track.times[row])))
