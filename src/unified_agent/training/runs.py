# SPDX-License-Identifier: Apache-2.0
"""Folders of trainings that go on where they were stopped: what they depend on, and how they keep where they stand."""

import hashlib
import io
import json
import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from unified_agent import __version__
from unified_agent.errors import UserError, first_line
from unified_agent.folders import MARK, FolderError, OwnFolder, kind_of, write_whole
from unified_agent.model_files import fingerprint
from unified_agent.robot.arm import Arm

_OF_VERSION_0_1 = ("settings.json", "progress.pt", "training.pt", "work", "adapter_config.json")
_SHORT = 16


def claim(
    path: Path,
    kind: str,
    settings: Mapping[str, Any],
    may_change: Collection[str] = (),
    sources: Iterable[Path] = (),
) -> OwnFolder:
    """The folder of a training, new or to go on with; the version of this package is one of its settings.

    Raises:
        FolderError: see `OwnFolder.claim`; or the training is one of version 0.1, which kept too few settings.
    """
    found = next((name for name in _OF_VERSION_0_1 if (path / name).exists()), None)
    if found and not (path / MARK).is_dir():
        raise FolderError(
            f"{path} holds a {kind} of a version that did not keep all its settings ('{found}'): what it wrote can be "
            "used, but it cannot go on. Give another folder."
        )
    return OwnFolder.claim(path, kind, {**settings, "version": __version__}, may_change=may_change, sources=sources)


def check_place(path: Path, kind: str) -> None:
    """Make sure, before long work whose settings are known only at its end, that a folder can be claimed for it.

    Raises:
        FolderError: as `claim`, but for the settings.
    """
    with suppress(OSError, ValueError, RuntimeError):
        place = path.expanduser()
        place.mkdir(parents=True, exist_ok=True)
        if kind_of(place) == kind or not any(place.iterdir()):
            return
    claim(path, kind, {}).close()  # which says why not


def arm_identity(arm: Arm) -> str:
    """Name and fingerprint (SHA-256, shortened) of all that an arm's YAML, URDF and meshes say."""
    told = {key: value for key, value in asdict(arm).items() if key != "urdf"}
    text = arm.urdf.read_bytes()
    found = hashlib.sha256(json.dumps(told, sort_keys=True, default=lambda value: value.tolist()).encode() + text)
    for name in sorted(set(re.findall(rb'filename="([^"\0]+)"', text))):
        mesh = arm.urdf.parent / name.decode(errors="replace")
        if mesh.is_file():
            found.update(mesh.read_bytes())
    return f"{arm.name} {found.hexdigest()[:_SHORT]}"


def weights_identity(weights: Mapping[str, torch.Tensor]) -> str:
    """`fingerprint` of weights and their names, shortened."""
    return fingerprint(weights)[:_SHORT]


def keep_state(folder: OwnFolder, name: str, state: Mapping[str, Any]) -> None:
    """Write where a training stands, whole or not at all.

    Args:
        state: tensors, numbers, texts, and lists and mappings of those.

    Raises:
        FolderError: it cannot be written; what was kept before is still there.
    """
    stream = io.BytesIO()  # torch's own writer tells of a full disk in its own way, and leaves half a file
    torch.save(dict(state), stream)
    folder.write(name, stream.getvalue())


def kept_state(folder: OwnFolder, name: str, keys: Collection[str], device: str = "cpu") -> dict[str, Any] | None:
    """What was kept; None where nothing was.

    Raises:
        UserError: the file is broken, or holds something else.
    """
    path = folder.path / name
    if not folder.owns(name) or not path.is_file():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        if missing := set(keys) - set(state):
            raise UserError(f"it has no {sorted(missing)}")
    except Exception as error:  # torch's reader fails in many ways
        raise broken(path, error) from None
    return state


def broken(path: Path, error: BaseException) -> UserError:
    """What to say of a kept state that cannot be used."""
    return UserError(f"{path} is broken ({first_line(error)}): delete it to begin anew, or give another folder.")


def save_figure(figure, path: Path, dpi: int = 120) -> None:
    """Write a figure as PNG, whole or not at all."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dpi)
    write_whole(path, stream.getvalue())
