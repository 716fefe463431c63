# SPDX-License-Identifier: Apache-2.0
import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE
from unified_agent.training.relabelling.labels import Labels
from unified_agent.training.relabelling.looking import look
from unified_agent.training.relabelling.question import Question

from .conftest import ALWAYS, NEVER, SETS, STRING, frame, image, string

QUESTION = Question()


def read(folder: Path) -> list[tuple[str, int, bytes]]:
    with AnyReader([folder]) as reader:
        return [(connection.topic, stamp, bytes(data)) for connection, stamp, data in reader.messages()]


def test_the_copy_has_all_that_was_there_and_the_labels(bag, tmp_path, detector):
    before = {path: path.read_bytes() for path in bag.iterdir()}
    labels = look(bag, tmp_path / "out", "it", detector, QUESTION)
    copy = read(tmp_path / "out" / "it")
    assert [one for one in copy if not one[0].startswith(("/caption", "/subgoal"))] == read(bag)
    assert sum(topic == "/caption/scores" for topic, _, _ in copy) == labels.frames == SETS
    assert [stamp for _, stamp, _ in copy] == sorted(stamp for _, stamp, _ in copy)
    assert {path: path.read_bytes() for path in bag.iterdir()} == before


def test_a_sentence_came_true_with_its_third_frame_and_is_told_once(bag, tmp_path, detector):
    labels = look(bag, tmp_path / "out", "it", detector, QUESTION)
    assert labels.reached == {ALWAYS: [1.2], NEVER: []}
    assert labels.true == {ALWAYS: SETS, NEVER: 0}
    assert [topic for topic, _, _ in read(tmp_path / "out" / "it")].count("/subgoal/reached") == 1
    [find] = labels.finds
    assert (find.sentence, find.moments, find.begin_stamp) == (ALWAYS, SETS, 10**9)
    assert (find.begin, find.reached, find.end) == pytest.approx((0.0, 0.2, 1.1), abs=1e-5)


def test_the_table_has_the_scores_that_the_detector_gives(bag, tmp_path, detector):
    look(bag, tmp_path / "out", "it", detector, QUESTION)
    with (tmp_path / "out" / "it.csv").open() as file:
        head, *rows = csv.reader(file)
    assert head == ["stamp", ALWAYS, NEVER]
    assert [row[0] for row in rows][:2] == ["1.000000000", "1.100000000"]
    expected = detector.scores({"left": frame(0), "right": frame(1)})
    assert np.array(rows[0][1:], float) == pytest.approx(expected, abs=1e-4)


def test_a_recording_is_scored_the_same_with_and_without_a_copy(bag, tmp_path, detector):
    with_copy = look(bag, tmp_path / "a", "it", detector, QUESTION)
    without = look(bag, tmp_path / "b", "it", detector, Question(copies=False))
    assert with_copy == without
    assert (tmp_path / "a" / "it.csv").read_bytes() == (tmp_path / "b" / "it.csv").read_bytes()
    assert not (tmp_path / "b" / "it").exists()
    assert Labels.load(tmp_path / "b" / "it.json") == without


def test_the_moment_of_a_find_is_kept_as_a_picture_of_every_camera(bag, tmp_path, detector):
    [find] = look(bag, tmp_path / "out", "it", detector, Question(copies=False)).finds
    with Image.open(tmp_path / "out" / "it.moments" / find.picture) as picture:
        assert picture.size == (2 * 160, 160)
    assert not look(bag, tmp_path / "none", "it", detector, Question(thumbnails=0)).finds[0].picture


def test_a_bag_whose_images_give_no_moment_fails_with_the_reason(tmp_path, detector):
    with BagWriter(tmp_path / "depth") as writer:
        writer.add_topic("/front", IMAGE)
        for number in range(3):
            writer.write("/front", image(number, 0).replace(b"rgb8", b"32FC"), 10**9 + number)
    with pytest.raises(UserError, match=r"no colour image.*'32FC' is.*\(3 times\)"):
        look(tmp_path / "depth", tmp_path / "out", "it", detector, QUESTION)


def test_a_bag_whose_camera_was_silent_fails_with_the_reason(tmp_path, detector):
    with BagWriter(tmp_path / "silent") as writer:
        writer.add_topic("/front", IMAGE)
        writer.add_topic("/instruction", STRING)
        writer.write("/instruction", string("stack"), 10**9)
    with pytest.raises(UserError, match="/front: no images"):
        look(tmp_path / "silent", tmp_path / "out", "it", detector, QUESTION)


