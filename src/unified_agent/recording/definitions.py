# SPDX-License-Identifier: Apache-2.0
"""Message types that a bag defines itself: learnt, and refused where they would cost too much."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rosbags.interfaces import Nodetype
from rosbags.serde.utils import SIZEMAP
from rosbags.typesys import get_types_from_idl, get_types_from_msg

from unified_agent.errors import UserError
from unified_agent.recording.limits import DEFAULT, Limits

Types = dict[str, Any]
"""Name -> (constants, fields), as rosbags has them."""

_TYPE = re.compile(r"[A-Za-z]\w*(/\w+)+", re.ASCII)
_FIELD = re.compile(r"[A-Za-z]\w*", re.ASCII)
# Annotations tell nothing about the bytes, and their parentheses look like expressions.
_ANNOTATION = re.compile(r'@\w+(\s*\(("(\\.|[^"\\])*"|[^()"])*\))?')
_COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_SEPARATOR = re.compile(r"^=+\r?\n", re.MULTILINE)
_DEEPEST = 64
# Elements of a fixed array are a line of code each, in rosbags.
_UNROLLED = (Nodetype.ARRAY,)


class BadDefinition(UserError):
    """A type that cannot be read: why."""


def full_name(name: str) -> str:
    """``pkg/msg/Type`` of what ROS 1 and some writers call ``pkg/Type``; anything else as it is."""
    package, _, kind = name.partition("/")
    return f"{package}/msg/{kind}" if package and kind and "/" not in kind else name


@lru_cache(maxsize=256)
def learnt(text: str, text_format: str, name: str, limits: Limits = DEFAULT) -> Types:
    """The types of a definition, those that it uses included.

    Args:
        text_format: ``ros2idl``, or ``ros2msg`` and ``ros1msg``, which are read alike.
        name: of the type that is defined.

    Raises:
        BadDefinition: it is no definition, or beyond the limits.
    """
    if len(text) > limits.definition:
        raise BadDefinition(f"its definition has {len(text)} bytes, more than {limits.definition} (Limits.definition)")
    if not _TYPE.fullmatch(name):
        raise BadDefinition(f"{name[:80]!r} is no name of a type: expected one such as sensor_msgs/msg/Image")
    try:
        types = _from_idl(text, limits) if text_format == "ros2idl" else _from_msg(text, name, limits)
    except BadDefinition:
        raise
    except (Exception, RecursionError) as error:  # the parser raises almost anything
        raise BadDefinition(f"its definition cannot be read ({_first_line(error)})") from None
    for owner, (constants, fields) in types.items():
        names = [field for field, _ in fields] + [constant for constant, *_ in constants]
        if not _TYPE.fullmatch(owner) or not all(map(_FIELD.fullmatch, names)):
            raise BadDefinition("a name in its definition is none")
    return types


class Sizes:
    """What types cost, found from their definitions alone.

    Args:
        fields: name of a type -> (constants, fields).

    Every method raises `BadDefinition` for a type that is not defined, contains itself or is nested too deeply.
    """

    def __init__(self, fields: Mapping[str, Any]):
        self._fields = fields
        self._known: dict[str, tuple[int, int, int]] = {}

    def smallest(self, name: str) -> int:
        """Bytes that a message of the type has at least, padding left out."""
        return self._of(name, ())[0]

    def written_out(self, name: str) -> int:
        """Fields of the type, of the types in it, and elements of its fixed arrays of texts or messages."""
        return self._of(name, ())[1]

    def grain(self, name: str) -> int:
        """Bytes at least between two objects of a sequence of texts or messages in it; 0 where it has none."""
        return self._of(name, ())[2]

    def _of(self, name: str, parents: tuple[str, ...]) -> tuple[int, int, int]:
        if name in self._known:
            return self._known[name]
        if name in parents:
            raise BadDefinition(f"{name} contains itself")
        if len(parents) > _DEEPEST:
            raise BadDefinition(f"it is nested more than {_DEEPEST} deep")
        if name not in self._fields:
            raise BadDefinition(f"it uses {name}, which is not defined")
        size, fields, grains = 0, 0, []
        for _, (kind, what) in self._fields[name][1]:
            inner, count = what if kind in (Nodetype.ARRAY, Nodetype.SEQUENCE) else ((kind, what), 1)
            least, written, grain = self._element(inner, (*parents, name))
            grains.append(grain)
            plain = inner[0] == Nodetype.BASE and inner[1][0] != "string"
            if kind == Nodetype.SEQUENCE:
                size, fields = size + 4, fields + written
                grains.append(0 if plain else max(1, least))
            else:
                size += least * count
                fields += written if plain else written + count - 1
        self._known[name] = size, fields, min(filter(None, grains), default=0)
        return self._known[name]

    def _element(self, inner: tuple, parents: tuple[str, ...]) -> tuple[int, int, int]:
        if inner[0] == Nodetype.NAME:
            return self._of(inner[1], parents)
        return (5 if inner[1][0] == "string" else SIZEMAP[inner[1][0]]), 1, 0


def _from_msg(text: str, name: str, limits: Limits) -> Types:
    # The parser takes long for comments.
    stripped = (line.strip() for line in text.splitlines())
    lines = [line for line in stripped if line and not line.startswith("#")]
    _check_length(len(lines), limits)
    return get_types_from_msg("\n".join(lines) + "\n", name)


def _from_idl(text: str, limits: Limits) -> Types:
    types: Types = {}
    for part in _SEPARATOR.split(text):
        part = part[part.find("\n") + 1 :] if part.startswith("IDL:") else part
        part = _COMMENTS.sub(" ", _ANNOTATION.sub(" ", part))
        _check_length(part.count(";"), limits)
        # The parser's time grows exponentially with the depth of both.
        if "(" in part or re.search(r"sequence\s*<\s*sequence", part):
            raise BadDefinition("its definition has an expression or a sequence of sequences")
        if part.strip():
            types |= get_types_from_idl(part)
    return types


def _check_length(lines: int, limits: Limits) -> None:
    # Constants are lines too; there are types with more of them than fields.
    if lines > 4 * limits.fields:
        raise BadDefinition(f"its definition has {lines} lines, more than {4 * limits.fields} (Limits.fields)")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0][:100] or type(error).__name__
