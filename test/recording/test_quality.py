# SPDX-License-Identifier: Apache-2.0
import pytest
import yaml

from unified_agent.recording.quality import numbered, profiles, quality_of_service

LATCHED = quality_of_service("reliable", "transient_local", 3)


def test_numbers_and_names_mean_the_same():
    assert profiles(numbered((LATCHED,))) == (LATCHED,)
    assert profiles(yaml.safe_dump([LATCHED])) == (LATCHED,)


def test_what_is_written_is_what_humble_reads():
    [entry] = yaml.safe_load(numbered((LATCHED, LATCHED)))[:1]
    assert (entry["history"], entry["reliability"], entry["durability"], entry["liveliness"]) == (1, 1, 1, 1)
    assert "&" not in numbered((LATCHED, LATCHED))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "[5, null, [], {}]",
        "- {history: 99, depth: -1, deadline: x}",
        "- {deadline: 2001-99-99}",
        "- &a [*a]",
        "{",
    ],
)
def test_nonsense_becomes_the_systems_default_or_nothing(text):
    for profile in profiles(text):
        assert set(profile) == set(LATCHED)
        assert profile["history"] == "system_default"
    assert isinstance(numbered(profiles(text)), str)
