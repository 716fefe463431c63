# SPDX-License-Identifier: Apache-2.0
import av
import numpy as np
import pytest

from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cameras import image_topics
from unified_agent.recording.cdr import NANO
from unified_agent.recording.film import film
from unified_agent.recording.images import IMAGE
from unified_agent.recording.reader import BagReader

from .conftest import image


def test_every_moment_is_drawn_with_the_scores_over_time_below(episode, tmp_path):
    reader = BagReader(episode)
    read = []
    assert film(reader, image_topics(reader), tmp_path / "film.mp4", rate=10, progress=read.append) == 20
    with av.open(str(tmp_path / "film.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 20
    assert frames[0].height > frames[0].width
    assert sum(read) == reader.size


def test_a_bag_without_words_and_scores_is_drawn_too(bag, tmp_path):
    reader = BagReader(bag)
    assert film(reader, image_topics(reader), tmp_path / "film.mp4") == 30


def moments(folder, *times: tuple[float, int, int]) -> BagReader:
    """A bag of white frames: (seconds, rows, columns)."""
    with BagWriter(folder / "bag") as writer:
        writer.add_topic("/front", IMAGE)
        for seconds, rows, columns in times:
            frame = np.full((rows, columns, 3), 255, np.uint8)
            writer.write("/front", image(seconds, frame), round(seconds * NANO))
    return BagReader(folder / "bag")


def shown(path) -> dict[float, np.ndarray]:
    with av.open(str(path)) as container:
        return {round(frame.time, 2): frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)}


def test_the_video_lasts_as_long_as_the_recording_and_holds_its_pictures_in_pauses(tmp_path):
    reader = moments(tmp_path, *((1 + n / 10, 32, 32) for n in range(10)), (6.0, 32, 32), (6.1, 32, 32))
    assert film(reader, ("/front",), tmp_path / "film.mp4") == 12
    assert list(shown(tmp_path / "film.mp4"))[-3:] == [0.9, 5.0, 5.1]
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert container.duration / 1e6 == pytest.approx(5.2, abs=0.01)


def test_a_pause_of_a_day_is_cut_and_told(tmp_path):
    reader, told = moments(tmp_path, (1.0, 32, 32), (86401.0, 32, 32)), []
    assert film(reader, ("/front",), tmp_path / "film.mp4", tell=told.append) == 2
    assert told == ["pauses longer than 60 s are cut to that: 86340 s in all"]


def test_pictures_that_change_their_size_keep_their_shape(tmp_path):
    reader = moments(tmp_path, (1.0, 30, 40), (1.1, 90, 160), (1.2, 100, 10))
    assert film(reader, ("/front",), tmp_path / "film.mp4") == 3
    for picture, shape in zip(shown(tmp_path / "film.mp4").values(), (30 / 40, 90 / 160, 10), strict=True):
        white = (picture[60:340] > 230).all(axis=2)
        high, across = (white.sum(axis=1) > 15).sum(), (white.sum(axis=0) > 100).sum()
        assert high / across == pytest.approx(shape, rel=0.1)


def test_the_last_moment_of_free_running_cameras_is_shown(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        for topic in ("/a", "/b"):
            writer.add_topic(topic, IMAGE)
        for number in range(3):
            for topic, late in (("/a", 0.0), ("/b", 0.04)):
                seconds = 1 + number / 10 + late
                writer.write(topic, image(seconds, np.zeros((32, 32, 3), np.uint8)), round(seconds * NANO))
    assert film(BagReader(tmp_path / "bag"), ("/a", "/b"), tmp_path / "film.mp4") == 3
