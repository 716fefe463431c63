# SPDX-License-Identifier: Apache-2.0
"""The floors of docs/design.md: a room imports rooms below it, never above, and never beside it."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "unified_agent"
FLOORS = (
    ("language",),
    ("robot", "vision", "policy", "recording"),
    ("agent", "sim"),
    ("trials",),
    ("nodes", "training"),
    ("graph",),
    ("experiments", "bench"),
    ("commands",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Everybody's: they import each other and nothing else of this package.
GROUND = {"device", "documents", "errors", "folders", "model_files", "paths", "state", "topics"}
# MuJoCo's true poses, and who may know them: the world itself, trials and experiments, and labels for training.
TRUTH = {"sim"}
MAY_KNOW_THE_TRUTH = {"sim", "trials", "training", "experiments", "bench", "commands"}
# In nodes/, the one that stands in for the hardware; in graph/, what measures trials and lists the tasks' names.
STANDS_IN = {"nodes/mujoco_bridge.py", "graph/trials.py", "graph/lists.py"}


def imported(path: Path) -> set[str]:
    """The rooms and ground files that a file imports, at its top or later."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("unified_agent"):
            parts = node.module.split(".")[1:]
            rooms |= {parts[0]} if parts else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            rooms |= {parts[1] for parts in names if parts[0] == "unified_agent" and len(parts) > 1}
    return rooms & (set(FLOOR) | GROUND)


@pytest.mark.parametrize("room", FLOOR)
def test_a_room_imports_only_rooms_below_it(room):
    wrong = [
        f"{path.relative_to(SOURCE)} imports {other}"
        for path in sorted((SOURCE / room).rglob("*.py"))
        for other in imported(path) - GROUND
        if other != room and FLOOR[other] >= FLOOR[room]
    ]
    assert wrong == []


def test_the_ground_stands_on_nothing():
    for name in GROUND:
        assert imported(SOURCE / f"{name}.py") <= GROUND


def test_every_folder_is_a_room_of_the_design():
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms == set(FLOOR)


def test_the_design_shows_these_floors():
    page = (SOURCE.parents[1] / "docs" / "design.md").read_text()
    lines = page.split("```")[1].strip().splitlines()
    drawn = [tuple(word.rstrip("/") for word in line.split() if word.endswith("/")) for line in lines]
    assert [rooms for rooms in drawn if rooms][::-1] == list(FLOORS)


def test_no_arms_name_appears_in_the_code():
    names = {path.stem for path in (SOURCE.parents[1] / "config" / "arms").glob("*.yaml")} - {"default"}
    told = [str(path) for path in SOURCE.rglob("*.py") if any(name in path.read_text() for name in names)]
    assert names
    assert told == []


def test_nothing_that_acts_can_import_the_simulator():
    wrong = [
        str(path.relative_to(SOURCE))
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in MAY_KNOW_THE_TRUTH
        and str(path.relative_to(SOURCE)) not in STANDS_IN
        and imported(path) & TRUTH
    ]
    assert wrong == []


def test_ros_is_imported_by_the_nodes_the_graph_and_what_measures_them_alone():
    ros = re.compile(r"^\s*(?:import|from) (?:rclpy|launch|launch_ros)\b", re.M)
    rooms = {path.relative_to(SOURCE).parts[0] for path in SOURCE.rglob("*.py") if ros.search(path.read_text())}
    assert rooms <= {"nodes", "graph", "bench"}


def test_no_two_public_classes_bear_one_name():
    seen: dict[str, str] = {}
    twice = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                if node.name in seen:
                    twice.append(f"{node.name}: {seen[node.name]} and {path.relative_to(SOURCE)}")
                seen[node.name] = str(path.relative_to(SOURCE))
    assert twice == []


def test_there_is_one_topics_and_one_messages():
    names = [*SOURCE.rglob("topics.py"), *SOURCE.rglob("messages.py")]
    assert sorted(str(path.relative_to(SOURCE)) for path in names) == ["nodes/messages.py", "topics.py"]


def test_learning_from_recordings_needs_no_simulator():
    """Whatever its files import, at their top or later, and what those import."""
    seen: set[Path] = set()
    waiting = [SOURCE / "commands" / "learn_from.py"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        found = [_file(name) for name in _modules(path)]
        assert not re.search(r"^\s*(?:import|from) (?:mujoco|gymnasium)\b", path.read_text(), re.M), path
        waiting += [file for file in found if file and file not in seen]
    names = {path.relative_to(SOURCE).as_posix() for path in seen}
    assert "training/policy/learner.py" in names
    assert [name for name in names if name.startswith("sim/") or name == "robot/physics.py"] == []


def _modules(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.startswith("unified_agent.")}


def _file(module: str) -> Path | None:
    path = SOURCE.joinpath(*module.split(".")[1:])
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
