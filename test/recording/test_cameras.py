# SPDX-License-Identifier: Apache-2.0
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cameras import RecordedCameras, image_topics
from unified_agent.recording.cdr import NANO
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE
from unified_agent.recording.reader import BagReader

from .conftest import compressed_image, image, noise

RAW = ("/camera/left/image_raw", "/camera/right/image_raw")


def test_the_two_cameras_are_seen_together(bag):
    reader = BagReader(bag)
    assert image_topics(reader) == RAW
    sets = list(RecordedCameras(reader, RAW).frames())
    assert len(sets) == 30
    assert (sets[3][1].frames[1] == noise(7)).all()


def test_compressed_frames_are_taken_where_the_raw_ones_were_not_recorded(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        for topic in RAW:
            writer.add_topic(topic, IMAGE)
            writer.add_topic(f"{topic}/compressed", COMPRESSED_IMAGE)
            writer.write(f"{topic}/compressed", compressed_image(1.0, noise(0), "png"), NANO)
    reader = BagReader(tmp_path / "bag")
    topics = image_topics(reader)
    assert topics == tuple(f"{topic}/compressed" for topic in RAW)
    assert len(list(RecordedCameras(reader, topics).frames())) == 1


def test_images_without_a_stamp_are_taken_at_the_time_of_the_recording(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/front", IMAGE)
        writer.write("/front", image(0.0, noise(0)), 5 * NANO)
    [(_, complete)] = RecordedCameras(BagReader(tmp_path / "bag"), ("/front",)).frames()
    assert complete.stamp == 5 * NANO


def test_images_that_are_no_picture_are_counted(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/front", IMAGE)
        for number in range(2):
            writer.write("/front", image(1.0 + number, noise(0), "32FC1"), NANO)
    cameras = RecordedCameras(BagReader(tmp_path / "bag"), ("/front",))
    assert list(cameras.frames()) == []
    assert cameras.refused == 2
    [cause] = cameras.causes
    assert "'/front' refused: The encoding '32FC1' is a depth image" in cause
    assert cause.endswith("(2 times)")


def written(folder, stamps: dict[str, list[float]]) -> BagReader:
    with BagWriter(folder) as writer:
        for topic in stamps:
            writer.add_topic(topic, IMAGE)
        for time, topic in sorted((time, topic) for topic, times in stamps.items() for time in times):
            writer.write(topic, image(time, noise(0)), round(time * NANO))
    return BagReader(folder)


def test_two_cameras_50_ms_apart_are_paired(tmp_path):
    left, right = RAW
    reader = written(
        tmp_path / "bag", {left: [1 + n / 10 for n in range(12)], right: [1.05 + n / 10 for n in range(12)]}
    )
    assert len(list(RecordedCameras(reader, RAW).frames())) == 12


def test_cameras_that_never_meet_say_how_far_they_lie_apart(tmp_path):
    left, right = RAW
    reader = written(tmp_path / "bag", {left: [float(n) for n in range(1, 9)], right: [n + 0.4 for n in range(1, 9)]})
    cameras = RecordedCameras(reader, RAW)
    assert list(cameras.frames()) == []
    assert "lie 0.400 s apart, more than the tolerance of 0.1 s (--tolerance)" in cameras.why_nothing()
    assert "--image-topic" in str(cameras.nothing())


def test_every_frame_that_was_left_out_is_counted_and_told(tmp_path):
    left, right = RAW
    reader = written(tmp_path / "bag", {left: [1.0, 2.0, 3.0, 4.0], right: [3.0, 4.0, 5.0]})
    cameras = RecordedCameras(reader, RAW)
    assert len(list(cameras.frames())) == 2
    assert (cameras.alone, cameras.refused) == (3, 0)
    assert "3 frames have no partner" in cameras.told[0]


def test_stamps_that_stand_still_are_all_shown_and_told(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/front", IMAGE)
        for number in range(5):
            writer.write("/front", image(1.0, noise(number)), NANO + number)
    cameras = RecordedCameras(BagReader(tmp_path / "bag"), ("/front",))
    assert len(list(cameras.frames())) == 5
    assert cameras.told == ["the stamps of /front did not go on (4 times)"]


def test_the_raw_images_are_taken_where_both_were_recorded(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        for topic in RAW:
            writer.add_topic(topic, IMAGE)
            writer.add_topic(f"{topic}/compressed", COMPRESSED_IMAGE)
            writer.write(f"{topic}/compressed", compressed_image(1.0, noise(0), "png"), NANO)
            writer.write(topic, image(1.0, noise(0)), NANO)
    assert image_topics(BagReader(tmp_path / "bag")) == RAW


def test_other_cameras_are_found_by_their_names(tmp_path):
    names = ("front", "wrist", "side")
    reader = written(tmp_path / "bag", {f"/camera/{name}/image_raw": [1.0] for name in names})
    assert image_topics(reader, cameras=names) == tuple(f"/camera/{name}/image_raw" for name in names)
