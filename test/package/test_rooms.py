# SPDX-License-Identifier: Apache-2.0
"""The floors of docs/design.md: a room imports rooms below it, never above, and never beside it."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "unified_agent"
FLOORS = (
    ("language",),
    ("vision", "policy"),
    ("robot",),
    ("sim", "recording"),
    ("learning",),
    ("nodes",),
    ("commands",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imported(path: Path) -> set[str]:
    """The rooms that a file imports, at its top or later."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("unified_agent"):
            parts = node.module.split(".")[1:] or [alias.name for alias in node.names]
            rooms.add(parts[0])
    return rooms & set(FLOOR)


@pytest.mark.parametrize("room", FLOOR)
def test_a_room_imports_only_rooms_below_it(room):
    wrong = [
        f"{path.relative_to(SOURCE)} imports {other}"
        for path in sorted((SOURCE / room).rglob("*.py"))
        for other in imported(path)
        if other != room and FLOOR[other] >= FLOOR[room]
    ]
    assert wrong == []


def test_the_design_shows_these_floors():
    page = (SOURCE.parents[1] / "docs" / "design.md").read_text()
    lines = page.split("```")[1].strip().splitlines()
    drawn = [tuple(word.rstrip("/") for word in line.split() if word.endswith("/")) for line in lines]
    assert drawn[::-1] == list(FLOORS)
