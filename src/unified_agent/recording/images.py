# SPDX-License-Identifier: Apache-2.0
"""RGB frames of images, raw and compressed, live and recorded: one decoder for all."""

import io
import warnings
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image as Picture

from unified_agent.recording.cdr import BadMessage, TopicInfo
from unified_agent.recording.encodings import DEPTH, ENCODINGS
from unified_agent.recording.losses import Losses

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
TYPES = (IMAGE, COMPRESSED_IMAGE)
# A larger picture is refused before it is unpacked: a file of some kilobytes can hold gigabytes of one colour.
MAX_PIXELS = 64_000_000
_FILE_FORMATS = ("JPEG", "PNG", "WEBP")
# Pillow's own bound warns, and is higher.
warnings.filterwarnings("ignore", category=Picture.DecompressionBombWarning)


class FrameReader:
    """Makes frames of cameras' images; what cannot be used is counted, and told once for each camera and cause.

    Args:
        tell: called with what is wrong.

    Attributes:
        refused: images so far that gave no frame.
    """

    def __init__(self, tell: Callable[[str], None]):
        self.refused = 0
        self._tell = tell
        self._causes = Losses()

    @property
    def causes(self) -> list[str]:
        """What was wrong so far, a line a cause, with how often."""
        return self._causes.lines

    def read(self, camera: str, image) -> np.ndarray | None:
        """The RGB frame of an image, uint8, shape (H, W, 3); None where there is none."""
        try:
            frame, grey = _decoded(image)
        except BadMessage as error:
            self.refuse(camera, error)
            return None
        if grey:
            self._note(f"camera '{camera}' sends grey images: the colours of objects cannot be told apart in them")
        return frame

    def refuse(self, camera: str, error: BadMessage) -> None:
        """An image that gave no frame, and why."""
        self.refused += 1
        self._note(f"image of camera '{camera}' refused: {error}")

    def _note(self, what: str) -> None:
        if self._causes.add(what):
            self._tell(what)


def is_image(topic: TopicInfo) -> bool:
    """Whether frames can be had from a topic."""
    return topic.type in TYPES


def frame_of(image) -> np.ndarray:
    """The RGB frame of a sensor_msgs Image or CompressedImage, uint8, shape (H, W, 3).

    Args:
        image: rclpy's message, or one read from a bag.

    Raises:
        BadMessage: an encoding that is no picture, an empty or a huge image, or data that are not whole.
    """
    return _decoded(image)[0]


def any_frame(topic: TopicInfo, image) -> np.ndarray:
    """As `frame_of`, of a message on a topic.

    Raises:
        BadMessage: see `frame_of`; or a topic without images.
    """
    if not is_image(topic):
        raise BadMessage(f"Topic {topic.name} has the type {topic.type}: expected {' or '.join(TYPES)}.")
    return frame_of(image)


def compressed(frame: np.ndarray, file_format: str, quality: int = 90) -> bytes:
    """A frame (uint8 RGB, (H, W, 3)) as the bytes of a ``jpeg`` or ``png`` file; ``quality`` is JPEG's."""
    stream = io.BytesIO()
    options = {"quality": quality} if file_format == "jpeg" else {"compress_level": 1}
    Picture.fromarray(frame).save(stream, file_format.upper(), **options)
    return stream.getvalue()


def _decoded(image) -> tuple[np.ndarray, bool]:
    """The frame, and whether it is grey."""
    return _raw(image) if hasattr(image, "encoding") else _decompressed(image)


def _raw(image) -> tuple[np.ndarray, bool]:
    encoding = ENCODINGS.get(image.encoding)
    if encoding is None:
        what = "a depth image, which shows no colours" if image.encoding in DEPTH else "not known"
        raise BadMessage(
            f"The encoding '{image.encoding[:20]}' is {what}: expected {', '.join(list(ENCODINGS)[:4])}, yuv422_yuy2, "
            "bayer_rggb8 or another of sensor_msgs' colour encodings."
        )
    height, width, step = image.height, image.width, image.step
    rows, wide = height * encoding.rows, 1 + encoding.wide
    row = encoding.channels * width * wide
    _check_size(width, height)
    if step < row or len(image.data) != rows * step:
        raise BadMessage(
            f"Expected {rows:g} rows of at least {row} bytes for a {width}x{height} image ({image.encoding}), not "
            f"{len(image.data)} bytes in rows of {step}."
        )
    if encoding.even and (width % 2 or height % 2):
        raise BadMessage(f"An image encoded as {image.encoding} has even sides, not {width}x{height}.")
    data = np.frombuffer(image.data, np.uint8).reshape(-1, step)[:, :row]
    if encoding.wide:
        data = data[:, (0 if image.is_bigendian else 1) :: 2]
    try:
        return encoding.to_rgb(data.reshape(-1, width, encoding.channels)), encoding.grey
    except cv2.error:
        raise BadMessage(f"An image encoded as {image.encoding} cannot be as small as {width}x{height}.") from None


def _decompressed(image) -> tuple[np.ndarray, bool]:
    """JPEG, PNG or WebP; the colours are the file's own, whatever the text of ``format`` says they were before."""
    named = image.format[:60]
    if "compressedDepth" in named or named.startswith(DEPTH):
        raise BadMessage(f"A compressed image ('{named}') is a depth image, which shows no colours.")
    try:
        with Picture.open(io.BytesIO(bytes(image.data)), formats=_FILE_FORMATS) as picture:
            _check_size(*picture.size)
            if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip
                return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[:, :, None], 3, axis=2), True
            return np.asarray(picture.convert("RGB")), picture.mode in ("L", "LA", "1")
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        why = str(error).partition("<_io")[0].strip()
        raise BadMessage(f"A compressed image ('{named}') is no whole JPEG, PNG or WebP: {why}") from None


def _check_size(width: int, height: int) -> None:
    if not width or not height:
        raise BadMessage(f"Expected an image with pixels, not {width}x{height}.")
    if width * height > MAX_PIXELS:
        raise BadMessage(f"Expected an image of at most {MAX_PIXELS // 10**6} megapixels, not {width}x{height}.")
