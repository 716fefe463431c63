# SPDX-License-Identifier: Apache-2.0
"""Quality of service as bags hold it: by names since Jazzy, by numbers before, as text or as values."""

from typing import Any

import yaml

from unified_agent.documents import BadDocument, yaml_of
from unified_agent.recording.losses import Losses

LARGEST = 256 * 1024
"""Bytes of all different texts of profiles in one file."""
# In the order of the numbers in rmw/types.h.
POLICIES = {
    "history": ("system_default", "keep_last", "keep_all", "unknown"),
    "reliability": ("system_default", "reliable", "best_effort", "unknown", "best_available"),
    "durability": ("system_default", "transient_local", "volatile", "unknown", "best_available"),
    "liveliness": ("system_default", "automatic", "manual_by_node", "manual_by_topic", "unknown", "best_available"),
}
_LARGEST_NUMBER = 2**63 - 1


def quality_of_service(reliability: str, durability: str, depth: int) -> dict:
    """One entry of ``offered_qos_profiles``, as ``ros2 bag play`` reads it back.

    Args:
        reliability: ``reliable`` or ``best_effort``.
        durability: ``volatile`` or ``transient_local``.
        depth: of the ``keep_last`` history.
    """
    return {
        "history": "keep_last",
        "depth": depth,
        "reliability": reliability,
        "durability": durability,
        "deadline": _span(None),
        "lifespan": _span(None),
        "liveliness": "automatic",
        "liveliness_lease_duration": _span(None),
        "avoid_ros_namespace_conventions": False,
    }


class Profiles:
    """The profiles of one file's topics, whose texts are mostly the same; beyond `LARGEST` bytes none are read."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[dict, ...]] = {}
        self._left = LARGEST

    def of(self, text: str, losses: Losses) -> tuple[dict, ...]:
        """Those in a topic's text."""
        if text not in self._known:
            self._left -= len(text)
            if self._left < 0:
                losses.add("quality of service of topics, of which there is too much")
                return ()
            self._known[text] = profiles(text)
        return self._known[text]


def profiles(text: str) -> tuple[dict, ...]:
    """The profiles in a bag's YAML text, by names; nothing where it cannot be read."""
    try:
        entries = yaml_of(text, "the quality of service", LARGEST)
    except BadDocument:
        return ()
    return tuple(map(_named, entries)) if isinstance(entries, list) else ()


def numbered(qos: tuple[dict, ...]) -> str:
    """Profiles as the text that every rosbag2 reads, from Foxy to Kilted: policies by their numbers."""
    entries = [
        {name: POLICIES[name].index(value) if name in POLICIES else value for name, value in _named(entry).items()}
        for entry in qos
    ]
    return yaml.dump(entries, Dumper=_Dumper, sort_keys=False) if entries else ""


class _Dumper(yaml.SafeDumper):
    """rosbag2 writes no anchors for what is equal."""

    def ignore_aliases(self, data: object) -> bool:
        """Never."""
        return True


def _named(entry: Any) -> dict:
    """A profile with every field of the right type; what is none of it becomes the system's default."""
    entry = entry if isinstance(entry, dict) else {}
    return {
        "history": _policy("history", entry),
        "depth": min(_number(entry.get("depth")), 2**31 - 1),
        "reliability": _policy("reliability", entry),
        "durability": _policy("durability", entry),
        "deadline": _span(entry.get("deadline")),
        "lifespan": _span(entry.get("lifespan")),
        "liveliness": _policy("liveliness", entry),
        "liveliness_lease_duration": _span(entry.get("liveliness_lease_duration")),
        "avoid_ros_namespace_conventions": entry.get("avoid_ros_namespace_conventions") is True,
    }


def _policy(name: str, entry: dict) -> str:
    value, known = entry.get(name), POLICIES[name]
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(known):
        return known[value]
    return value if isinstance(value, str) and value in known else known[0]


def _span(value: Any) -> dict[str, int]:
    parts = value if isinstance(value, dict) else {}
    return {name: _number(parts.get(name)) for name in ("sec", "nsec")}


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_NUMBER else 0
