# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from unified_agent.training.relabelling.places import places


def at(*names: str) -> list[Path]:
    return [Path("/data") / name for name in names]


def test_a_recording_is_called_by_its_folder_and_its_name():
    assert list(places(at("day1/robot/bag")).values()) == ["robot/bag"]


def test_equal_names_get_more_parents_in_front_and_the_others_do_not():
    bags = at("day1/robot/bag", "day2/robot/bag", "day2/robot/other")
    assert list(places(bags).values()) == ["day1/robot/bag", "day2/robot/bag", "robot/other"]


def test_places_do_not_depend_on_the_order():
    bags = at("a/x/bag", "b/x/bag", "c/b/x/bag", "x/bag", "q/z")
    assert places(bags) == places(bags[::-1])
    assert len(set(places(bags).values())) == len(bags)


def test_what_has_a_place_keeps_it():
    old, new = at("day1/robot/bag", "day2/robot/bag")
    known = places([old])
    assert places([new, old], known) == {old: "robot/bag", new: "day2/robot/bag"}


@pytest.mark.parametrize(
    ("first", "second"), [("r/a", "r/a.json"), ("r/a", "r/a.csv"), ("r/a", "r/a.moments"), ("b/a", "b/a/c")]
)
def test_no_recording_is_written_into_the_files_of_another(first, second):
    one, other = (Path(name) for name in places(at(first, f"q/{second}")).values())
    assert one not in (other, *other.parents)
    assert other not in [one.with_name(one.name + ending) for ending in (".json", ".csv", ".moments")]


@pytest.mark.parametrize(
    "name", ["a\nb", "a\x1b[2J", ".hidden", "ä" * 120, "x" * 255, b"caf\xe9".decode(errors="surrogateescape")]
)
def test_any_name_becomes_one_that_a_list_of_lines_can_hold(name):
    [place] = places([Path("/data") / name]).values()
    last = place.split("/")[-1]
    assert last.isprintable()
    assert not last.startswith(".")
    assert len((last + ".moments").encode()) < 200


def test_names_that_differ_in_what_cannot_be_written_are_numbered():
    bags = at("r/a\n", "r/a\r", "r/a_")
    assert len(set(places(bags).values())) == 3
    assert places(bags) == places(bags[::-1])


def test_a_recording_at_the_root_has_a_place():
    assert list(places([Path("/bag")]).values()) == ["recordings/bag"]
