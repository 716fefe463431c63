# SPDX-License-Identifier: Apache-2.0
"""What someone does in a video, as an ordered list of sub-goals that a robot can pursue."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np

from unified_agent.errors import UserError
from unified_agent.language.plan import Plan, check
from unified_agent.language.subgoals import SENTENCES, Relation, SubGoal
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

_log = logging.getLogger(__name__)

RATE = 10
"""Frames a second that are looked at."""
SUSTAINED = 4
"""Frames in a row that make a sentence true, or false again: a hand in front of an object hides it for a while."""
BATCH = 64


def frames_of(path: Path, rate: int = RATE) -> Iterator[np.ndarray]:
    """The frames of a video, RGB, uint8, (H, W, 3), about ``rate`` a second (all where it has fewer).

    Raises:
        UserError: the file is missing or no video, or it breaks off before its first frame.
    """
    if not path.is_file():
        raise UserError(f"There is no video '{path}': give the path of an MP4, or any file that FFmpeg reads.")
    count = 0
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            due = None
            for frame in container.decode(stream):
                now = frame.pts * stream.time_base if frame.pts is not None else Fraction(count, rate)
                if due is None or now >= due:
                    due = (now if due is None else due) + Fraction(1, rate)
                    count += 1
                    yield frame.to_ndarray(format="rgb24")
    except (av.FFmpegError, IndexError) as error:
        if not count:
            raise UserError(f"'{path}' cannot be read as a video ({error}): expected e.g. an MP4.") from None


def plan_in(path: Path, clip: Clip) -> Plan:
    """The sub-goals of the vocabulary that came true in a video, in order; errors as `frames_of` and `plan_of`."""
    detector = Detector(clip, SENTENCES)
    if doubts := detector.doubts():
        _log.warning("%s", doubts)
    return plan_of(frames_of(path), detector)


def plan_of(frames: Iterable[np.ndarray], detector: Detector) -> Plan:
    """The sub-goals that came true in frames of one camera, in order.

    Args:
        frames: RGB, uint8, (H, W, 3).
        detector: asks for sentences of the vocabulary only.

    Raises:
        UserError: nothing came true, what came true makes no plan, or most frames show a scene that the CLIP does not
            know: nothing is held true in those.
    """
    goals = [SubGoal.parse(sentence) for sentence in detector.sentences]
    true, unfamiliar = _verdicts(frames, detector)
    if 2 * unfamiliar > len(true):
        raise UserError(
            f"The video shows a scene that this CLIP does not know (in {unfamiliar} of {len(true)} frames looked at): "
            "what it would see there is a guess. Show the table and the objects that it was trained on."
        )
    first = [goal for goal, holds in zip(goals, at_first(true), strict=True) if holds]
    plan = _reading(first, [goals[index] for index in events(true)])
    if not plan:
        raise UserError("Nothing was seen to come true in the video: are the objects and the hand in the picture?")
    check(plan)
    return Plan(tuple(plan))


def at_first(true: np.ndarray) -> np.ndarray:
    """Which sentences are true at the beginning (of most of the first frames), bool, shape (M,)."""
    return true[:SUSTAINED].sum(axis=0) * 2 > SUSTAINED


def events(true: np.ndarray) -> list[int]:
    """The sentences that came true after the beginning, in order; one that was lost and came again is there twice.

    Args:
        true: whether each of M sentences is true of each of N frames, shape (N, M).
    """
    steady = at_first(true)
    found = []
    for end in range(SUSTAINED, len(true) + 1):
        last = true[end - SUSTAINED : end]
        found += map(int, np.flatnonzero(last.all(axis=0) & ~steady))
        steady = (steady | last.all(axis=0)) & last.any(axis=0)
    return found


def _verdicts(frames: Iterable[np.ndarray], detector: Detector) -> tuple[np.ndarray, int]:
    """Which sentences are held true of each frame, shape (N, M), and how many frames are unfamiliar."""
    rows, unfamiliar = [np.zeros((0, len(detector.sentences)), dtype=bool)], 0
    frames = iter(frames)
    while batch := list(islice(frames, BATCH)):
        views = detector.views(np.stack(batch)[:, None])
        rows.append(detector.held(views))
        unfamiliar += 0 if views.unfamiliar is None else int(views.unfamiliar.sum())
    return np.concatenate(rows), unfamiliar


def _reading(first: Sequence[SubGoal], seen: Sequence[SubGoal]) -> list[SubGoal]:
    """The plan behind what was seen: every object that came to lie somewhere was grasped before.

    What cannot be is not believed: an object with another one on it has not moved, and nothing else fits on top of it.
    """
    plan: list[SubGoal] = []
    held: str | None = None
    lies = {goal.subject: goal for goal in first if goal.relation is not Relation.GRASPING}
    for goal in seen:
        covered = {place.support: above for above, place in lies.items() if place.support}
        if goal.subject in covered or covered.get(goal.support, goal.subject) != goal.subject:
            continue
        if goal.relation is Relation.GRASPING:
            held = goal.subject
            lies.pop(held, None)
            continue
        grasped = held == goal.subject
        if lies.get(goal.subject) == goal:
            continue  # it was hidden for a while, and lies where it lay
        plan += [SubGoal(Relation.GRASPING, goal.subject), goal]
        lies[goal.subject] = goal
        held = None if grasped else held
    return [*plan, SubGoal(Relation.GRASPING, held)] if held else plan
