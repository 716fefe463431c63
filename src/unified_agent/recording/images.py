# SPDX-License-Identifier: Apache-2.0
"""RGB frames of images, raw, compressed and coded as video, live and recorded: one decoder for all."""

import io
import warnings
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image as Picture

from unified_agent.documents import shown
from unified_agent.recording import coded_video
from unified_agent.recording.cdr import NANO, BadMessage, TopicInfo
from unified_agent.recording.coded_video import VideoStream, decoders_of
from unified_agent.recording.encodings import DEPTH, ENCODINGS
from unified_agent.recording.losses import Losses

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
FOXGLOVE_IMAGE, FOXGLOVE_COMPRESSED = "foxglove_msgs/msg/RawImage", "foxglove_msgs/msg/CompressedImage"
RAW, COMPRESSED = (IMAGE, FOXGLOVE_IMAGE), (COMPRESSED_IMAGE, FOXGLOVE_COMPRESSED)
TYPES = (*RAW, *COMPRESSED, *coded_video.TYPES)
MAX_PIXELS = 25_000_000
"""A larger picture is refused before it is unpacked: a few kilobytes can hold gigabytes of one colour."""
# Scans of a JPEG file, at most: a progressive one has about ten, and a hostile one costs a pass over the picture each.
_MOST_SCANS = 100
_FILE_FORMATS = ("JPEG", "PNG", "WEBP")
# Pillow's own bound warns, and is higher.
warnings.filterwarnings("ignore", category=Picture.DecompressionBombWarning)


class FrameReader:
    """Makes frames of cameras' images; what cannot be used is counted, and told once for each camera and cause.

    Args:
        tell: called with what is wrong.
        most: pixels of a picture, at most; larger ones are refused.

    Attributes:
        refused: images so far that gave no frame.
        grey: cameras that sent a grey image.
    """

    def __init__(self, tell: Callable[[str], None], most: int = MAX_PIXELS):
        self.refused = 0
        self.grey: set[str] = set()
        self._tell, self._most = tell, most
        self._causes = Losses()
        self._streams: dict[str, VideoStream] = {}
        self._codecs: dict[str, str] = {}

    @property
    def causes(self) -> list[str]:
        """What was wrong so far, a line a cause, with how often."""
        return self._causes.lines

    def read(self, camera: str, image) -> np.ndarray | None:
        """The RGB frame of an image that is a picture by itself, uint8, shape (H, W, 3); None where there is none."""
        try:
            frame, grey = _decoded(image, self._most)
        except BadMessage as error:
            self.refuse(camera, error)
            return None
        if grey:
            self.grey.add(camera)
            self._note(f"camera '{camera}' sends grey images: the colours of objects cannot be told apart in them")
        return frame

    def take(self, camera: str, image, stamp: int) -> list[tuple[int, np.ndarray]]:
        """The frames, with their stamps, that a camera's next image gives: one, or none, or of a video some later.

        Args:
            image: Image, CompressedImage or a packet of a video, the camera's next in the order of the recording.
            stamp: of the image, nanoseconds.
        """
        codec = codec_of(image)
        if codec is None:
            frame = self.read(camera, image)
            return [] if frame is None else [(stamp, frame)]
        found = []
        try:
            if self._codecs.get(camera) != codec:
                found = self.rest(camera)
                self._streams[camera], self._codecs[camera] = VideoStream(codec, self._most), codec
            stream = self._streams[camera]
            found += stream.put(bytes(image.data), stamp)
            self._count_silent(camera, stream)
        except BadMessage as error:
            self.refuse(camera, error)
        return found

    def rest(self, camera: str) -> list[tuple[int, np.ndarray]]:
        """The frames that a video still held back, where no more of it comes."""
        stream = self._streams.pop(camera, None)
        self._codecs.pop(camera, None)
        if stream is None:
            return []
        found = stream.rest()
        self._count_silent(camera, stream)
        return found

    def refuse(self, camera: str, error: BadMessage, count: int = 1) -> None:
        """Images that gave no frame, and why."""
        self.refused += count
        self._note(f"image of camera '{camera}' refused: {error}", count)

    def _count_silent(self, camera: str, stream: VideoStream) -> None:
        if stream.silent:
            self.refuse(camera, BadMessage("Packets of a video gave no picture: no key frame before."), stream.silent)
            stream.silent = 0

    def _note(self, what: str, count: int = 1) -> None:
        if self._causes.add(what, count):
            self._tell(what)


def is_image(topic: TopicInfo) -> bool:
    """Whether frames can be had from a topic."""
    return topic.type in TYPES


