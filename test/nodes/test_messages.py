# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from builtin_interfaces.msg import Duration, Time
from trajectory_msgs.msg import JointTrajectoryPoint
from visualization_msgs.msg import Marker

from unified_agent.errors import UserError
from unified_agent.nodes import messages
from unified_agent.nodes.messages import BadMessage
from unified_agent.recording.scores import Score
from unified_agent.robot.trajectory import JointTrajectory

FRAME = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
POSES = {"red": ((0.5, 0.1, 0.02), (1, 0, 0, 0)), "blue": ((0.4, 0.0, 0.02), (1, 0, 0, 0))}
COLOURS = {"red": (1, 0, 0), "blue": (0, 0, 1)}


def image():
    return messages.image_message(FRAME, Time(sec=3), "left_optical_frame")


def test_an_image_comes_back_as_it_went():
    assert np.array_equal(messages.frame_of(image()), FRAME)


def test_bgr_becomes_rgb():
    message = image()
    message.encoding = "bgr8"
    assert np.array_equal(messages.frame_of(message), FRAME[:, :, ::-1])


def test_padded_rows_are_read():
    message = image()
    message.step = 20
    message.data = b"".join(row.tobytes() + b"xx" for row in FRAME)
    assert np.array_equal(messages.frame_of(message), FRAME)


@pytest.mark.parametrize("encoding", ["16UC1", "", "x" * 10_000])
def test_another_encoding_is_refused(encoding):
    message = image()
    message.encoding = encoding
    with pytest.raises(BadMessage, match="expected rgb8, bgr8"):
        messages.frame_of(message)


@pytest.mark.parametrize("change", [{"data": b"short"}, {"data": b""}, {"width": 7}, {"step": 0}])
def test_an_image_whose_length_does_not_fit_is_refused(change):
    message = image()
    for field, value in change.items():
        setattr(message, field, value)
    with pytest.raises(BadMessage, match="bytes"):
        messages.frame_of(message)


def test_objects_come_back_with_their_times():
    stamp, position = messages.positions_of(messages.markers(POSES, 0.045, COLOURS, Time(sec=7)))["red"]
    assert stamp == 7.0
    assert position.tolist() == [0.5, 0.1, 0.02]


def test_an_object_that_is_taken_away_is_nowhere():
    message = messages.markers(POSES, 0.045, COLOURS, Time())
    message.markers[0].action = Marker.DELETE
    found = messages.positions_of(message)
    assert [name for name, (_, position) in found.items() if not np.isfinite(position).all()] == ["red"]


def test_objects_in_another_frame_are_refused():
    message = messages.markers(POSES, 0.045, COLOURS, Time())
    message.markers[0].header.frame_id = "map"
    with pytest.raises(BadMessage, match="'base_link', not 'map'"):
        messages.positions_of(message)


def test_a_trajectory_comes_back_as_it_went():
    sent = JointTrajectory(("a", "b"), [0.5, 1.25], [[0, 1], [2, 3]], [[1, 1], [0, 0]])
    got = messages.trajectory_of(messages.trajectory_message(sent))
    assert got.joints == sent.joints
    assert got.times.tolist() == [0.5, 1.25]
    assert np.array_equal(got.positions, sent.positions)
    assert np.array_equal(got.velocities, sent.velocities)


def test_a_trajectory_without_velocities_begins_and_ends_at_rest():
    message = messages.trajectory_message(JointTrajectory(("a",), [1, 2, 3], [[0], [1], [2]]))
    for point in message.points:
        point.velocities = []
    assert messages.trajectory_of(message).velocities.ravel().tolist() == [0, 1, 0]


def test_a_point_with_too_few_joints_is_refused():
    message = messages.trajectory_message(JointTrajectory(("a", "b"), [1], [[0, 0]]))
    message.points[0].positions = [0.0]
    with pytest.raises(BadMessage, match="2 positions"):
        messages.trajectory_of(message)


def _broken(**changes):
    message = messages.trajectory_message(JointTrajectory(("a", "b"), [1, 2], [[0, 0], [1, 1]]))
    for name, value in changes.items():
        setattr(message if hasattr(message, name) else message.points[-1], name, value)
    return message


@pytest.mark.parametrize(
    "changes",
    [
        {"joint_names": []},
        {"points": []},
        {"joint_names": ["a"]},
        {"positions": []},
        {"velocities": []},
        {"velocities": [1.0]},
        {"effort": [1.0, 1.0]},
        {"positions": [float("nan"), 0.0]},
        {"velocities": [float("inf"), 0.0]},
        {"time_from_start": Duration(sec=-5)},
        {"time_from_start": Duration()},
        {"time_from_start": Duration(sec=-(2**31), nanosec=2**32 - 1)},
        {"points": [JointTrajectoryPoint()] * 3},
        {"points": [JointTrajectoryPoint(positions=[0.0, 0.0])] * 100_000},
    ],
    ids=lambda changes: " ".join(changes),
)
def test_a_malformed_trajectory_is_a_users_error(changes):
    with pytest.raises(UserError):
        messages.trajectory_of(_broken(**changes))


def test_huge_numbers_without_velocities_are_refused_too():
    points = [
        JointTrajectoryPoint(positions=[1.7e308 * sign], time_from_start=Duration(sec=k))
        for k, sign in enumerate((1, -1, -1))
    ]
    with pytest.raises(UserError, match="not finite"):
        messages.trajectory_of(_broken(joint_names=["a"], points=points))


def test_scores_come_back_as_they_went():
    scores = {"the red object is on the table": Score(0.75, 0.5)}
    assert messages.scores_of(messages.scores_message(Time(), scores)) == scores


@pytest.mark.parametrize("score", ["nan", "much", None])
def test_a_score_that_is_no_number_is_refused(score):
    message = messages.scores_message(Time(), {"sentence": Score(0.5, 0.5)})
    values = message.status[0].values
    if score is None:
        values.pop(0)
    else:
        values[0].value = score
    with pytest.raises(BadMessage, match="sentence"):
        messages.scores_of(message)
