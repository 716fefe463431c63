# SPDX-License-Identifier: Apache-2.0
"""Between the graph's messages and what the library's objects take. Everything that comes in is checked here."""

import array
import math
from collections.abc import Mapping, Sequence

import numpy as np
from builtin_interfaces.msg import Duration, Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Pose
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory as JointTrajectoryMessage
from trajectory_msgs.msg import JointTrajectoryPoint
from visualization_msgs.msg import Marker, MarkerArray

from unified_agent.nodes.qos import BASE_FRAME
from unified_agent.recording import rewards
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.facts import plan_sentences as plan_sentences
from unified_agent.recording.images import frame_of as frame_of
from unified_agent.recording.scores import Score, values_of
from unified_agent.recording.scores import scores_of as scores_of
from unified_agent.robot.guard import MOST_POINTS
from unified_agent.robot.trajectory import JointTrajectory


def stamp(seconds: float) -> Time:
    """A time in seconds as a message."""
    nanoseconds = round(seconds * NANO)
    return Time(sec=nanoseconds // NANO, nanosec=nanoseconds % NANO)


def seconds(time: Time | Duration) -> float:
    """A time message in seconds."""
    return time.sec + time.nanosec / NANO


def image_message(frame: np.ndarray, time: Time, frame_id: str) -> Image:
    """An rgb8 image of a uint8 frame, shape (H, W, 3)."""
    height, width = frame.shape[:2]
    data = array.array("B")
    data.frombytes(frame.tobytes())
    header = Header(stamp=time, frame_id=frame_id)
    return Image(header=header, height=height, width=width, encoding="rgb8", step=3 * width, data=data)


def markers(poses: Mapping[str, tuple], size: float, colours: Mapping[str, Sequence[float]], time: Time) -> MarkerArray:
    """Objects as cubes.

    Args:
        poses: name -> (position (3,), quaternion (4,) in the order w, x, y, z), in ``base_link``, metres.
        size: edge of the cubes, metres.
        colours: name -> (r, g, b) in [0, 1].
    """
    array_message = MarkerArray()
    for number, (name, (position, quaternion)) in enumerate(poses.items()):
        marker = Marker(header=Header(stamp=time, frame_id=BASE_FRAME), ns=name, id=number, type=Marker.CUBE)
        marker.pose = Pose()
        x, y, z = map(float, position)
        marker.pose.position.x, marker.pose.position.y, marker.pose.position.z = x, y, z
        turn = marker.pose.orientation
        turn.w, turn.x, turn.y, turn.z = map(float, quaternion)
        marker.scale.x = marker.scale.y = marker.scale.z = size
        colour = marker.color
        colour.r, colour.g, colour.b = map(float, colours[name])
        colour.a = 1.0
        array_message.markers.append(marker)
    return array_message


def positions_of(message: MarkerArray) -> dict[str, tuple[float, np.ndarray]]:
    """Name -> stamp (seconds) and position (3,), metres in ``base_link``, of the objects in the message.

    An object that the message deletes, or that is nowhere, has a position that is not finite.

    Raises:
        BadMessage: an object is in another frame than ``base_link``.
    """
    found: dict[str, tuple[float, np.ndarray]] = {}
    for marker in message.markers:
        stamp = seconds(marker.header.stamp)
        if marker.action != Marker.ADD:
            found[marker.ns] = (stamp, np.full(3, math.nan))
            continue
        if marker.header.frame_id != BASE_FRAME:
            raise BadMessage(f"Expected objects in the frame '{BASE_FRAME}', not '{marker.header.frame_id}'.")
        point = marker.pose.position
        found[marker.ns] = (stamp, np.array([point.x, point.y, point.z]))
    return found


def trajectory_message(trajectory: JointTrajectory) -> JointTrajectoryMessage:
    """A trajectory to be started at once (its stamp is zero)."""
    message = JointTrajectoryMessage(joint_names=list(trajectory.joints))
    for time, positions, velocities in zip(trajectory.times, trajectory.positions, trajectory.velocities, strict=True):
        point = JointTrajectoryPoint(positions=positions.tolist(), velocities=velocities.tolist())
        whole = round(float(time) * NANO)
        point.time_from_start = Duration(sec=whole // NANO, nanosec=whole % NANO)
        message.points.append(point)
    return message


def trajectory_of(message: JointTrajectoryMessage) -> JointTrajectory:
    """The trajectory of a message; whether an arm can follow it is for its guard to say.

    Points without velocities get zero at both ends and the mean slope elsewhere. Accelerations are not used.

    Raises:
        BadMessage: no joints or no points, too many points, a point with another number of joints than the message
            names, efforts, or velocities in some points only.
        InvalidTrajectory: a number that is not finite, times that do not increase.
    """
    joints, points = tuple(message.joint_names), message.points
    if not joints or not points:
        raise BadMessage(f"Expected joint_names and points, not {len(joints)} joints and {len(points)} points.")
    if len(points) > MOST_POINTS:
        raise BadMessage(f"Expected at most {MOST_POINTS} points, not {len(points)}. Send the trajectory in parts.")
    moving = len(points[0].velocities)
    for point in points:
        if len(point.positions) != len(joints) or moving not in (0, len(joints)) or len(point.velocities) != moving:
            raise BadMessage(
                f"Expected {len(joints)} positions in every point, and as many velocities in all of them or in none, "
                f"not {len(point.positions)} and {len(point.velocities)}."
            )
        if len(point.effort):
            raise BadMessage("Expected no efforts: these joints are led by positions.")
    times = np.array([seconds(point.time_from_start) for point in points])
    positions = np.array([point.positions for point in points], float)
    if moving:
        return JointTrajectory(joints, times, positions, np.array([point.velocities for point in points], float))
    resting = JointTrajectory(joints, times, positions)
    if len(times) <= 2:
        return resting
    with np.errstate(all="ignore"):
        velocities = np.gradient(positions, times, axis=0)
    velocities[[0, -1]] = 0.0
    return JointTrajectory(joints, times, positions, velocities)


def scores_message(time: Time, scores: Mapping[str, Score]) -> DiagnosticArray:
    """One status a sentence: OK where it is seen, WARN where it is over its threshold for now, STALE where not."""
    message = DiagnosticArray(header=Header(stamp=time))
    for sentence, score in scores.items():
        values = [KeyValue(key=key, value=value) for key, value in values_of(score).items()]
        level = bytes([score.level])
        message.status.append(DiagnosticStatus(level=level, name=sentence, message=f"{score.value:.3f}", values=values))
    return message


def reward_message(time: Time, goal: str, judgement) -> DiagnosticArray:
    """One status, of the goal, as `recording.rewards` has it: WARN where it is over its threshold, STALE where not."""
    values = [KeyValue(key=key, value=value) for key, value in rewards.values_of(judgement).items()]
    level, text = bytes([rewards.level_of(judgement.over)]), f"{judgement.reward:.3f}"
    status = DiagnosticStatus(level=level, name=goal, message=text, values=values)
    return DiagnosticArray(header=Header(stamp=time), status=[status])
