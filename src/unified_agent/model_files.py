# SPDX-License-Identifier: Apache-2.0
"""What is checked of a folder of weights before any library reads it: files are data, and none of them chooses code."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import UserError

CODE = (".py", ".pyc", ".pyw", ".pyd", ".so", ".dll", ".dylib", ".pkl", ".pickle", ".joblib", ".dill")
"""Endings of what is run, or runs something when it is read."""
CONFIG_LIMIT, VOCABULARY_LIMIT, HEADER_LIMIT = 4 * 2**20, 40 * 2**20, 16 * 2**20
"""Bytes of a configuration, of a tokenizer's vocabulary, and of the header of a safetensors file."""
_VOCABULARIES = ("tokenizer.json", "vocab.json", "added_tokens.json")
_MOST_FILES = 10_000
# Names in a configuration for which one library or another imports, downloads or runs something.
_CODE_KEYS = (
    "auto_map",
    "auto_mapping",
    "code_revision",
    "custom_generate",
    "custom_pipelines",
    "trust_remote_code",
    "_target_",
)
_LIBRARY_CODE = re.compile(r"_?(attn|experts)_implementation(_internal)?")
_IMPLEMENTATIONS = ("eager", "sdpa", "grouped_mm", "batched_mm")


class BadModel(UserError):
    """A folder of weights that is not read: which file of it, and why."""


def check_folder(folder: Path) -> None:
    """Refuse a folder of weights that holds code, what is no file, or a configuration that chooses code.

    Links may lead to the blobs of a hub's cache, as its snapshots do, and nowhere else outside the folder.

    Raises:
        BadModel: naming the file.
        BadDocument: a configuration is no JSON, or too large.
    """
    roots = [folder.resolve()]
    if folder.resolve().parent.name == "snapshots":
        roots.append(folder.resolve().parents[1] / "blobs")
    entries = list(_entries(folder))
    for path in entries:
        if path.suffix.lower() in CODE or path.resolve().suffix.lower() in CODE:
            raise BadModel(
                f"{path} is code beside weights: a model of its own code is not loaded, and nothing of it was run. "
                "Take the file away if the weights do without it, or give another model."
            )
    for path in entries:
        if not any(path.resolve().is_relative_to(root) for root in roots):
            raise BadModel(f"{path} is a link that leaves the folder of the model: put the file itself there.")
        if path.suffix == ".json" and path.parent == folder:
            check_config(path)
        elif path.parent == folder and path.suffix in (".txt", ".jinja", ".model"):
            _check_size(path, VOCABULARY_LIMIT)


def check_config(path: Path) -> None:
    """Refuse a JSON file of a model that is too large, or names code to import, download or run.

    Raises:
        BadModel, BadDocument: see `check_folder`.
    """
    if path.name in _VOCABULARIES or path.name.endswith(".index.json"):
        _check_size(path, VOCABULARY_LIMIT)
        return
    for name, value in _named(json_of(read_text(path, CONFIG_LIMIT), str(path), CONFIG_LIMIT)):
        if name in _CODE_KEYS and value is not False and isinstance(value, (str, list, dict, bool)):
            raise BadModel(
                f"{path} names code to be run ('{name}': {shown(value)}): a model of its own code is not loaded. "
                "Give a model that its library knows, or take the key away."
            )
        if _LIBRARY_CODE.fullmatch(name) and value not in (None, *_IMPLEMENTATIONS):
            raise BadModel(
                f"{path} chooses the code of its attention ('{name}': {shown(value)}): expected "
                f"{' or '.join(_IMPLEMENTATIONS[:2])}, or no such key."
            )


def weights_in(path: Path) -> int:
    """Numbers in a safetensors file, by its header, which is read and checked; in any other file, its bytes.

    Raises:
        BadModel: it is no regular file, or its header does not fit what follows it.
    """
    size = _check_size(path, None)
    if path.suffix != ".safetensors":
        return size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(HEADER_LIMIT, size - 8):
            raise BadModel(
                f"{path} is no safetensors file: a header of {length} bytes, in a file of {size}. Get it again."
            )
        header = mapping(json_of(file.read(length), f"the header of {path}"), f"the header of {path}")
    header.pop("__metadata__", None)
    numbers = 0
    for name, entry in header.items():
        if not isinstance(entry, dict) or not _is_shape(entry.get("shape")):
            raise BadModel(f"{path} is no safetensors file: the tensor {shown(name)} has no shape. Get it again.")
        count = 1
        for extent in entry["shape"]:
            count *= extent
        numbers += count
        if numbers > 8 * size:
            raise BadModel(f"{path} is cut off: its header tells of more than its {size} bytes hold. Get it again.")
    return numbers


def refuse_strange_numbers(tensors: Iterable[tuple[str, Any]], where: Path | str) -> None:
    """Refuse weights that hold what is no finite number.

    Args:
        tensors: names and torch tensors.

    Raises:
        BadModel: naming the first.
    """
    for name, tensor in tensors:
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise BadModel(f"The weights in {where} hold what is no finite number (in '{name}'): get them again.")


def fingerprint(weights: Mapping[str, Any]) -> str:
    """SHA-256 over torch tensors and their names: the same wherever they were loaded from."""
    import torch

    found = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return found.hexdigest()


def refuse_larger(described: int, stored: int, where: Path | str) -> None:
    """Refuse a description of a network that is much larger than the weights that were stored for it.

    Raises:
        BadModel: it describes more than twice as many numbers; it would fill the memory before it failed.
    """
    if described > 2 * stored + 2**20:
        raise BadModel(
            f"The configuration in {where} describes a network of {described:,} numbers, and its weights hold "
            f"{stored:,}: they do not belong together. Get both again."
        )


def _entries(folder: Path) -> Iterator[Path]:
    """Every file below a folder; links to folders are not followed."""
    count = 0
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        for name in (*files, *(name for name in folders if Path(parent, name).is_symlink())):
            count += 1
            if count > _MOST_FILES:
                raise BadModel(f"{folder} holds more than {_MOST_FILES} files: expected a folder with one model.")
            path = Path(parent, name)
            try:
                kind = path.stat().st_mode
            except OSError as error:
                raise BadModel(f"{path} cannot be read: {error.strerror or error}.") from None
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                raise BadModel(f"{path} is no regular file: expected a folder with the files of one model.")
            yield path


def _check_size(path: Path, limit: int | None) -> int:
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise BadModel(f"{path} cannot be read: {error}.") from None
    if not stat.S_ISREG(found.st_mode):
        raise BadModel(f"{path} is no regular file.")
    if limit is not None and found.st_size > limit:
        raise BadDocument(f"{path} has {found.st_size} bytes: expected at most {limit}.")
    return found.st_size


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    """Every (name, value) of a JSON value, however deep."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 16 and all(type(n) is int and 0 <= n < 2**48 for n in value)
