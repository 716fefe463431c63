# SPDX-License-Identifier: Apache-2.0
"""ROS parameter files, read as data before ROS reads them; usable without ROS."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from unified_agent.documents import BadDocument, mapping, read_text, shown, yaml_of

LIMIT = 2**20
"""Bytes of a parameter file."""
PARAMETERS = "ros__parameters"
_MOST_NESTED = 16


def sections(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each node's name or pattern, as ``/left/policy`` or ``/**``, with the parameters given to it.

    Raises:
        BadDocument: it is no parameter file of the form ``node: {ros__parameters: {name: value}}``.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    content = yaml_of(read_text(path, LIMIT), str(path), LIMIT)
    _collect({} if content is None else mapping(content, str(path)), "", path, found)
    for node, values in found:
        for name, value in _named(values, f"{path}, {node}"):
            _check(value, f"{path}, {node}, {name}")
    return found


def files_of(arguments: Sequence[str]) -> list[Path]:
    """The parameter files that a node's command line names."""
    return [Path(path) for flag, path in pairwise(arguments) if flag == "--params-file"]


def given_to_many(arguments: Sequence[str]) -> set[str]:
    """Names that the parameter files of a command line give by a pattern only, such as ``/**``, not to one node."""
    many, one = set(), set()
    for path in files_of(arguments):
        for node, values in sections(path):
            (many if "*" in node else one).update(name for name, _ in _named(values, str(path)))
    return many - one


def _collect(content: dict[str, Any], before: str, path: Path, found: list) -> None:
    for name, section in content.items():
        where = f"{before}{name[:200]}"
        section = mapping(section, f"{path}, {where}, which is a node's name")
        if PARAMETERS in section:
            found.append((where, mapping(section[PARAMETERS] or {}, f"{path}, {where}, {PARAMETERS}")))
            section = {key: value for key, value in section.items() if key != PARAMETERS}
        if where.count("/") > _MOST_NESTED:
            raise BadDocument(f"{path} nests namespaces more than {_MOST_NESTED} deep.")
        _collect(section, f"{where}/", path, found)


def _named(values: Mapping[str, Any], where: str, before: str = "") -> Iterator[tuple[str, Any]]:
    """The names of a section with their values: nested ones with dots, as ROS joins them."""
    for key, value in mapping(values, where).items():
        if isinstance(value, Mapping):
            yield from _named(value, where, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _check(value: Any, where: str) -> None:
    kinds = {type(part) for part in value} if isinstance(value, list) else {type(value)}
    if len(kinds) > 1 or not kinds <= {bool, int, float, str}:
        raise BadDocument(f"{where} is {shown(value)}: expected truth, a number, text, or a list of one of these.")
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, int) and not -(2**63) <= part < 2**63:
            raise BadDocument(f"{where}: {shown(part)} is no whole number of 64 bits.")
