# SPDX-License-Identifier: Apache-2.0
"""Where the package's data lies: in a source tree, a colcon install or a virtual environment."""

import os
import sys
from pathlib import Path

from unified_agent.errors import UserError

PACKAGE = "unified_agent"


def share() -> Path:
    """The folder that holds ``config/``, ``urdf/`` and ``launch/``.

    A source checkout (an editable install) comes first, then every prefix of
    ``AMENT_PREFIX_PATH``, then the Python prefix.
    """
    source = Path(__file__).resolve().parents[2]
    prefixes = [*filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)), sys.prefix]
    candidates = [source, *(Path(prefix) / "share" / PACKAGE for prefix in prefixes)]
    for candidate in candidates:
        if (candidate / "config").is_dir() and (candidate / "urdf").is_dir():
            return candidate
    looked = ", ".join(map(str, candidates))
    raise UserError(f"The folder with config/ and urdf/ was not found (looked in {looked}). Install the package again.")


def models() -> Path:
    """The folder of the checkpoints that ship with the package."""
    return Path(__file__).resolve().parent / "models"


def inside(folder: Path, name: str) -> Path:
    """``folder/name``, refused where it would leave the folder."""
    path = None if "\0" in name else (folder / name).resolve()
    if path is None or not path.is_relative_to(folder.resolve()):
        raise UserError(f"{name[:200]!r} leaves the folder {folder}: give a name inside it.")
    return path


def expanded(text: str | Path) -> Path:
    """A path with its ``~`` written out.

    Raises:
        UserError: there is no such user.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UserError(f"{str(text)[:200]!r} begins with '~' and the name of no user: write the path out.") from None
