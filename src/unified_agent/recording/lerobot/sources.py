# SPDX-License-Identifier: Apache-2.0
"""Which topics of a recording tell the state, and which the action."""

from collections.abc import Sequence
from dataclasses import dataclass

from unified_agent import topics
from unified_agent.errors import UserError
from unified_agent.recording.cdr import NANO
from unified_agent.recording.lerobot.layout import ACTION_TOPIC
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import JOINT_STATE

TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
COMMANDS = (TRAJECTORY, "std_msgs/msg/Float64MultiArray", "std_msgs/msg/Float32MultiArray")


@dataclass(frozen=True)
class SignalTopics:
    """Of one recording.

    Attributes:
        states: topics of joint states.
        actions: topics of joint states or commands; none where the action is the state of the next row.
        told: which were taken without being named.
    """

    states: tuple[str, ...]
    actions: tuple[str, ...]
    told: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        reader: BagReader,
        states: Sequence[str] = (),
        actions: Sequence[str] = (),
        without_state: bool = False,
    ) -> "SignalTopics":
        """The topics named; else ``/joint_states``, or the only topic of joint states; and ``/action`` where it is.

        Args:
            without_state: take none.

        Raises:
            UserError: a topic named is not there or of another type; none is named and there is none, or too many.
        """
        _check(reader, states, (JOINT_STATE,))
        _check(reader, actions, (JOINT_STATE, *COMMANDS))
        if without_state:
            return cls((), ())
        told = []
        filled = _filled(reader, [name for name, topic in reader.topics.items() if topic.type == JOINT_STATE])
        if not actions and ACTION_TOPIC in filled:
            actions = (ACTION_TOPIC,)
        if not states:
            there = [name for name in filled if name not in (*actions, ACTION_TOPIC)]
            states = (topics.JOINT_STATES,) if topics.JOINT_STATES in there else there
            if not states:
                raise UserError(
                    "it has no joint states (sensor_msgs/msg/JointState): name their topic with "
                    "--state-topic, or ask for a dataset without state and action with --without-state."
                )
            if len(states) > 1:
                raise UserError(
                    f"it has {len(states)} topics of joint states ({', '.join(states)}): name the measured "
                    "one with --state-topic, and with --action-topic the one that was commanded."
                )
            if states[0] != topics.JOINT_STATES:
                told.append(f"the state is from {states[0]}, the only topic of joint states")
        return cls(tuple(dict.fromkeys(states)), tuple(dict.fromkeys(actions)), tuple(told))


def seconds_of(duration) -> float:
    """Of a builtin_interfaces/Duration."""
    return duration.sec + duration.nanosec / NANO


def _check(reader: BagReader, names: Sequence[str], kinds: Sequence[str]) -> None:
    for name in names:
        if (topic := reader.topic(name)).type not in kinds:
            raise UserError(f"Topic {name} of {reader.path} has the type {topic.type}: expected {' or '.join(kinds)}.")


def _filled(reader: BagReader, names: Sequence[str]) -> list[str]:
    """Those that have a message, in the order of their names: drivers announce topics that stay empty."""
    left = set(names)
    if left:
        for message in reader.messages(names):
            left.discard(message.topic)
            if not left:
                break
    return sorted(set(names) - left)
