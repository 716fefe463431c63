# SPDX-License-Identifier: Apache-2.0
import os
import resource
import signal

import numpy as np
import pytest
from PIL import Image

from unified_agent.cli import main
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.facts import EpisodeFacts

IMAGE = "sensor_msgs/msg/Image"


def recorded(folder, count: int = 5, encoding: str = "rgb8", topic: str = "/front"):
    """A bag of ``count`` images of 32x24 pixels."""
    types = common_types().types
    noise = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    with BagWriter(folder) as writer:
        writer.add_topic(topic, IMAGE)
        for number in range(count):
            stamp = types["builtin_interfaces/msg/Time"](sec=1, nanosec=number * NANO // 10)
            message = types[IMAGE](
                header=types["std_msgs/msg/Header"](stamp=stamp, frame_id=""),
                height=24,
                width=32,
                encoding=encoding,
                is_bigendian=0,
                step=96,
                data=noise.reshape(-1),
            )
            writer.write(topic, encode(message), NANO + number * NANO // 10)
    return folder


def show(*arguments) -> int:
    return main(["show", *map(str, arguments)])


def test_what_is_no_video_or_picture_is_refused_before_anything_is_drawn(tmp_path, capsys):
    BagWriter(tmp_path / "bag").close()
    assert show(tmp_path / "bag", "--out", tmp_path / "x.gif") == 2
    assert "ends in .mp4" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["mp4", "png"])
def test_a_recording_without_pictures_names_the_cause_and_leaves_no_file(tmp_path, capsys, ending):
    for name, count, encoding, why in (("none", 0, "rgb8", "no images"), ("odd", 3, "blue", "'blue' is not known")):
        bag = recorded(tmp_path / name, count, encoding)
        assert show(bag, "--out", tmp_path / f"x.{ending}") == 2
        assert why in capsys.readouterr().err
        assert show(bag, "--out", tmp_path / f"x.{ending}", "--image-topic", "/front") == 2
        assert ("no image" if not count else why) in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["none", "odd"]


@pytest.mark.parametrize("ending", ["mp4", "png"])
def test_what_show_made_is_made_again_and_nothing_else_is_overwritten(tmp_path, capsys, ending):
    bag, out = recorded(tmp_path / "bag"), tmp_path / f"x.{ending}"
    assert show(bag, "--out", out) == show(bag, "--out", out) == 0
    capsys.readouterr()
    Image.new("RGB", (8, 8)).save(tmp_path / "foreign.png")
    (tmp_path / "foreign.mp4").write_bytes(b"holiday")
    os.mkfifo(tmp_path / f"pipe.{ending}")
    (tmp_path / f"folder.{ending}").mkdir()
    (tmp_path / f"link.{ending}").symlink_to(out)
    before = {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()}
    for name in ("foreign", "pipe", "folder", "link"):
        assert show(bag, "--out", tmp_path / f"{name}.{ending}") == 2
        assert "is not overwritten" in capsys.readouterr().err
    assert {path.name: path.lstat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_nothing_is_written_into_the_recording(tmp_path, capsys):
    bag = recorded(tmp_path / "bag")
    assert show(bag, "--out", bag / "x.png") == 2
    assert "what is read" in capsys.readouterr().err
    assert len(list(bag.iterdir())) == 2


@pytest.mark.parametrize("out", ["/proc/x.mp4", "/proc/self/x/y.png", "/dev/null/x.mp4", "/" + "x" * 300 + ".png"])
def test_a_place_that_cannot_be_written_is_told(tmp_path, capsys, out):
    assert show(recorded(tmp_path / "bag"), "--out", out) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["mp4", "png"])
def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path, capsys, ending):
    bag, out = recorded(tmp_path / "bag"), tmp_path / f"x.{ending}"
    assert show(bag, "--out", out) == 0
    whole = out.read_bytes()
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        assert show(bag, "--out", out) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "cannot be written" in capsys.readouterr().err
    assert out.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", out.name]


@pytest.mark.parametrize(
    "options",
    [
        ("--rate", "0"),
        ("--moments", "9999"),
        ("--moments", "9" * 500),
        ("--tolerance", "nan"),
        ("--max-megapixels", "-1"),
    ],
)
def test_numbers_out_of_range_are_refused(tmp_path, capsys, options):
    assert show(recorded(tmp_path / "bag"), "--out", tmp_path / "x.png", *options) == 2
    assert f"'{options[0]}' must be" in capsys.readouterr().err


def test_what_the_recorder_and_the_reader_missed_is_told_once(tmp_path, capsys):
    bag = recorded(tmp_path / "bag")
    EpisodeFacts(result="success", late={"/joint_states": 3.8}, left_out=4, joined_late=True).write(bag)
    assert show(bag, "--out", tmp_path / "x.png") == 0
    out = capsys.readouterr().out
    assert out.count("recorded ") == 3
    assert out.count("/joint_states came up to 3.8 s late") == 1


def test_facts_that_are_none_are_told(tmp_path, capsys):
    bag = recorded(tmp_path / "bag")
    (bag / "episode.json").write_text('{"result": 7}')
    assert show(bag, "--out", tmp_path / "x.png") == 0
    assert "'result' is 7" in capsys.readouterr().out


def test_a_sheet_keeps_the_pictures_shape(tmp_path):
    assert show(recorded(tmp_path / "bag"), "--out", tmp_path / "x.png", "--moments", "1") == 0
    picture = np.asarray(Image.open(tmp_path / "x.png"))
    noisy = picture.std(axis=2) > 30
    assert noisy[:, :172].sum(axis=0).max() == pytest.approx(120, abs=25)
