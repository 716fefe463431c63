# SPDX-License-Identifier: Apache-2.0
import csv
import json

import numpy as np
import pytest
from PIL import Image

from unified_agent import topics
from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE
from unified_agent.recording.said import STRING
from unified_agent.training.reward.measures import auc_error

LIGHT = "the light is on"


@pytest.fixture
def pictures(tmp_path):
    """Dark and light pictures, sorted."""
    for number in range(24):
        grey = (20, 230)[number % 2] + number // 2
        path = tmp_path / "pictures" / ("0", "1")[number % 2] / f"{number:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((32, 32, 3), grey, np.uint8)).save(path)
    return tmp_path / "pictures"


@pytest.fixture
def recordings(tmp_path):
    """Episodes of four seconds at 10 Hz in which it is dark until a sub-goal is reached, after two seconds."""
    types = common_types().types
    for number in range(2):
        with BagWriter(tmp_path / "run" / f"episode{number}") as writer:
            for topic in (topics.PLAN, topics.SUBGOAL, topics.REACHED, topics.EPISODE):
                writer.add_topic(topic, STRING)
            writer.add_topic("/front/image_raw", IMAGE)

            def say(topic, text, seconds, writer=writer):
                writer.write(topic, encode(types[STRING](data=text)), round(seconds * NANO))

            say(topics.PLAN, LIGHT, 100.0)
            say(topics.EPISODE, f"start {LIGHT}", 100.0)
            say(topics.SUBGOAL, LIGHT, 100.5)
            for moment in range(40):
                seconds = 100.05 + moment / 10
                frame = np.full((32, 32, 3), 230 if seconds > 102 else 20 + moment, np.uint8)
                stamp = types["builtin_interfaces/msg/Time"](sec=int(seconds), nanosec=round(seconds % 1 * NANO))
                header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="c")
                image = types[IMAGE](
                    header=header,
                    height=32,
                    width=32,
                    encoding="rgb8",
                    is_bigendian=0,
                    step=96,
                    data=frame.reshape(-1),
                )
                writer.write("/front/image_raw", encode(image), round(seconds * NANO))
                if moment == 20:
                    say(topics.REACHED, LIGHT, seconds)
            say(topics.EPISODE, "end success", 104.1)
    return tmp_path / "run"


def tune(folder, *words: str) -> int:
    """With both directions of what a random CLIP sees between a bright and a dark picture among the candidates."""
    candidates = ["--goal", LIGHT, "--goal", "a lamp", "--baseline", "a night"]
    common = ["--clip", str(folder), "--device", "cpu", "--out", str(folder / "out"), "--json"]
    return main(["reward", "tune", *candidates, *common, *map(str, words)])


def told(capsys) -> tuple[dict, str]:
    text = capsys.readouterr().out
    return json.loads(text.splitlines()[-1]), text


def test_sorted_pictures_tell_which_words_to_take(pictures, tiny_folder, capsys):
    status = tune(tiny_folder, "--pictures", pictures)
    result, text = told(capsys)
    assert result["views"] == {"true": 12, "false": 12, "near": 0, "not known": 0}
    assert len(result["candidates"]) == 33
    assert status == (0 if result["take"]["auc"] >= 0.8 else 1)
    best = max(one["auc"] for one in result["candidates"])
    assert result["take"]["auc"] >= best - auc_error(best, 12, 12)
    assert result["held_out"]["auc"] is not None
    assert "Alpha is no free gain" in text
    assert "Doubt: 12 views of a kind are few" in text
    rows = list(csv.DictReader((tiny_folder / "out" / "tuning.csv").open()))
    assert len(rows) == 33
    assert Image.open(tiny_folder / "out" / "tuning.png").width > 500


def test_recordings_tell_by_their_own_sub_goals(recordings, tiny_folder, capsys):
    tune(tiny_folder, recordings)
    result, text = told(capsys)
    # Of 40 moments: 5 before it is pursued, 6 until a second before it is reached, 10 not known, 19 after.
    assert result["views"]["true"] == 2 * 20
    assert result["views"]["near"] > 0
    assert result["successful_episodes"] == 2
    assert result["take"]["voc"] is not None
    assert "a CLIP said" in text
    assert "the figures flatter" in text


def test_marks_tell_what_is_near(recordings, tiny_folder, capsys):
    (tiny_folder / "marks.csv").write_text(
        "recording,sentence,from,to,true\n"
        f"episode0,{LIGHT},2.2,3.9,yes\nepisode0,{LIGHT},0,0.9,no\nepisode0,{LIGHT},1.1,1.9,near\n"
    )
    tune(tiny_folder, recordings, "--marks", tiny_folder / "marks.csv", "--slack", 0)
    result, text = told(capsys)
    assert result["views"]["near"] == 8
    assert result["views"]["true"] == 17
    assert "1 of 2 recordings are left out" in text


def test_what_is_there_of_another_tuning_is_not_overwritten(pictures, tiny_folder, capsys):
    tune(tiny_folder, "--pictures", pictures)
    assert tune(tiny_folder, "--pictures", pictures, "--alpha", "0.5") == 2
    assert "made with other settings" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([], "one of both"),
        (["--pictures", "{0}", "{0}"], "one of both"),
        (["--pictures", "{0}", "--alpha", "1.5"], "'--alpha' must be 0"),
        (["--pictures", "{0}", "--goal", "it is not dark"], "denies something"),
        (["--pictures", "{0}", "--baseline", LIGHT], "say the same"),
        (["--pictures", "{0}/1"], "has no labelled pictures"),
    ],
)
def test_mistakes_are_told(pictures, tiny_folder, capsys, words, why):
    assert tune(tiny_folder, *(word.format(pictures) for word in words)) == 2
    assert why in capsys.readouterr().err
    assert not (tiny_folder / "out").exists()


def test_recordings_that_do_not_tell_are_told(recordings, tiny_folder, capsys):
    assert tune(tiny_folder, recordings, "--sentence", "the door is open") == 2
    assert "None of 2 recordings tells" in capsys.readouterr().err


def test_a_recording_without_pictures_is_left_out_beside_others(recordings, tiny_folder, capsys):
    with BagWriter(recordings / "blind") as writer:
        for topic, text in ((topics.PLAN, LIGHT), (topics.SUBGOAL, LIGHT), (topics.EPISODE, "end success")):
            writer.add_topic(topic, STRING)
            writer.write(topic, encode(common_types().types[STRING](data=text)), 100 * NANO)
    tune(tiny_folder, recordings)
    result, _ = told(capsys)
    assert result["successful_episodes"] == 2
    assert any("1 of 3 recordings are left out" in doubt and "blind" in doubt for doubt in result["doubts"])
