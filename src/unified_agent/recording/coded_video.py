# SPDX-License-Identifier: Apache-2.0
"""Topics that carry a camera as a coded video, a packet a message: decoded in order, from the first key frame on."""

import re

import av
import numpy as np

from unified_agent.recording.cdr import BadMessage

FOXGLOVE = "foxglove_msgs/msg/CompressedVideo"
FFMPEG = "ffmpeg_image_transport_msgs/msg/FFMPEGPacket"
TYPES = (FOXGLOVE, FFMPEG)
UNREAD = {"theora_image_transport/msg/Packet": "Theora"}
"""Types of images that are known, and not read."""
# What a name of a codec or of an encoder holds -> decoders, the best first: FFmpeg's own of AV1 needs special hardware.
_DECODERS = {
    r"h\.?264|x264|avc": ("h264",),
    r"h\.?265|x265|hevc": ("hevc",),
    r"av1": ("libdav1d", "libaom-av1"),
    r"vp9": ("vp9",),
    r"vp8": ("vp8",),
}
# Packets that a decoder holds back at most, to bring their pictures into order.
_HELD = 64


def decoders_of(name: str) -> tuple[str, ...]:
    """FFmpeg's decoders for a codec by a name of it or of one of its encoders; none where it is not known."""
    first = name.partition(";")[0].strip().lower()
    return next((found for pattern, found in _DECODERS.items() if re.search(pattern, first)), ())


class VideoStream:
    """One camera's video.

    Args:
        codec: as the messages name it (``h264``, ``libx265``, ...).
        most: pixels of a picture, at most.

    Attributes:
        silent: packets so far that the decoder took and made no whole picture of, as before the first key frame.

    Raises:
        BadMessage: a codec that is not known, or that this FFmpeg has no decoder for.
    """

    def __init__(self, codec: str, most: int):
        self.silent = 0
        self._most = most
        self._number = 0
        self._begun = False
        self._stamps: dict[int, int] = {}
        decoders = decoders_of(codec)
        if not decoders:
            raise BadMessage(f"The video codec {codec[:40]!r} is not known: expected h264, h265, av1, vp8 or vp9.")
        for name in decoders:
            try:
                self._codec = av.CodecContext.create(name, "r")
                break
            except av.error.FFmpegError:
                continue
            except ValueError:  # PyAV's UnknownCodecError
                continue
        else:
            raise BadMessage(f"The video codec {codec[:40]!r} has no decoder in the installed PyAV: install another.")
        self._codec.thread_count = 1
        self._codec.options = {"max_pixels": str(most)}

    def put(self, data: bytes, stamp: int) -> list[tuple[int, np.ndarray]]:
        """The pictures that a packet completes, each with the stamp of its own packet.

        Args:
            stamp: of the packet, nanoseconds.

        Returns:
            Stamps, and uint8 RGB (H, W, 3).

        Raises:
            BadMessage: it cannot be decoded.
        """
        if not data:
            raise BadMessage("A packet of a video is empty.")
        packet = av.Packet(data)
        packet.pts = packet.dts = self._number
        self._stamps[self._number] = stamp
        self._number += 1
        try:
            return self._pictures(packet)
        except BadMessage:
            raise
        except Exception as error:  # broken bytes make the library raise almost anything
            self._stamps.pop(packet.pts, None)
            if not self._begun:
                raise BadMessage("A packet of a video came before any key frame that can be decoded.") from None
            raise BadMessage(f"A packet of a video cannot be decoded ({_reason(error)}).") from None

    def rest(self) -> list[tuple[int, np.ndarray]]:
        """The pictures that were held back, where no more packets come."""
        try:
            found = self._pictures(None)
        except Exception:  # as in `put`: what it was is counted as silent
            found = []
        self.silent += len(self._stamps)
        self._stamps.clear()
        return found

    def _pictures(self, packet: av.Packet | None) -> list[tuple[int, np.ndarray]]:
        found = []
        for picture in self._codec.decode(packet):
            stamp = self._stamps.pop(picture.pts, None)
            if stamp is None:
                continue
            if picture.width * picture.height > self._most:
                raise BadMessage(f"A video has at most {self._most} pixels, not {picture.width}x{picture.height}.")
            if picture.is_corrupt:
                self.silent += 1
            else:
                self._begun = True
                found.append((stamp, picture.to_ndarray(format="rgb24")))
        while len(self._stamps) > _HELD:
            del self._stamps[next(iter(self._stamps))]
            self.silent += 1
        return found


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", "") or error or type(error).__name__)[:120]
