# SPDX-License-Identifier: Apache-2.0
"""What was found in one recording."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from unified_agent.documents import BadDocument, json_of, mapping, read_text

# A summary is ours; a day of flickering sentences fits.
_LIMIT = 2**28


@dataclass
class Find:
    """A stretch of a recording in which a sentence was true, for long enough to be believed.

    Attributes:
        sentence: what was true.
        begin, end: seconds from the recording's first message to the first and the last moment over the threshold.
        begin_stamp, end_stamp: of those moments' frames, nanoseconds.
        reached: seconds from the recording's first message, when it had been true for long enough.
        peak: highest score.
        peak_at: seconds from the recording's first message to the moment with that score.
        peak_stamp: of that moment's frames, nanoseconds.
        moments: how many.
        unfamiliar: how many of them show a scene that the model does not know.
        picture: name of its thumbnail's file; empty without one.
    """

    sentence: str
    begin: float
    end: float
    begin_stamp: int
    end_stamp: int
    reached: float
    peak: float
    peak_at: float
    peak_stamp: int
    moments: int
    unfamiliar: int = 0
    picture: str = ""


@dataclass
class Labels:
    """What was found in one recording.

    Attributes:
        source: path of the recording.
        source_bytes: its size.
        fingerprint: tells whether it has changed since.
        thresholds: sentence -> gamma.
        image_topics: whose frames were scored.
        frames: moments scored.
        alone: frames without a partner of the other cameras.
        refused: images that gave no frame.
        unfamiliar: moments of scenes that the model does not know.
        reached: sentence -> times (seconds of the frames' stamps) at which it came true.
        true: sentence -> moments in which it was held true.
        best: sentence -> highest score.
        finds: in the order of time.
        lost: what could not be read, or was left out of the copy, and why images gave no frame.
    """

    source: str
    source_bytes: int = 0
    fingerprint: str = ""
    thresholds: dict[str, float] = field(default_factory=dict)
    image_topics: list[str] = field(default_factory=list)
    frames: int = 0
    alone: int = 0
    refused: int = 0
    unfamiliar: int = 0
    reached: dict[str, list[float]] = field(default_factory=dict)
    true: dict[str, int] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    finds: list[Find] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write them as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Labels":
        """What was written.

        Raises:
            BadDocument: it is something else.
        """
        fields = mapping(json_of(read_text(path, _LIMIT), str(path), _LIMIT), str(path))
        try:
            labels = cls(**fields | {"finds": [Find(**find) for find in fields.get("finds", [])]})
        except TypeError:
            raise BadDocument(f"{path} is no summary of labels.") from None
        plain, finds = cls(""), [find for find in labels.finds if find.sentence not in labels.thresholds]
        if finds or any(type(getattr(labels, name)) is not type(value) for name, value in vars(plain).items()):
            raise BadDocument(f"{path} is no summary of labels.")
        return labels
