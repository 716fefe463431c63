# SPDX-License-Identifier: Apache-2.0
"""Lets the processes of environments find ``odd_environments``."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _odd_environments(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)
