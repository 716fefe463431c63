# SPDX-License-Identifier: Apache-2.0
"""With the CLIP that ships; what is true is chosen by thresholds: -1 is always true, 1 never."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE, compressed
from unified_agent.training.relabelling import Question, place, relabel
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

ALWAYS, NEVER = "there is a picture", "there is an elephant"
SETS, RATE = 12, 10
STORE = get_typestore(Stores.ROS2_HUMBLE)
QUESTION = Question()


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector(Clip.load(), [ALWAYS, NEVER], {ALWAYS: -1.0, NEVER: 1.0})


def frame(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def image(number: int, seed: int, kind: str) -> bytes:
    seconds, part = divmod(number, RATE)
    time = STORE.types["builtin_interfaces/msg/Time"](sec=1 + seconds, nanosec=part * 10**9 // RATE)
    header = STORE.types["std_msgs/msg/Header"](stamp=time, frame_id="")
    if kind == COMPRESSED_IMAGE:
        data = np.frombuffer(compressed(frame(seed), "png"), np.uint8)
        message = STORE.types[kind](header=header, format="png", data=data)
    else:
        message = STORE.types[kind](header, 64, 64, "rgb8", 0, 192, frame(seed).reshape(-1))
    return bytes(STORE.serialize_cdr(message, kind))


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    folder = tmp_path / "run" / "episode_001"
    with BagWriter(folder) as writer:
        writer.add_topic("/instruction", "std_msgs/msg/String")
        for topic in ("/camera/left/image_raw", "/camera/right/image_raw"):
            writer.add_topic(topic, IMAGE)
        message = STORE.types["std_msgs/msg/String"](data="stack")
        writer.write("/instruction", bytes(STORE.serialize_cdr(message, "std_msgs/msg/String")), 10**9 - 1)
        for number in range(SETS):
            for side, topic in enumerate(("/camera/left/image_raw", "/camera/right/image_raw")):
                writer.write(topic, image(number, 2 * number + side, IMAGE), 10**9 + number * 10**8 + side)
            if number == SETS // 2:
                writer.flush()
    return folder


def read(folder: Path) -> list[tuple[str, int, bytes]]:
    with AnyReader([folder]) as reader:
        return [(connection.topic, stamp, bytes(data)) for connection, stamp, data in reader.messages()]


def test_the_copy_has_all_that_was_there_and_the_labels(bag, tmp_path, detector):
    before = {path: path.read_bytes() for path in bag.iterdir()}
    labels = relabel(bag, tmp_path / "out", detector, QUESTION)
    copy = read(tmp_path / "out" / "run" / "episode_001")
    assert [one for one in copy if not one[0].startswith(("/caption", "/subgoal"))] == read(bag)
    assert sum(topic == "/caption/scores" for topic, _, _ in copy) == labels.frames == SETS
    assert [stamp for _, stamp, _ in copy] == sorted(stamp for _, stamp, _ in copy)
    assert {path: path.read_bytes() for path in bag.iterdir()} == before


def test_a_sentence_came_true_with_its_third_frame_and_is_told_once(bag, tmp_path, detector):
    labels = relabel(bag, tmp_path / "out", detector, QUESTION)
    assert labels.reached == {ALWAYS: [1.2], NEVER: []}
    assert labels.true == {ALWAYS: SETS, NEVER: 0}
    copy = read(tmp_path / "out" / "run" / "episode_001")
    assert [topic for topic, _, _ in copy].count("/subgoal/reached") == 1


def test_the_table_has_the_scores_that_the_detector_gives(bag, tmp_path, detector):
    relabel(bag, tmp_path / "out", detector, QUESTION)
    with (tmp_path / "out" / "run" / "episode_001.csv").open() as file:
        head, *rows = csv.reader(file)
    assert head == ["stamp", ALWAYS, NEVER]
    assert [row[0] for row in rows][:2] == ["1.000000000", "1.100000000"]
    expected = detector.scores({"left": frame(0), "right": frame(1)})
    assert np.array(rows[0][1:], float) == pytest.approx(expected, abs=1e-4)


def test_the_same_bag_gives_the_same_labels(bag, tmp_path, detector):
    tables = []
    for out in ("a", "b"):
        relabel(bag, tmp_path / out, detector, QUESTION)
        tables.append((tmp_path / out / "run" / "episode_001.csv").read_bytes())
    assert tables[0] == tables[1]


def test_what_is_done_is_not_done_again_and_half_done_is(bag, tmp_path, detector):
    out = tmp_path / "out"
    half = place(bag, out).parent / ".partial" / "episode_001"
    half.mkdir(parents=True)
    (half / "rubbish").write_text("of a killed run")
    first = relabel(bag, out, detector, QUESTION)
    written = place(bag, out).stat().st_mtime_ns
    assert relabel(bag, out, detector, QUESTION) == first
    assert place(bag, out).stat().st_mtime_ns == written
    assert not (place(bag, out) / "rubbish").exists()


def test_another_question_does_not_overwrite_the_answers(bag, tmp_path, detector):
    relabel(bag, tmp_path / "out", detector, QUESTION)
    with pytest.raises(UserError, match="another question"):
        relabel(bag, tmp_path / "out", detector, Question(steady_seconds=0.0))


def test_a_bag_whose_images_give_no_moment_fails_with_the_reason(tmp_path, detector):
    with BagWriter(tmp_path / "run" / "depth") as writer:
        writer.add_topic("/front", IMAGE)
        for number in range(3):
            writer.write("/front", image(number, 0, IMAGE).replace(b"rgb8", b"32FC"), 10**9 + number)
    with pytest.raises(UserError, match=r"no colour image.*'32FC' is.*\(3 times\)"):
        relabel(tmp_path / "run" / "depth", tmp_path / "out", detector, QUESTION)


def test_the_original_is_never_taken_for_an_old_copy(bag, tmp_path, detector):
    before = read(bag)
    with pytest.raises(UserError, match="no labelled copy"):
        relabel(bag, tmp_path, detector, QUESTION)
    assert read(bag) == before


def test_a_truncated_bag_is_labelled_as_far_as_it_goes_and_the_loss_is_written_down(bag, tmp_path, detector):
    [file] = bag.glob("*.mcap")
    file.write_bytes(file.read_bytes()[:-100_000])
    labels = relabel(bag, tmp_path / "out", detector, QUESTION)
    assert 0 < labels.frames < SETS
    summary = json.loads((tmp_path / "out" / "run" / "episode_001.json").read_text())
    assert summary["lost"] == labels.lost != []


@pytest.mark.parametrize("plugin", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
@pytest.mark.parametrize("kind", [IMAGE, COMPRESSED_IMAGE])
def test_somebody_elses_bag_is_labelled_by_naming_its_image_topic(tmp_path, detector, plugin, kind):
    store = get_typestore(Stores.ROS2_HUMBLE)
    store.register(get_types_from_msg("float32 grip\nstring word", "acme/msg/Hand"))
    hand = bytes(store.serialize_cdr(store.types["acme/msg/Hand"](0.5, "hello"), "acme/msg/Hand"))
    with Writer(tmp_path / "theirs", version=8, storage_plugin=plugin) as writer:
        hands = writer.add_connection("/hand", "acme/msg/Hand", typestore=store)
        front = writer.add_connection("/front/rgb", kind, typestore=store)
        back = writer.add_connection("/back/rgb", kind, typestore=store)
        third = writer.add_connection("/up/rgb", kind, typestore=store)
        for number in range(4):
            for connection in (front, back, third):
                writer.write(connection, number * 10**8, image(number, number, kind))
            writer.write(hands, number * 10**8, hand)
    labels = relabel(tmp_path / "theirs", tmp_path / "out", detector, Question(image_topics=("/front/rgb",)))
    assert (labels.frames, labels.reached[ALWAYS]) == (4, [1.2])
    copy = read(place(tmp_path / "theirs", tmp_path / "out"))
    assert [data for topic, _, data in copy if topic == "/hand"] == [hand] * 4


def test_a_bag_without_pictures_says_so(tmp_path, detector):
    with BagWriter(tmp_path / "deaf" / "bag") as writer:
        writer.add_topic("/instruction", "std_msgs/msg/String")
    with pytest.raises(UserError, match="nothing to look at"):
        relabel(tmp_path / "deaf" / "bag", tmp_path / "out", detector, QUESTION)
