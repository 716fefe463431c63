# SPDX-License-Identifier: Apache-2.0
"""What is asked of recordings."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from unified_agent.errors import UserError
from unified_agent.recording.pairing import TOLERANCE
from unified_agent.vision.detector import Detector
from unified_agent.vision.steady import SECONDS, Steady

THUMBNAILS = 100


@dataclass(frozen=True)
class Question:
    """What is asked of each recording, beside the sentences.

    Attributes:
        clip: the model's spec, for the record.
        image_topics: whose frames are scored together; empty: chosen for each recording.
        steady_seconds: for which a sentence must be over its threshold before it counts as reached.
        tolerance: seconds that frames of one moment may lie apart.
        copies: whether a labelled copy of each recording is written.
        thumbnails: pictures of the best finds of each sentence, at most.
        trust_unfamiliar: whether sentences are held true in scenes that the model does not know.

    Raises:
        UserError: a number out of its range.
    """

    clip: str = "default"
    image_topics: tuple[str, ...] = ()
    steady_seconds: float = SECONDS
    tolerance: float = TOLERANCE
    copies: bool = True
    thumbnails: int = THUMBNAILS
    trust_unfamiliar: bool = False

    def __post_init__(self) -> None:
        Steady(self.steady_seconds)
        if not (math.isfinite(self.tolerance) and self.tolerance >= 0):
            raise UserError(f"The tolerance is a number of seconds from 0, not {self.tolerance}.")
        if self.thumbnails < 0:
            raise UserError(f"The number of thumbnails is from 0, not {self.thumbnails}.")


def settings(question: Question, detector: Detector, model: str, device: str) -> dict[str, Any]:
    """Everything that the answers depend on; a folder that holds others is not gone on with.

    Args:
        model: tells it from others; its spec may be written in several ways.
        device: where it computes; the last digits depend on it.
    """
    asked = asdict(question)
    del asked["clip"]
    return {
        **asked,
        "model": model,
        "device": device,
        "sentences": list(detector.sentences),
        "thresholds": [round(float(gamma), 6) for gamma in detector.thresholds],
        "calibrated": [bool(calibrated) for calibrated in detector.calibrated],
    }
