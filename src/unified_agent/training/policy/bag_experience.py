# SPDX-License-Identifier: Apache-2.0
"""A labelled recording as experience: its picks and places as demonstrations, for the lifelong buffer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.language.subgoals import OBJECTS, SENTENCES
from unified_agent.recording.cameras import RecordedCameras, image_topics
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.history import History
from unified_agent.recording.reader import BagReader
from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics
from unified_agent.state import State
from unified_agent.training.policy.experience import Episode, compressed

# Seconds for which a gripper that closed must measure "holding"; opening and closing pass through it faster.
HELD = 0.5
# Metres below its highest point at which the tool still counts as above everything, between two demonstrations.
LEVEL = 0.005


@dataclass
class _Track:
    """What was measured, a row for each message on ``/joint_states`` once all is known.

    Attributes:
        times: seconds of the recording.
        tools: positions of the tool, (3,).
        grips: positions of the first gripper joint.
        objects: name -> position (3,).
        pursued: the sub-goal at the time; empty when idle.
    """

    times: list[float] = field(default_factory=list)
    tools: list[np.ndarray] = field(default_factory=list)
    grips: list[float] = field(default_factory=list)
    objects: list[dict[str, np.ndarray]] = field(default_factory=list)
    pursued: list[str] = field(default_factory=list)


def experience_of(reader: BagReader, arm: Arm) -> Episode | None:
    """The demonstrations of a recording, and the moments around them.

    A demonstration is where the gripper closed on something, or let it go: (x, y) of the tool there. A grip
    that closed on nothing leaves no trace in what was measured, and is left out. The moment after a demonstration is
    when the tool had come up again.

    Args:
        reader: of a recording with ``/joint_states``, ``/objects``, frames, and the scores of the whole vocabulary.
        arm: that was recorded.

    Returns:
        None where nothing was picked.

    Raises:
        UserError: something of that was not recorded.
    """
    history = History.of(reader)
    if set(SENTENCES) - set(history.scores):
        raise UserError(f"{reader.path} has no scores of the whole vocabulary: relabel it without other sentences.")
    track = _track(reader, arm)
    if not track.times:
        raise UserError(
            f"{reader.path} does not tell where the {', '.join(OBJECTS)} objects and the joints of the arm "
            f"'{arm.name}' were (/objects, /joint_states)."
        )
    holds = _holds(track, arm)
    demonstrations = [row for hold in holds for row in hold if row < len(track.times)]
    if not demonstrations:
        return None
    moments = [0, *(_up(track, begin, end) for begin, end in pairwise([*demonstrations, len(track.times)]))]
    frames = _frames(reader, [track.times[row] for row in moments])
    rows = [min(int(np.searchsorted(history.times, track.times[row])), len(history.times) - 1) for row in moments]
    scores = np.column_stack([history.scores[sentence] for sentence in SENTENCES])
    held = np.zeros(len(track.times), bool)
    for begin, end in holds:
        held[begin:end] = True
    return Episode(
        instruction=history.facts.instruction,
        sentences=SENTENCES,
        states=[State(track.objects[row], track.tools[row], bool(held[row])) for row in moments],
        actions=[track.tools[row][:2] for row in demonstrations],
        pursued=[track.pursued[row] for row in demonstrations],
        frames=frames,
        scores=[scores[row].astype(np.float32) for row in rows],
        done=history.facts.result == "success",
    )


def _track(reader: BagReader, arm: Arm) -> _Track:
    kinematics, track = Kinematics(arm), _Track()
    objects: dict[str, np.ndarray] = {}
    subgoal = ""
    heard = [name for name in (topics.JOINT_STATES, topics.OBJECTS, topics.SUBGOAL) if name in reader.topics]
    for message in reader.messages(heard):
        try:
            said = reader.decode(message)
        except BadMessage:
            continue
        if message.topic == topics.SUBGOAL:
            subgoal = said.data
        elif message.topic == topics.OBJECTS:
            found = {one.ns: one.pose.position for one in said.markers if one.ns in OBJECTS}
            objects = objects | {name: np.array([point.x, point.y, point.z]) for name, point in found.items()}
        else:
            measured = dict(zip(said.name, said.position, strict=False))
            if len(objects) < len(OBJECTS) or not {*arm.joints, arm.gripper_joints[0]} <= set(measured):
                continue
            tool, _ = kinematics.forward(np.array([measured[name] for name in arm.joints]))
            track.times.append(message.received / NANO)
            track.tools.append(tool)
            track.grips.append(float(measured[arm.gripper_joints[0]]))
            track.objects.append(objects)
            track.pursued.append(subgoal)
    return track


def _holds(track: _Track, arm: Arm) -> list[tuple[int, int]]:
    """First row of each stretch in which something was held, and the first after it."""
    holding = np.array([False, *map(arm.holding, track.grips), False])
    edges = np.flatnonzero(holding[1:] != holding[:-1])
    stretches = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(begin, end) for begin, end in stretches if track.times[end - 1] - track.times[begin] >= HELD]


def _up(track: _Track, begin: int, end: int) -> int:
    """The first row before ``end`` in which the tool is as high as it gets between two demonstrations.

    Not a later one: the tool would be on its way to the next place already, and a policy would learn to act wherever it
    is.
    """
    heights = np.array([tool[2] for tool in track.tools[begin + 1 : end]])
    if not len(heights):
        return begin
    return begin + 1 + int(np.flatnonzero(heights >= heights.max() - LEVEL)[0])


def _frames(reader: BagReader, times: Sequence[float]) -> list[list[bytes]]:
    """JPEGs of all cameras at each time: the first frames that are not older, or the last there are."""
    found: list[list[bytes]] = []
    newest: list[bytes] = []
    for received, complete in RecordedCameras(reader, image_topics(reader)).frames():
        if len(found) == len(times):
            break
        newest = [compressed(frame) for frame in complete.frames]
        while len(found) < len(times) and received / NANO >= times[len(found)]:
            found.append(newest)
    return found + [newest] * (len(times) - len(found))
