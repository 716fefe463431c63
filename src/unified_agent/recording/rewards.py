# SPDX-License-Identifier: Apache-2.0
"""Rewards as messages on ``/reward``."""

import math

from unified_agent.recording.cdr import NANO, BadMessage, common_types, encode
from unified_agent.recording.scores import OVER, UNDER

TYPE = "diagnostic_msgs/msg/DiagnosticArray"


def level_of(over: bool) -> int:
    """Of a status: as a score's that is over its threshold for now, or not."""
    return OVER if over else UNDER


def values_of(judgement) -> dict[str, str]:
    """The key-value pairs of a moment's status, of anything with the fields of `vision.judging.Judgement`.

    ``calibrated`` and ``familiar`` are there where they are false, as in scores.
    """
    doubts = {"calibrated": judgement.calibrated, "familiar": judgement.familiar}
    return {
        "reward": f"{judgement.reward:.6f}",
        "cosine": f"{judgement.cosine:.6f}",
        "threshold": f"{judgement.threshold:.6f}",
        "over": str(judgement.over).lower(),
        **{name: "false" for name, sure in doubts.items() if not sure},
    }


def encoded(stamp: int, goal: str, judgement) -> bytes:
    """A diagnostic_msgs DiagnosticArray of the frames stamped so (nanoseconds), as CDR, with one status: the goal's."""
    types = common_types().types
    status, pair = types["diagnostic_msgs/msg/DiagnosticStatus"], types["diagnostic_msgs/msg/KeyValue"]
    seconds = min(max(stamp // NANO, -(2**31)), 2**31 - 1)
    time = types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=stamp % NANO)
    told = status(
        level=level_of(judgement.over),
        name=goal,
        message=f"{judgement.reward:.3f}",
        hardware_id="",
        values=[pair(key=key, value=value) for key, value in values_of(judgement).items()],
    )
    return encode(types[TYPE](header=types["std_msgs/msg/Header"](stamp=time, frame_id=""), status=[told]))


def rewards_of(message) -> dict[str, float]:
    """Goal -> reward of a DiagnosticArray: rclpy's message, or one read from a bag.

    Raises:
        BadMessage: a status without a finite reward.
    """
    rewards = {}
    for status in message.status:
        values = {entry.key: entry.value for entry in status.values}
        try:
            rewards[status.name] = float(values["reward"])
        except (KeyError, ValueError):
            raise BadMessage(f"Expected a number 'reward' for '{status.name[:80]}'.") from None
        if not math.isfinite(rewards[status.name]):
            raise BadMessage(f"The reward of '{status.name[:80]}' is not finite.")
    return rewards
