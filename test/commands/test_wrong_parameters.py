# SPDX-License-Identifier: Apache-2.0
"""Options of the verbs that learn and measure, as nobody should give them: one line, status 2, and nothing written."""

import re

import pytest

from unified_agent.cli import main

LEARN = ["learn", "--planner", "none", "--task", "grasp_red"]
WRONG = [
    [*LEARN, "--actions", "0"],
    [*LEARN, "--actions", "-5"],
    [*LEARN, "--buffer-limit", "nan"],
    [*LEARN, "--buffer-limit", "-1"],
    [*LEARN, "--buffer-limit", "1e30"],
    [*LEARN, "--collectors", "0"],
    [*LEARN, "--collectors", "10000"],
    [*LEARN, "--worlds", "0"],
    [*LEARN, "--seed", "-1"],
    [*LEARN, "--seed", str(2**70)],
    [*LEARN, "--until", "nan"],
    [*LEARN, "--evaluate-every", "0"],
    [*LEARN, "--last-updates", "-1"],
    [*LEARN, "--clone", "wrong"],
    [*LEARN, "--arm", "nobody"],
    [*LEARN, "--clip-model", "missing"],
    [*LEARN, "--rescore"],
    ["learn", "--task", "grasp+"],
    ["train-policy", "--steps", "0"],
    ["train-policy", "--states", str(10**12)],
    ["train-policy", "--seed", "-1"],
    ["train-policy", "--device", "gpu"],
    ["train-clip", "--moments", "0"],
    ["train-clip", "--learning-rate", "nan"],
    ["train-clip", "--threads", "-1"],
    ["train-clip", "--start", "missing"],
    ["train-planner", "--examples", "3"],
    ["train-planner", "--show", "0"],
    ["train-planner", "--start-from", "missing"],
    ["train-planner", "--average", "missing"],
    ["experiment", "video", "--seeds", "0"],
    ["experiment", "video", "--collectors", "-1"],
]


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words[:1] + words[-2:]))
def test_a_wrong_parameter_is_one_line_and_nothing_is_written(tmp_path, capsys, words):
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith(f"unified-agent {words[0]}: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["/proc/here", "/dev/null", "/dev/null/here", "~nobody-at-all/here"])
def test_what_cannot_be_a_folder_is_told(out, capsys):
    assert main(["train-policy", "--states", "1", "--out", out]) == 2
    assert re.search("Give another|no user", capsys.readouterr().err)


@pytest.mark.parametrize("words", [["--episodes", "0"], ["--episodes", str(10**12)], ["--seed", "-1"]])
def test_what_is_measured_or_imitated_has_sensible_numbers(words, capsys):
    for verb in (["eval"], ["imitate", "video.mp4"]):
        assert main([*verb, *words]) == 2
        assert words[0] in capsys.readouterr().err


def test_figures_of_others_are_not_written_over(tmp_path, capsys):
    results = tmp_path / "results"
    results.mkdir()
    (results / "video.json").write_text('{"mine": 1}')
    assert main(["experiment", "video", "--out", str(tmp_path / "out"), "--results", str(results)]) == 2
    assert "holds no figures of an experiment" in capsys.readouterr().err
    assert (results / "video.json").read_text() == '{"mine": 1}'
