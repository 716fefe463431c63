# SPDX-License-Identifier: Apache-2.0
"""The scores of sentences as messages on ``/caption/scores``."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

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


class ScoreEncoder:
    """Makes the same bytes as `encoded`, many times as fast, for the same sentences and thresholds again and again.

    Only the numbers and the words true and false differ between two such messages; the rest of each status is kept as
    bytes, for each of the four alignments at which it can begin.
    """

    def __init__(self, sentences: Sequence[str], gammas: Sequence[float], calibrated: Sequence[bool]):
        told = zip(sentences, gammas, calibrated, strict=True)
        self._told = [(sentence.encode(), f"{gamma:.6f}".encode(), bool(sure)) for sentence, gamma, sure in told]
        self._pieces = cache(self._made)

    def encode(
        self, stamp: int, values: Sequence[float], over: Sequence[bool], seen: Sequence[bool], familiar: bool = True
    ) -> bytes:
        """The message of one moment; a value, whether it is over its threshold and whether it is seen a sentence."""
        seconds = min(max(stamp // NANO, -(2**31)), 2**31 - 1)
        head = struct.pack("<iIIxxxxI", seconds, stamp % NANO, 1, len(self._told))
        parts, size = [b"\0\1\0\0", head], len(head)
        for number, (value, is_over, is_seen) in enumerate(zip(values, over, seen, strict=True)):
            short, long = f"{value:.3f}".encode(), f"{value:.6f}".encode()
            name, middle, end = self._pieces(number, size % 4, len(short), len(long), bool(is_over), familiar)
            level = SEEN if is_seen else OVER if is_over else UNDER
            status = (bytes((level,)), name, short, middle, long, end)
            parts += status
            size += sum(map(len, status))
        return b"".join(parts)

    def _made(
        self, number: int, begin: int, short: int, long: int, over: bool, familiar: bool
    ) -> tuple[bytes, bytes, bytes]:
        """What stands between the level, the short text of the value, the long one, and the next status."""
        name, gamma, calibrated = self._told[number]
        texts = [b"gamma", gamma, b"over", b"true" if over else b"false"]
        texts += [] if calibrated else [b"calibrated", b"false"]
        texts += [] if familiar else [b"familiar", b"false"]
        first = (
            _string(name, begin + 1) + _pad(begin + 1 + len(_string(name, begin + 1))) + struct.pack("<I", short + 1)
        )
        at = begin + 1 + len(first) + short
        second = b"\0" + _string(b"", at + 1)
        second += _pad(at + len(second)) + struct.pack("<I", 1 + len(texts) // 2)
        second += _string(b"score", at + len(second))
        second += _pad(at + len(second)) + struct.pack("<I", long + 1)
        at += len(second) + long
        third = b"\0"
        for text in texts:
            third += _string(text, at + len(third))
        return first, second, third


def _string(text: bytes, at: int) -> bytes:
    """A CDR string that begins so many bytes after the header, aligned to four."""
    return _pad(at) + struct.pack("<I", len(text) + 1) + text + b"\0"


def _pad(at: int) -> bytes:
    return bytes(-at % 4)


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