def test_a_truncated_bag_is_labelled_as_far_as_it_goes_and_the_loss_is_written_down(bag, tmp_path, detector):
    [file] = bag.glob("*.mcap")
    file.write_bytes(file.read_bytes()[:-100_000])
    labels = look(bag, tmp_path / "out", "it", detector, QUESTION)
    assert 0 < labels.frames < SETS
    assert Labels.load(tmp_path / "out" / "it.json").lost == labels.lost != []


def test_another_type_on_a_topic_of_labels_is_left_out_and_told(tmp_path, detector):
    with BagWriter(tmp_path / "odd") as writer:
        writer.add_topic("/front", IMAGE)
        writer.add_topic("/caption/scores", STRING)
        for number in range(4):
            writer.write("/front", image(number, number), 10**9 + number * 10**8)
            writer.write("/caption/scores", string("0.5"), 10**9 + number * 10**8)
    labels = look(tmp_path / "odd", tmp_path / "out", "it", detector, QUESTION)
    assert [line for line in labels.lost if "/caption/scores" in line and STRING in line]
    assert [topic for topic, _, _ in read(tmp_path / "out" / "it")].count("/caption/scores") == 4


def test_stamps_that_are_all_equal_are_no_error_and_times_before_1970_are_told(tmp_path, detector):
    with Writer(tmp_path / "theirs", version=8, storage_plugin=StoragePlugin.SQLITE3) as writer:
        front = writer.add_connection("/front/rgb", IMAGE, typestore=get_typestore(Stores.ROS2_HUMBLE))
        for number in range(4):
            writer.write(front, number - 2, image(0, number))
    labels = look(tmp_path / "theirs", tmp_path / "out", "it", detector, QUESTION)
    assert labels.frames == 2
    assert [line for line in labels.lost if "before 1970" in line]


@pytest.mark.parametrize("plugin", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
@pytest.mark.parametrize("kind", [IMAGE, COMPRESSED_IMAGE])
def test_somebody_elses_bag_is_labelled_by_naming_its_image_topic(tmp_path, detector, plugin, kind):
    store = get_typestore(Stores.ROS2_HUMBLE)
    store.register(get_types_from_msg("float32 grip\nstring word", "acme/msg/Hand"))
    hand = bytes(store.serialize_cdr(store.types["acme/msg/Hand"](0.5, "hello"), "acme/msg/Hand"))
    with Writer(tmp_path / "theirs", version=8, storage_plugin=plugin) as writer:
        hands = writer.add_connection("/hand", "acme/msg/Hand", typestore=store)
        front, back = (writer.add_connection(f"/{side}/rgb", kind, typestore=store) for side in ("front", "back"))
        for number in range(4):
            for connection in (front, back):
                writer.write(connection, number * 10**8, image(number, number, kind))
            writer.write(hands, number * 10**8, hand)
    labels = look(tmp_path / "theirs", tmp_path / "out", "it", detector, Question(image_topics=("/front/rgb",)))
    assert (labels.frames, labels.reached[ALWAYS]) == (4, [1.2])
    copy = read(tmp_path / "out" / "it")
    assert [data for topic, _, data in copy if topic == "/hand"] == [hand] * 4


def test_a_bag_without_pictures_says_so(tmp_path, detector):
    with BagWriter(tmp_path / "deaf") as writer:
        writer.add_topic("/instruction", STRING)
    with pytest.raises(UserError, match="nothing to look at"):
        look(tmp_path / "deaf", tmp_path / "out", "it", detector, QUESTION)


def test_nothing_is_held_true_in_a_scene_that_the_model_does_not_know(bag, tmp_path, detector, monkeypatch):
    views = detector.views
    monkeypatch.setattr(
        detector, "views", lambda moments: replace(views(moments), unfamiliar=np.ones(len(moments), bool))
    )
    labels = look(bag, tmp_path / "out", "it", detector, QUESTION)
    assert (labels.unfamiliar, labels.finds, labels.true[ALWAYS]) == (SETS, [], 0)
    assert b"familiar" in read(tmp_path / "out" / "it")[-1][2] + read(tmp_path / "out" / "it")[-2][2]
    [find] = look(bag, tmp_path / "trusted", "it", detector, Question(trust_unfamiliar=True)).finds
    assert find.unfamiliar == SETS
