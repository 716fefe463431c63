# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON from elsewhere: bounded, and plain data whatever is in them."""

import json
import stat
from pathlib import Path
from typing import Any

import yaml

from unified_agent.errors import UserError

LIMIT = 16 * 2**20
"""Bytes of a document."""
MOST = 200_000
"""Values of a document when every alias in it is written out."""
_DEPTH = 200


class BadDocument(UserError):
    """A text file that is not what it should be: what was expected, and what came."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Plain values only; what looks like a date stays text, so that an impossible one is no error."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_text(path: Path, limit: int = LIMIT) -> str:
    """The text of a regular file.

    Raises:
        BadDocument: there is none, it is no regular file (a pipe would be waited for), too large, or no UTF-8.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise BadDocument(f"{path} is no regular file: expected a text file.")
        if found.st_size > limit:
            raise BadDocument(f"{path} has {found.st_size} bytes: expected a text file of at most {limit}.")
        return path.read_bytes().decode()
    except (OSError, ValueError) as error:
        raise BadDocument(f"{path} cannot be read: {_reason(error)}") from None


def yaml_of(text: str | bytes, what: str, limit: int = LIMIT) -> Any:
    """The plain value of a YAML text: mappings, lists, text, numbers, booleans, None.

    Args:
        what: named in errors, such as the file's path.

    Raises:
        BadDocument: it is no such text, larger than ``limit`` bytes, nested too deeply, or aliases of aliases make
            it grow beyond `MOST` values.
    """
    _check_size(text, what, limit)
    try:
        _walk_events(text)
        value = yaml.load(text, _Loader)  # noqa: S506 - derived from the safe loader
        _count(value, {}, 0)
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError, AttributeError) as error:
        raise BadDocument(f"{what} is no YAML of plain values: {_reason(error)}") from None
    return value


def json_of(text: str | bytes, what: str, limit: int = LIMIT) -> Any:
    """The value of a JSON text; arguments and errors as for `yaml_of`."""
    _check_size(text, what, limit)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadDocument(f"{what} is no JSON: {_reason(error)}") from None


def mapping(value: Any, what: str) -> dict[str, Any]:
    """``value``, which must be a mapping whose keys are text.

    Raises:
        BadDocument: it is something else.
    """
    if not isinstance(value, dict):
        raise BadDocument(f"Expected a mapping in {what}, not {shown(value)}.")
    if strange := [key for key in value if not isinstance(key, str)]:
        raise BadDocument(f"Expected names in {what}, not {shown(strange[0])}.")
    return value


def shown(value: Any) -> str:
    """A value from elsewhere for an error message: short, whatever it is."""
    if isinstance(value, (str, bytes)):
        return repr(value[:80])
    if isinstance(value, (dict, list, tuple, set)):
        return f"a {type(value).__name__} of {len(value)}"
    try:
        return repr(value)[:80]
    except ValueError:  # a number of more than 4300 digits
        return "a number of too many digits"


def one_line(text: str, length: int = 300) -> str:
    """A text from elsewhere for people: on one line, not longer than so, without what would steer a terminal."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * length]).split())
    return text if len(text) <= length else text[: length - 1] + "…"


def _check_size(text: str | bytes, what: str, limit: int) -> None:
    if not isinstance(text, (str, bytes)):
        raise BadDocument(f"Expected text in {what}, not {shown(text)}.")
    if len(text) > limit:
        raise BadDocument(f"{what} has {len(text)} bytes: expected at most {limit}.")


def _walk_events(text: str | bytes) -> None:
    """Refuse what is too deep or too long before it is put together: the C loader recurses until the process ends."""
    depth = values = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        else:
            values += 1
        if depth > _DEPTH:
            raise ValueError(f"it is nested more than {_DEPTH} deep")
        if values > MOST:
            raise ValueError(f"it has more than {MOST} values")


def _count(value: Any, known: dict[int, int], depth: int) -> int:
    """Values in a value with every alias written out; those met before are not walked again."""
    if not isinstance(value, (dict, list, set, tuple)):
        return 1
    if depth > _DEPTH:
        raise ValueError(f"it is nested more than {_DEPTH} deep")
    if id(value) in known:
        if known[id(value)] < 0:
            raise ValueError("a value contains itself")
        return known[id(value)]
    known[id(value)] = -1
    parts = (*value, *value.values()) if isinstance(value, dict) else value
    total = 1 + sum(_count(part, known, depth + 1) for part in parts)
    if total > MOST:
        raise ValueError(f"its aliases stand for more than {MOST} values")
    known[id(value)] = total
    return total


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:200]
