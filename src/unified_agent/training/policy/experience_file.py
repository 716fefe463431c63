# SPDX-License-Identifier: Apache-2.0
"""The file format of experience: what a safetensors file must hold to be believed, checked before it is used."""

import math
import stat
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from unified_agent.documents import BadDocument, json_of, mapping, shown
from unified_agent.errors import UserError
from unified_agent.language.subgoals import OBJECTS

FORMAT = "unified_agent experience 1"
MOST_TEXT = 8 * 2**20
"""Bytes of what is text in a file."""
_MOST_HEADER = 2 * MOST_TEXT
_FLOATS = ("F64", "F32")
_TYPES = {
    "objects": _FLOATS,
    "tool": _FLOATS,
    "holding": ("BOOL",),
    "scores": _FLOATS,
    "actions": _FLOATS,
    "jpeg": ("U8",),
    "ends": ("I64",),
}
_TEXTS = {"instruction": str, "sentences": list, "pursued": list, "done": bool, "success": bool}


class BadExperience(UserError):
    """A file that is no experience of ours, or whose parts do not fit together."""


def is_experience(path: Path) -> bool:
    """Whether a file says that it is one of ours; its content is not looked at."""
    try:
        _check_file(path)
        with safe_open(path, "np") as file:
            return (file.metadata() or {}).get("format") == FORMAT
    except (OSError, SafetensorError, BadExperience):
        return False


def read(path: Path, frames: bool) -> tuple[list[dict[str, Any]], list[str], dict[str, np.ndarray]]:
    """What is in a file: a mapping of texts an episode, the names of the objects, and the tensors.

    Args:
        frames: whether ``jpeg`` and ``ends`` are among the tensors.

    Raises:
        BadExperience: see there.
    """
    try:
        _check_file(path)
        with safe_open(path, "np") as file:
            told = file.metadata() or {}
            if told.get("format") != FORMAT:
                raise BadExperience(f"its format is {shown(told.get('format'))}")
            texts = _texts(json_of(told.get("episodes"), "'episodes'", MOST_TEXT))
            names = _names(json_of(told.get("objects"), "'objects'", MOST_TEXT))
            _check_shapes(texts, len(names), {name: file.get_slice(name) for name in _TYPES})
            wanted = [name for name in _TYPES if frames or name not in ("jpeg", "ends")]
            tensors = {name: file.get_tensor(name) for name in wanted}
        _check_values(tensors)
        return texts, names, tensors
    except (SafetensorError, OSError, TypeError, ValueError, OverflowError, BadDocument, BadExperience) as error:
        raise BadExperience(
            f"'{path}' cannot be read as experience ({str(error)[:300]}): expected a file that 'unified-agent learn' "
            "wrote."
        ) from None


def _check_file(path: Path) -> None:
    """Before anything is mapped into memory: a regular file (a pipe would be waited for) with a header of some size."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise BadExperience("it is no regular file")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > _MOST_HEADER:
        raise BadExperience(f"its header claims {length} bytes, of at most {_MOST_HEADER}")


def _texts(told: Any) -> list[dict[str, Any]]:
    if not isinstance(told, list):
        raise BadExperience(f"expected a list of episodes, not {shown(told)}")
    for number, text in enumerate(told):
        where = f"episode {number}"
        mapping(text, where)
        if set(text) - {"provenance"} != set(_TEXTS):
            raise BadExperience(f"{where} has the keys {sorted(text)[:10]}, not {sorted(_TEXTS)}")
        for key, kind in _TEXTS.items():
            if not isinstance(text[key], kind):
                raise BadExperience(f"'{key}' of {where} is {shown(text[key])}")
        for said in chain(text["sentences"], text["pursued"]):
            if not isinstance(said, str):
                raise BadExperience(f"a sentence of {where} is {shown(said)}")
        if len(set(text["sentences"])) < len(text["sentences"]):
            raise BadExperience(f"{where} names a sentence twice")
        _check_provenance(text.get("provenance"), len(text["sentences"]), where)
    return told


def _check_provenance(told: Any, sentences: int, where: str) -> None:
    if told is None:
        return
    mapping(told, f"the provenance of {where}")
    gammas = told.get("thresholds")
    right = isinstance(told.get("clip"), str) and isinstance(told.get("arm"), str) and isinstance(gammas, list)
    if not right or not all(type(gamma) in (int, float) and math.isfinite(gamma) for gamma in gammas):
        raise BadExperience(f"the provenance of {where} does not tell clip, thresholds and arm")
    if len(gammas) != sentences:
        raise BadExperience(f"{where} has {sentences} sentences and {len(gammas)} thresholds")


def _names(told: Any) -> list[str]:
    if not isinstance(told, list) or not all(isinstance(name, str) for name in told) or len(set(told)) < len(told):
        raise BadExperience(f"expected names of objects, not {shown(told)}")
    if missing := set(OBJECTS) - set(told):
        raise BadExperience(f"it does not tell where the objects {sorted(missing)} were")
    return told


def _check_shapes(texts: list[dict[str, Any]], objects: int, tensors: dict[str, Any]) -> None:
    """The tensors' types and shapes (from the header: nothing is read) against the episodes."""
    shapes = {name: tuple(tensor.get_shape()) for name, tensor in tensors.items()}
    for name, types in _TYPES.items():
        if tensors[name].get_dtype() not in types:
            raise BadExperience(f"'{name}' is of {tensors[name].get_dtype()}, not {' or '.join(types)}")
    actions = sum(len(text["pursued"]) for text in texts)
    moments = actions + len(texts)
    wanted = {"objects": (moments, objects, 3), "tool": (moments, 3), "holding": (moments,), "actions": (actions, 2)}
    for name, shape in wanted.items():
        if shapes[name] != shape and (0 not in shape or 0 not in shapes[name]):
            raise BadExperience(f"'{name}' has the shape {shapes[name]}, not {shape}")
    if 0 not in shapes["scores"]:
        for number, text in enumerate(texts):
            if shapes["scores"] != (moments, len(text["sentences"])):
                told = f"{moments} moments and {len(text['sentences'])} sentences of episode {number}"
                raise BadExperience(f"'scores' has the shape {shapes['scores']}, for {told}")
    ends = shapes["ends"]
    if len(ends) != 2 or (0 not in ends and ends[0] != moments) or len(shapes["jpeg"]) != 1:
        raise BadExperience(f"'ends' has the shape {ends}, for {moments} moments")


def _check_values(tensors: dict[str, np.ndarray]) -> None:
    for name in ("objects", "tool", "actions", "scores"):
        if not np.isfinite(tensors[name]).all():
            raise BadExperience(f"'{name}' holds what is not finite")
    if "ends" in tensors:
        ends = tensors["ends"].ravel()
        if ends.size and (ends[0] < 0 or np.any(np.diff(ends) < 0) or ends[-1] != tensors["jpeg"].size):
            raise BadExperience("'ends' does not say where the images end")
