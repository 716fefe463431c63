# SPDX-License-Identifier: Apache-2.0
"""Finished parts of an experiment: a JSON line each, so that an interrupted one goes on after them."""

import json
from pathlib import Path

from unified_agent.documents import BadDocument, json_of, mapping, read_text
from unified_agent.errors import UserError
from unified_agent.folders import write_whole

_LARGEST = 2**28


class Results:
    """Rows by their key, in a file that only grows.

    Args:
        path: of the file; a last line that was cut off in writing is dropped.

    Raises:
        UserError: another line of the file is no result.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, dict] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = read_text(path, _LARGEST) if path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            write_whole(path, whole)
        for line in whole.splitlines():
            try:
                entry = mapping(json_of(line, str(path)), str(path))
                self._rows[str(entry["key"])] = mapping(entry["row"], str(path))
            except (BadDocument, KeyError):
                raise UserError(f"'{path}' holds a line that is no result: {line[:80]!r}. Remove the file.") from None

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> dict:
        return self._rows[key]

    def add(self, key: str, row: dict) -> None:
        """Keep a finished part.

        Raises:
            UserError: it cannot be written.
        """
        line = json.dumps({"key": key, "row": row}, default=float) + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise UserError(
                f"{self._path} cannot be written: {error.strerror or error}. Make room, and run the same command again."
            ) from None
        self._rows[key] = row