def codec_of(image) -> str | None:
    """The name of the codec of a message that is a packet of a video; None for a picture by itself."""
    if hasattr(image, "pts"):
        return image.encoding
    if getattr(image, "__msgtype__", "") == coded_video.FOXGLOVE:
        return image.format
    # Some drivers send videos as CompressedImage.
    packed = not hasattr(image, "encoding") and decoders_of(image.format)
    return image.format if packed else None


def stamp_of(image) -> int:
    """When an image was taken, nanoseconds; 0 where its driver did not say."""
    stamp = image.timestamp if hasattr(image, "timestamp") else image.header.stamp
    return stamp.sec * NANO + stamp.nanosec


def frame_of(image) -> np.ndarray:
    """The RGB frame of a sensor_msgs Image or CompressedImage, uint8, shape (H, W, 3).

    Args:
        image: rclpy's message, or one read from a bag.

    Raises:
        BadMessage: an encoding that is no picture, an empty or a huge image, data that are not whole, or a packet of a
            video, which is no picture without those before it.
    """
    return _decoded(image, MAX_PIXELS)[0]


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


def _decoded(image, most: int) -> tuple[np.ndarray, bool]:
    """The frame, and whether it is grey."""
    if (codec := codec_of(image)) is not None:
        raise BadMessage(f"A packet of a video ({shown(codec)}) is no picture without those before it.")
    return _raw(image, most) if hasattr(image, "encoding") else _decompressed(image, most)


def _raw(image, most: int) -> tuple[np.ndarray, bool]:
    encoding = ENCODINGS.get(image.encoding)
    if encoding is None:
        what = "a depth image, which shows no colours" if image.encoding in DEPTH else "not known"
        raise BadMessage(
            f"The encoding {shown(image.encoding[:20])} is {what}: expected {', '.join(list(ENCODINGS)[:4])}, "
            "yuv422_yuy2, bayer_rggb8 or another of sensor_msgs' colour encodings."
        )
    height, width, step = image.height, image.width, image.step
    rows, wide = height * encoding.rows, 1 + encoding.wide
    row = encoding.channels * width * wide
    _check_size(width, height, most)
    if step < row or len(image.data) != rows * step:
        raise BadMessage(
            f"Expected {rows:g} rows of at least {row} bytes for a {width}x{height} image ({image.encoding}), not "
            f"{len(image.data)} bytes in rows of {step}."
        )
    if encoding.even and (width % 2 or height % 2):
        raise BadMessage(f"An image encoded as {image.encoding} has even sides, not {width}x{height}.")
    data = np.frombuffer(image.data, np.uint8).reshape(-1, step)[:, :row]
    if encoding.wide:
        data = data[:, (0 if getattr(image, "is_bigendian", 0) else 1) :: 2]
    try:
        return encoding.to_rgb(data.reshape(-1, width, encoding.channels)), encoding.grey
    except cv2.error:
        raise BadMessage(f"An image encoded as {image.encoding} cannot be as small as {width}x{height}.") from None


def _decompressed(image, most: int) -> tuple[np.ndarray, bool]:
    """JPEG, PNG or WebP; the colours are the file's own, whatever the text of ``format`` says they were before."""
    named = shown(image.format[:60])
    if "compressedDepth" in image.format or image.format.startswith(DEPTH):
        raise BadMessage(f"A compressed image ({named}) is a depth image, which shows no colours.")
    data = bytes(image.data)
    if data.count(b"\xff\xda") > _MOST_SCANS and data.startswith(b"\xff\xd8"):
        raise BadMessage(f"A compressed image ({named}) is a JPEG of more than {_MOST_SCANS} scans.")
    try:
        with Picture.open(io.BytesIO(data), formats=_FILE_FORMATS) as picture:
            _check_size(*picture.size, most)
            if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip
                return np.repeat((np.asarray(picture) >> 8).astype(np.uint8)[:, :, None], 3, axis=2), True
            return np.asarray(picture.convert("RGB")), picture.mode in ("L", "LA", "1")
    except BadMessage:
        raise
    except Exception as error:  # broken bytes make the library raise almost anything
        why = str(error).partition("<_io")[0].strip()[:120] or type(error).__name__
        raise BadMessage(f"A compressed image ({named}) is no whole JPEG, PNG or WebP: {why}") from None


def _check_size(width: int, height: int, most: int) -> None:
    if not width or not height:
        raise BadMessage(f"Expected an image with pixels, not {width}x{height}.")
    if width * height > most:
        raise BadMessage(f"Expected an image of at most {most / 10**6:g} megapixels, not {width}x{height}.")
