# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.errors import UserError
from unified_agent.recording.lerobot.sources import SignalTopics
from unified_agent.recording.reader import BagReader

from .conftest import at_once, foreign, states, ticks


def reader(tmp_path, *topics: str) -> BagReader:
    messages = [message for topic in topics for message in states(ticks(2), topic=topic)]
    return BagReader(foreign(tmp_path / "bag", at_once(ticks(2)), messages))


def test_joint_states_are_taken_where_they_always_are(tmp_path):
    found = SignalTopics.of(reader(tmp_path, "/joint_states", "/leader/joint_states"))
    assert (found.states, found.actions, found.told) == (("/joint_states",), (), ())


def test_the_only_topic_of_joint_states_is_taken_and_told(tmp_path):
    found = SignalTopics.of(reader(tmp_path, "/robot/joints"))
    assert found.states == ("/robot/joints",)
    assert "/robot/joints" in found.told[0]


def test_of_several_topics_none_is_guessed(tmp_path):
    with pytest.raises(UserError, match=r"/follower, /leader.*--state-topic.*--action-topic"):
        SignalTopics.of(reader(tmp_path, "/leader", "/follower"))


def test_no_joint_states_are_refused_unless_asked_for(tmp_path):
    with pytest.raises(UserError, match="--without-state"):
        SignalTopics.of(reader(tmp_path))
    assert SignalTopics.of(reader(tmp_path / "again"), without_state=True).states == ()


def test_recorded_actions_are_taken_and_are_no_state(tmp_path):
    found = SignalTopics.of(reader(tmp_path, "/action", "/robot/joints"))
    assert (found.states, found.actions) == (("/robot/joints",), ("/action",))


def test_a_topic_of_another_type_is_no_state(tmp_path):
    bag = reader(tmp_path, "/joint_states")
    with pytest.raises(UserError, match="expected sensor_msgs/msg/JointState"):
        SignalTopics.of(bag, states=["/cam/image_raw"])
    with pytest.raises(UserError, match="no topic '/joint_state'"):
        SignalTopics.of(bag, states=["/joint_state"])
