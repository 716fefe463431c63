# SPDX-License-Identifier: Apache-2.0
"""The frames of a dataset's videos, at the times of its rows."""

import stat
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from unified_agent.recording.images import MAX_PIXELS
from unified_agent.recording.lerobot.description import NoDataset


def video_frames(
    path: Path, start: float, seconds: Iterator[float], rate: float, size: tuple[int, int]
) -> Iterator[np.ndarray]:
    """The frame of each time, uint8 RGB (H, W, 3), decoded one after another.

    Args:
        path: of an MP4; H.264, HEVC, AV1, whatever PyAV decodes.
        start: seconds in the video at which the times begin.
        seconds: since then, ascending.
        rate: frames a second: a frame may lie half a period from its time.
        size: (height, width) that is expected.

    Raises:
        NoDataset: no regular file, no video, pictures of another size, or none at a time.
        av.FFmpegError, OSError: it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise NoDataset(f"{path} is no regular file: expected a video.")
    half = 0.5 / rate
    # A playlist or an address under the name of a video is not followed.
    with av.open(str(path), format="mp4", options={"protocol_whitelist": "file"}) as container:
        if not container.streams.video:
            raise NoDataset(f"{path} holds no video.")
        stream = container.streams.video[0]
        if stream.codec_context is None:
            raise NoDataset(f"{path} is in a format that is not known here.")
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        if stream.time_base:
            container.seek(int(start / stream.time_base), stream=stream, backward=True)
        frames = container.decode(stream)
        for time in seconds:
            due = start + time
            frame = next((frame for frame in frames if frame.time is not None and frame.time >= due - half), None)
            if frame is None:
                raise NoDataset(f"{path} has no frame at {due:.3f} s: it has fewer frames than rows.")
            if frame.time > due + half:
                raise NoDataset(f"{path} has no frame at {due:.3f} s: the next one is at {frame.time:.3f} s.")
            if (frame.height, frame.width) != size:
                raise NoDataset(f"{path} has frames of {frame.width}x{frame.height}: expected {size[1]}x{size[0]}.")
            yield frame.to_ndarray(format="rgb24")
