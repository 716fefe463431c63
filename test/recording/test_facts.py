# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.errors import UserError
from unified_agent.recording.facts import EpisodeFacts, PursuedSubGoal

GRASP, STACK = "the robot is grasping the red object", "the red object is on top of the blue object"
SAID = [
    ("/instruction", "stack", 0.5),
    ("/plan", f"{GRASP}\n{STACK}\n", 1.0),
    ("/episode", "start stack", 1.0),
    ("/subgoal", GRASP, 1.1),
    ("/subgoal/reached", GRASP, 3.0),
    ("/subgoal", STACK, 3.1),
    ("/subgoal", "", 9.0),
    ("/episode", "end failure: gave up", 9.0),
]


def test_an_episode_is_told_by_what_was_said():
    facts = EpisodeFacts.of(SAID)
    assert (facts.instruction, facts.plan) == ("stack", [GRASP, STACK])
    assert facts.pursuits == [PursuedSubGoal(GRASP, 1.1, 3.0), PursuedSubGoal(STACK, 3.1)]
    assert (facts.result, facts.start, facts.end) == ("failure: gave up", 1.0, 9.0)


def test_a_refused_plan_does_not_replace_the_one_that_runs():
    assert EpisodeFacts.of([*SAID[:3], ("/plan", "", 4.0)]).plan == [GRASP, STACK]


def test_facts_are_read_back_as_they_were_written(tmp_path):
    facts = EpisodeFacts.of(SAID)
    facts.write(tmp_path)
    assert EpisodeFacts.read(tmp_path) == facts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"colour": "red"}',
        '{"pursuits": [1]}',
        '{"pursuits": [{"sentence": 1, "pursued": 0}]}',
        '{"pursuits": [{"sentence": "x", "pursued": NaN}]}',
        '{"result": 7}',
        '{"plan": "x"}',
        '{"lost": {"/x": "many"}}',
        '{"start": 1e999}',
        '{"left_out": 1' + "0" * 400 + "}",
        '{"models": {"clip": null}}',
        "[" * 5000,
    ],
)
def test_a_file_that_is_no_such_file_is_refused(tmp_path, text):
    (tmp_path / "episode.json").write_text(text)
    with pytest.raises(UserError, match=r"episode\.json"):
        EpisodeFacts.read(tmp_path)


def test_facts_of_the_first_version_are_read(tmp_path):
    (tmp_path / "episode.json").write_text('{"instruction": "stack", "lost": {"/x": 2}, "joined_late": true}')
    facts = EpisodeFacts.read(tmp_path)
    assert (facts.late, facts.video, facts.left_out) == ({}, None, 0)
    assert facts.troubles == [
        "the recording began when the episode was running already",
        "2 messages of /x were lost on the way",
    ]


def test_a_recorder_that_fell_behind_is_told_once_with_its_worst_topic():
    facts = EpisodeFacts(late={"/a": 0.6, "/joint_states": 3.8}, left_out=40)
    assert facts.troubles == [
        "the recorder fell behind: /joint_states came up to 3.8 s late (and 1 topics less so)",
        "40 frames were left out of the video: drawing fell behind",
    ]
