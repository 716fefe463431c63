# SPDX-License-Identifier: Apache-2.0
"""What the reward of one recording was, in short."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from unified_agent.documents import BadDocument, json_of, mapping, read_text

# A reward whose range is smaller never moved: CLIP's own rounding is of that size.
STILL = 1e-4


@dataclass
class RewardFigures:
    """What the reward of one recording was.

    Attributes:
        source: path of the recording; of an episode of a dataset, that of the dataset and ``episode_N``.
        fingerprint: tells whether it has changed since.
        cameras: whose frames were rewarded: image topics, or cameras of a dataset.
        moments: rewarded.
        unfamiliar: moments of scenes that the CLIP does not know.
        over: moments over the threshold.
        lowest, highest, mean: of the reward.
        highest_at: seconds from the recording's begin.
        alone: frames without a partner of the other cameras.
        refused: images that gave no frame.
        lost: what could not be read or was left out, and why.
    """

    source: str
    fingerprint: str = ""
    cameras: list[str] = field(default_factory=list)
    moments: int = 0
    unfamiliar: int = 0
    over: int = 0
    lowest: float = 0.0
    highest: float = 0.0
    mean: float = 0.0
    highest_at: float = 0.0
    alone: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def strange(self) -> bool:
        """Whether most of it shows scenes that the CLIP does not know."""
        return 2 * self.unfamiliar > self.moments

    @property
    def still(self) -> bool:
        """Whether the reward never moves."""
        return self.highest - self.lowest < STILL

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "RewardFigures":
        """What was written.

        Raises:
            BadDocument: it is something else.
        """
        fields = mapping(json_of(read_text(path), str(path)), str(path))
        try:
            found = cls(**fields)
        except TypeError:
            raise BadDocument(f"{path} is no summary of a reward.") from None
        if any(type(getattr(found, name)) is not type(value) for name, value in vars(cls("")).items()):
            raise BadDocument(f"{path} is no summary of a reward.")
        return found
