# SPDX-License-Identifier: Apache-2.0
"""Labelled copies that `relabel` wrote: beside their originals they show nothing that was not recorded there."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from unified_agent.documents import BadDocument, read_text, yaml_of
from unified_agent.recording.metadata import NAME

# In the custom data of a labelled copy.
MARK = "relabelled"


def is_copy(bag: Path) -> bool:
    """Whether a recording is a labelled copy that `relabel` wrote."""
    try:
        text = read_text(bag / NAME)
        if MARK not in text:
            return False
        information = yaml_of(text, str(bag)).get("rosbag2_bagfile_information")
        return MARK in (information.get("custom_data") or {})
    except (BadDocument, AttributeError, TypeError):
        return False


def without_copies(bags: Sequence[Path], named: Iterable[Path] = ()) -> tuple[list[Path], list[Path]]:
    """Recordings without the labelled copies among them, and those copies; copies alone are kept.

    Args:
        named: what was asked for by its own path, and is kept.
    """
    asked = {path.expanduser().resolve() for path in named}
    copies = {bag: None for bag in bags if bag.resolve() not in asked and is_copy(bag)}
    if len(copies) == len(bags):
        return list(bags), []
    return [bag for bag in bags if bag not in copies], list(copies)
