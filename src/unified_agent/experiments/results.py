# SPDX-License-Identifier: Apache-2.0
"""Finished parts of an experiment: a JSON line each, so that an interrupted one goes on after them."""

import json
from pathlib import Path

from unified_agent.errors import UserError


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
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            path.write_text(whole, encoding="utf-8")
        for line in whole.splitlines():
            try:
                entry = json.loads(line)
                self._rows[entry["key"]] = entry["row"]
            except (json.JSONDecodeError, KeyError, TypeError):
                raise UserError(f"'{path}' holds a line that is no result: {line[:80]!r}. Remove the file.") from None

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __getitem__(self, key: str) -> dict:
        return self._rows[key]

    def add(self, key: str, row: dict) -> None:
        """Keep a finished part."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "row": row}, default=float) + "\n")
        self._rows[key] = row
