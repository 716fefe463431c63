# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from unified_agent import cli

SHORT = ["--steps", "40", "--warm-up", "20", "--batch", "8", "--width", "8", "--evaluations", "2", "--updates", "0.1"]


@pytest.fixture
def train(tiny_folder, tmp_path, capsys):
    def call(*words: str, env: str = "odd_environments:Odd/Line-v0", goal: str = "a white column at the right"):
        given = ["--env", env, "--goal", goal, "--clip", str(tiny_folder), "--out", str(tmp_path / "run")]
        status = cli.main(["reward", "train", "--json", *given, *SHORT, *words])
        output = capsys.readouterr()
        return status, json.loads(output.out.splitlines()[-1]), output

    return call


def test_a_run_ends_and_the_same_command_tells_it_again(train, tmp_path):
    status, card, output = train("--and", "a black picture")
    assert status == 0 and card["decisions"] == 40 and "ended by the environment" in output.out
    assert [goal["sentences"] for goal in card["made_with"]["goals"]] == [
        ["a white column at the right"],
        ["a black picture"],
    ]
    written = (tmp_path / "run" / "policy.safetensors").read_bytes()
    status, again, _ = train("--and", "a black picture")
    assert status == 0 and again["measured"] == card["measured"]
    assert (tmp_path / "run" / "policy.safetensors").read_bytes() == written
    status, refused, _ = train("--and", "a black picture", "--gamma", "0.5")
    assert status == 2 and "gamma" in refused["error"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"env": "CartPol-v1"}, "Did you mean 'CartPole-v1'"),
        ({"env": "odd_environments:Odd/Unseen-v0"}, "no picture to judge"),
        ({"env": "odd_environments:Odd/Black-v0"}, "never changes"),
        ({"goal": " "}, "must say something"),
    ],
    ids=["unknown", "no render mode", "black", "no goal"],
)
def test_what_cannot_be_done_is_one_line(train, given, said):
    status, answer, output = train(**given)
    assert status == 2 and said in answer["error"] and "Traceback" not in output.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--alpha", "0.5"], "no baseline"),
        (["--alpha", "1.5", "--baseline", "a picture"], "'alpha' must be 0"),
        (["--baseline", "a white column at the right"], "say the same"),
        (["--reward", "tru"], "Did you mean 'true'"),
        (["--gamma", "nan"], "'gamma' must be"),
    ],
    ids=" ".join,
)
def test_options_that_cannot_be_are_refused(train, words, said):
    status, answer, _ = train(*words)
    assert status == 2 and said in answer["error"]
