# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest

from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.images import IMAGE
from unified_agent.vision.thresholds import read_thresholds

TABLE = "the red object is on the table"
BEGIN = 100


def image(seconds: float, frame: np.ndarray) -> bytes:
    types = common_types().types
    stamp = types["builtin_interfaces/msg/Time"](sec=int(seconds), nanosec=round(seconds % 1 * NANO))
    return encode(
        types[IMAGE](
            header=types["std_msgs/msg/Header"](stamp=stamp, frame_id="c"),
            height=len(frame),
            width=len(frame[0]),
            encoding="rgb8",
            is_bigendian=0,
            step=3 * len(frame[0]),
            data=frame.reshape(-1),
        )
    )


@pytest.fixture
def bag(tmp_path):
    """Four seconds of one camera at 10 Hz: dark, and light from the second to the third second."""
    with BagWriter(tmp_path / "run" / "bag") as writer:
        writer.add_topic("/front/image_raw", IMAGE)
        for number in range(40):
            frame = np.full((32, 32, 3), 230 if 10 <= number < 30 else 20, np.uint8)
            seconds = BEGIN + number / 10
            writer.write("/front/image_raw", image(seconds, frame), round(seconds * NANO))
    return tmp_path / "run" / "bag"


def calibrate(bag, folder, marks: str, out: str = "thresholds.yaml") -> int:
    (folder / "marks.csv").write_text(marks)
    words = ["calibrate", str(bag), "--marks", str(folder / "marks.csv"), "--out", str(folder / out)]
    return main([*words, "--clip", str(folder), "--device", "cpu", "--json"])


def test_a_marked_recording_gives_thresholds_that_are_read_again(bag, tiny_folder, capsys):
    # Which of the two a random CLIP scores higher is chance: mark the one that it does.
    status = [
        calibrate(bag, tiny_folder, f"recording,sentence,from,to\nrun/bag,{TABLE},{times}\n", f"{number}.yaml")
        for number, times in enumerate(("1,2.9", f"0,0.9\nbag,{TABLE},3,3.9"))
    ]
    assert sorted(status) == [0, 1]
    [written] = tiny_folder.glob("?.yaml")
    assert list(read_thresholds(written)) == [TABLE]
    told = capsys.readouterr().out
    assert "AUC 1.000, precision 1.000, recall 1.000" in told
    assert "score alike" in told


def test_a_card_is_written_where_json_is_asked_for(bag, tiny_folder, capsys):
    """Of a sentence marked as it is and the other way about, one way is what a random CLIP says."""
    marks = f"recording,sentence,from,to\nbag,{TABLE},1,2.9\nbag,a lamp,0,0.9\nbag,a lamp,3,3.9\n"
    marks += "bag,a night,1,2.9\nbag,a light,0,0.9\nbag,a light,3,3.9\n"
    calibrate(bag, tiny_folder, marks, "new.json")
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["thresholds"]
    assert found
    assert json.loads((tiny_folder / "new.json").read_text()) == {"thresholds": found}


@pytest.mark.parametrize(
    ("marks", "why"),
    [
        ("recording,sentence,from,to\n", "has no marks"),
        (f"recording,sentence,from,to\nother,{TABLE},1,2\n", "'other', which is not given"),
        ("recording,sentence,from,to\nbag,the light is not on,1,2\n", "denies something"),
        (f"recording,sentence,from,to\nbag,{TABLE},late,2\n", "line 2"),
    ],
)
def test_marks_that_make_no_sense_are_told(bag, tiny_folder, capsys, marks, why):
    assert calibrate(bag, tiny_folder, marks) == 2
    assert why in capsys.readouterr().err
    assert not (tiny_folder / "thresholds.yaml").exists()


def test_what_is_there_already_is_never_overwritten(bag, tiny_folder, capsys):
    (tiny_folder / "thresholds.yaml").write_text("mine")
    assert calibrate(bag, tiny_folder, f"recording,sentence,from,to\nbag,{TABLE},1,2\n") == 2
    assert "is there already" in capsys.readouterr().err
    assert (tiny_folder / "thresholds.yaml").read_text() == "mine"
