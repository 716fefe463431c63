# SPDX-License-Identifier: Apache-2.0
"""``metadata.yaml`` of a rosbag2 directory, of which nothing is believed before it was looked at."""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from unified_agent.documents import BadDocument, mapping, read_text, shown, yaml_of
from unified_agent.recording.losses import Losses

NAME = "metadata.yaml"
TOP = "rosbag2_bagfile_information"
NEWEST = 9
"""The newest version of the file that is known."""


@dataclass(frozen=True)
class Metadata:
    """What a recording says about itself.

    Attributes:
        whole: whether there is such a file, and it can be read.
        message_count: promised messages; None where it does not say.
        compression_mode: ``file``, ``message`` or empty.
        compression_format: such as ``zstd``.
        files: names of the recording's files, in their order, without folders.
        custom_data: what the recorder wrote beside rosbag2's own entries.
    """

    whole: bool = False
    message_count: int | None = None
    compression_mode: str = ""
    compression_format: str = ""
    files: tuple[str, ...] = ()
    custom_data: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, losses: Losses) -> "Metadata":
        """That of a folder; what is wrong with it is told, and nothing where there is none."""
        path = folder / NAME
        if not os.path.lexists(path):
            return cls()
        try:
            entries = mapping(mapping(yaml_of(read_text(path), NAME), NAME).get(TOP), f"'{TOP}' of {NAME}")
        except BadDocument as error:
            losses.add(f"{NAME}: it cannot be read ({str(error)[:200]})")
            return cls()
        told = _Entries(entries, losses)
        version = told.get("version", int, None)
        if version is not None and not 1 <= version <= NEWEST:
            losses.add(f"{NAME}: version {shown(version)} is none that is known (1 to {NEWEST}); read all the same")
        names = [name for name in told.get("relative_file_paths", list, []) if told.is_a("file name", name, str)]
        custom = told.get("custom_data", dict, {})
        count = told.get("message_count", int, None)
        if count is not None and not 0 <= count < 2**63:
            losses.add(f"{NAME}: message_count is {shown(count)}")
            count = None
        mode = told.get("compression_mode", str, "").strip().lower()
        return cls(
            True,
            count,
            "" if mode == "none" else mode,
            told.get("compression_format", str, "").strip().lower(),
            tuple(dict.fromkeys(filter(None, (PurePosixPath(name).name for name in names)))),
            {str(key): str(value) for key, value in custom.items() if not isinstance(value, (dict, list))},
        )


class _Entries:
    """Entries of the right type; one of another is told, and taken for missing."""

    def __init__(self, entries: dict[str, Any], losses: Losses):
        self._entries, self._losses = entries, losses

    def get(self, name: str, kind: type, default: Any) -> Any:
        value = self._entries.get(name)
        return value if value is not None and self.is_a(name, value, kind) else default

    def is_a(self, name: str, value: Any, kind: type) -> bool:
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return True
        self._losses.add(f"{NAME}: {name} is {shown(value)}, not a {kind.__name__}")
        return False
