# SPDX-License-Identifier: Apache-2.0
"""An MP4 file written frame by frame (H.264, yuv420p: what every player shows)."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np

from unified_agent.errors import UserError

# Fragments close at every key frame, so that the file of a killed process plays up to its last second.
_CONTAINER = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
_ENCODER = {"preset": "veryfast", "tune": "zerolatency", "crf": "23"}


class VideoWriter:
    """Writes frames to ``path``; the size is the first frame's.

    Args:
        path: of the new file, ending in ``.mp4``.
        rate: frames a second.
        streamed: a file that plays, up to its last second, even when it is never closed; otherwise with an index and
            a key frame every second frame, in which any frame is found quickly.
        maker: written into the file as its comment, see `maker_of`.
    """

    def __init__(self, path: Path, rate: int = 10, streamed: bool = True, maker: str = ""):
        self.path = path
        self.frames = self._next = 0
        self._rate, self._streamed, self._maker = rate, streamed, maker
        self._container = None
        self._closed = False

    def write(self, frame: np.ndarray, number: int | None = None) -> None:
        """Add one frame.

        Args:
            frame: uint8 RGB, shape (H, W, 3) with even H and W; the same for every frame.
            number: shown ``number / rate`` seconds after the start; greater than the frame's before. The next one
                when None.

        Raises:
            UserError: another shape.
            OSError: the file cannot be written.
        """
        height, width = frame.shape[:2]
        if self._container is None:
            if frame.ndim != 3 or frame.shape[2] != 3 or height % 2 or width % 2:
                raise UserError(f"A video frame needs the shape (H, W, 3) with even H and W, not {frame.shape}.")
            self._open(height, width)
        elif (height, width) != (self._stream.height, self._stream.width):
            expected = (self._stream.height, self._stream.width)
            raise UserError(f"The video's frames are {expected} high and wide; this one is {(height, width)}.")
        picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
        picture.pts = self._next if number is None else number
        picture.time_base = 1 / self._stream.codec_context.framerate
        self._next = picture.pts + 1
        self._mux(picture)
        self.frames += 1

    def close(self) -> None:
        """Finish the file, where there is a frame. A second call does nothing.

        Raises:
            OSError: the file cannot be written.
        """
        if self._closed:
            return
        self._closed = True
        if self._container is not None:
            with self._file:
                try:
                    self._mux(None)
                finally:
                    self._container.close()

    def _open(self, height: int, width: int) -> None:
        # FFmpeg itself does not tell of a disk that is full, a file of Python's does.
        self._file = self.path.open("wb")
        options = _CONTAINER if self._streamed else {}
        self._container = av.open(self._file, "w", format="mp4", options=options)
        if self._maker:
            self._container.metadata["comment"] = self._maker
        self._stream = self._container.add_stream("libx264", rate=Fraction(self._rate), options=_ENCODER)
        self._stream.pix_fmt = "yuv420p"
        self._stream.thread_count = 1
        self._stream.gop_size = self._rate if self._streamed else 2
        self._stream.height, self._stream.width = height, width

    def _mux(self, frame: av.VideoFrame | None) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        self._file.flush()

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def maker_of(path: Path) -> str:
    """The comment of a video file; empty where there is none, or it is no video."""
    try:
        with av.open(str(path)) as container:
            return container.metadata.get("comment", "")
    except (av.error.FFmpegError, OSError, ValueError):
        return ""
