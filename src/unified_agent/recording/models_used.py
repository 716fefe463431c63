# SPDX-License-Identifier: Apache-2.0
"""Which models took part in an episode, so that it can be told later what had learnt from what."""

import hashlib
from pathlib import Path

from unified_agent import __version__, paths

# Part -> (folder of the one that ships, the names by which it is asked for).
SHIPPED = {"clip": ("clip", ("default",)), "planner": ("planner", ("smollm2",)), "policy": ("policy", ("default",))}


def models_used(specs: dict[str, str]) -> dict[str, dict[str, str]]:
    """What identifies each model.

    Args:
        specs: part (``clip``, ``planner``, ``policy``) -> what was asked for; empty where it is not known.

    Returns:
        Part -> ``spec`` and, where its weights lie in a folder here, their ``sha256``; and the version of this package.
    """
    used = {"unified_agent": {"version": __version__}}
    for part, spec in specs.items():
        if spec:
            used[part] = {"spec": spec} | ({"sha256": digest} if (digest := _weights(part, spec)) else {})
    return used


def _weights(part: str, spec: str) -> str:
    shipped, names = SHIPPED[part]
    folder = paths.models() / shipped if spec in names else Path(spec.removeprefix("hf:")).expanduser()
    files = sorted(file for file in folder.glob("*.safetensors") if file.is_file()) if folder.is_dir() else []
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(2**20):
                digest.update(block)
    return digest.hexdigest() if files else ""
