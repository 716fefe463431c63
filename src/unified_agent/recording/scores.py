# SPDX-License-Identifier: Apache-2.0
"""The scores of sentences as messages on ``/caption/scores``."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from unified_agent.recording.cdr import NANO, BadMessage, common_types, encode

TYPE = "diagnostic_msgs/msg/DiagnosticArray"
# Levels of a DiagnosticStatus: OK, true for long enough to be believed; WARN, over its threshold; STALE, not.
SEEN, OVER, UNDER = 0, 1, 3
# As rclpy's messages have it.
_SEEN_BYTE = bytes([SEEN])


@dataclass(frozen=True)
class Score:
    """A sentence's score in one moment.

    Attributes:
        value: the score.
        gamma: the threshold above which it is held true.
        seen: whether it has been true for long enough to be believed.
        calibrated: whether ``gamma`` was found for this sentence, and is not a default.
        familiar: whether the scene is one that the model knows; what it scores elsewhere is a guess.
    """

    value: float
    gamma: float
    seen: bool = False
    calibrated: bool = True
    familiar: bool = True

    @property
    def over(self) -> bool:
        return self.value > self.gamma

    @property
    def level(self) -> int:
        """Of its DiagnosticStatus."""
        return SEEN if self.seen else OVER if self.over else UNDER


def values_of(score: Score) -> dict[str, str]:
    """The key-value pairs of one sentence's status; ``calibrated`` and ``familiar`` are there where they are false."""
    doubts = {"calibrated": score.calibrated, "familiar": score.familiar}
    return {
        "score": f"{score.value:.6f}",
        "gamma": f"{score.gamma:.6f}",
        "over": str(score.over).lower(),
        **{name: "false" for name, sure in doubts.items() if not sure},
    }


def encoded(stamp: int, scores: Mapping[str, Score]) -> bytes:
    """A diagnostic_msgs DiagnosticArray of the frames stamped so (nanoseconds), as CDR: a status a sentence."""
    types = common_types().types
    status, pair = types["diagnostic_msgs/msg/DiagnosticStatus"], types["diagnostic_msgs/msg/KeyValue"]
    time = types["builtin_interfaces/msg/Time"](sec=stamp // NANO, nanosec=stamp % NANO)
    told = [
        status(
            level=score.level,
            name=sentence,
            message=f"{score.value:.3f}",
            hardware_id="",
            values=[pair(key=key, value=value) for key, value in values_of(score).items()],
        )
        for sentence, score in scores.items()
    ]
    return encode(types[TYPE](header=types["std_msgs/msg/Header"](stamp=time, frame_id=""), status=told))


def scores_of(message) -> dict[str, Score]:
    """Sentence -> score of a DiagnosticArray: rclpy's message, or one read from a bag.

    Raises:
        BadMessage: a status without a finite score and gamma.
    """
    scores = {}
    for status in message.status:
        values = {entry.key: entry.value for entry in status.values}
        try:
            score = Score(
                float(values["score"]),
                float(values["gamma"]),
                status.level in (SEEN, _SEEN_BYTE),
                values.get("calibrated") != "false",
                values.get("familiar") != "false",
            )
        except (KeyError, ValueError):
            raise BadMessage(f"Expected numbers 'score' and 'gamma' for '{status.name[:80]}'.") from None
        if not (math.isfinite(score.value) and math.isfinite(score.gamma)):
            raise BadMessage(f"The score of '{status.name[:80]}' is not finite.")
        scores[status.name] = score
    return scores
