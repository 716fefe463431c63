# SPDX-License-Identifier: Apache-2.0
"""Files from elsewhere are read, and folders emptied, through one door each."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "unified_agent"
READING = {"yaml.load", "yaml.safe_load", "json.load", "json.loads", "pickle.load", "pickle.loads"}
DELETING = {"shutil.rmtree", "os.removedirs"}
# What is read there was written by the same process, or is the fuzzer's own; what is deleted is a folder just made.
MAY_READ = {"documents.py", "folders.py", "recording/bag.py", "training/planner/train_planner.py"}
MAY_DELETE = {"recording/sqlite_file.py", "language/smollm2.py"}


def calls(names: set[str]) -> set[str]:
    """Files of the package that name one of these functions; the benches read and delete what they made."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE).as_posix()
        named = {ast.unparse(node) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        if named & names and not name.startswith("bench/"):
            found.add(name)
    return found


def test_text_from_elsewhere_is_read_through_documents():
    assert calls(READING) == MAY_READ


def test_folders_are_deleted_through_folders():
    assert calls(DELETING) == MAY_DELETE
