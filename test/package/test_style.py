# SPDX-License-Identifier: Apache-2.0
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LICENCE = "SPDX-License-Identifier: Apache-2.0"
SOURCES = [
    ROOT / "setup.py",
    *(path for top in ("src", "launch", "test", "tools") for path in (ROOT / top).rglob("*.py")),
]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_finds_nothing(command):
    found = subprocess.run([sys.executable, "-m", "ruff", *command, ROOT], capture_output=True, text=True, cwd=ROOT)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_source_file_starts_with_its_licence():
    assert len(SOURCES) > 20
    without = [path.relative_to(ROOT) for path in SOURCES if not path.read_text().startswith(f"# {LICENCE}\n")]
    assert not without


def test_the_licence_file_is_apache_2():
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
