# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import av
import numpy as np
import pytest

from unified_agent.recording.episode import NANO, PATIENCE, EpisodeVideo

FRAME = np.zeros((32, 32, 3), np.uint8)
CAMERAS = ("left", "right")


@pytest.fixture
def video(tmp_path):
    return EpisodeVideo(tmp_path / "run" / "episode.mp4", CAMERAS, rate=10)


def see(video, seconds, cameras=CAMERAS):
    for camera in cameras:
        video.see(camera, round(seconds * NANO), FRAME)


def times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [round(frame.time, 2) for frame in container.decode(video=0)]


def test_a_frame_is_drawn_when_its_scores_come(video):
    see(video, 5.0)
    assert video.frames == 0
    video.score(5 * NANO, {})
    assert video.frames == 1


def test_without_scores_frames_are_drawn_all_the_same(video):
    for number in range(PATIENCE + 3):
        see(video, number / 10)
    assert video.frames == 3


def test_a_frame_of_one_camera_only_is_left_out(video):
    see(video, 1.0)
    see(video, 1.1, ["left"])
    see(video, 1.2)
    video.close()
    assert times(video.path) == [0.0, 0.2]


def test_faster_cameras_do_not_make_a_slower_video(video):
    for number in range(30):
        see(video, 1 + number / 30)
    video.close()
    assert len(times(video.path)) == pytest.approx(10, abs=1)


def test_an_episode_without_frames_leaves_no_file(video):
    video.close()
    assert not video.path.exists()


def test_the_last_picture_is_held_to_the_end(video):
    for number in range(3):
        see(video, 1 + number / 10)
    video.close(received=3 * NANO)
    assert times(video.path) == [0.0, 0.1, 0.2, 2.0]
    assert video.seconds == pytest.approx(2.1)


def test_stamps_that_stand_still_are_shown_one_after_the_other(video):
    for number in range(4):
        for camera in CAMERAS:
            video.see(camera, NANO, FRAME, received=NANO + number * NANO // 10)
    video.close()
    assert times(video.path) == [0.0, 0.1, 0.2, 0.3]
