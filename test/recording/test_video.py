# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import av
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.recording.video import VideoWriter


def grey(level: int) -> np.ndarray:
    return np.full((64, 96, 3), level, np.uint8)


def levels(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").mean() for frame in container.decode(video=0)]


def test_the_frames_come_back_in_order_at_the_rate_asked_for(tmp_path: Path):
    with VideoWriter(tmp_path / "run.mp4", rate=10) as video:
        for level in (20, 120, 220):
            video.write(grey(level))
    assert levels(tmp_path / "run.mp4") == pytest.approx([20, 120, 220], abs=3)
    with av.open(str(tmp_path / "run.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.average_rate, stream.codec_context.name, stream.pix_fmt) == (10, "h264", "yuv420p")


def test_a_frame_that_was_left_out_leaves_its_time(tmp_path: Path):
    with VideoWriter(tmp_path / "run.mp4", rate=10) as video:
        for number in (0, 1, 5):
            video.write(grey(100), number)
    with av.open(str(tmp_path / "run.mp4")) as container:
        assert [round(frame.time, 2) for frame in container.decode(video=0)] == [0.0, 0.1, 0.5]


def test_a_frame_of_another_size_is_refused(tmp_path: Path):
    with VideoWriter(tmp_path / "run.mp4") as video:
        video.write(grey(0))
        with pytest.raises(UserError, match=r"\(64, 96\)"):
            video.write(np.zeros((32, 32, 3), np.uint8))


def test_an_odd_size_is_refused_before_the_encoder_fails(tmp_path: Path):
    with VideoWriter(tmp_path / "run.mp4") as video, pytest.raises(UserError, match="even"):
        video.write(np.zeros((33, 32, 3), np.uint8))


def test_a_video_that_was_never_closed_still_plays(tmp_path: Path):
    video = VideoWriter(tmp_path / "run.mp4", rate=10)
    for _ in range(60):
        video.write(grey(100))
    assert len(levels(tmp_path / "run.mp4")) >= 10
    video.close()
