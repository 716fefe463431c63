# SPDX-License-Identifier: Apache-2.0
from fractions import Fraction

import av
import numpy as np
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cameras import RecordedCameras, image_topics
from unified_agent.recording.cdr import NANO, BadMessage, TopicInfo, common_types
from unified_agent.recording.coded_video import FFMPEG, FOXGLOVE, VideoStream, decoders_of
from unified_agent.recording.images import COMPRESSED_IMAGE, MAX_PIXELS
from unified_agent.recording.reader import BagReader

from .conftest import header

ENCODERS = {"h264": "libx264", "h265": "libx265", "av1": "libsvtav1", "vp9": "libvpx-vp9"}
OPTIONS = {
    "h264": {"preset": "ultrafast"},
    "h265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "av1": {"preset": "12"},
    "vp9": {"deadline": "realtime", "cpu-used": "8"},
}
DEFINITIONS = {
    FOXGLOVE: "builtin_interfaces/Time timestamp\nstring frame_id\nuint8[] data\nstring format\n",
    FFMPEG: "std_msgs/Header header\nint32 width\nint32 height\nstring encoding\nuint64 pts\nuint8 flags\n"
    "bool is_bigendian\nuint8[] data\n",
}


def packets(codec: str, count: int = 12, gop: int = 6) -> list[bytes]:
    """A video of 64x64 pixels, each frame as bright as ``20 * number``."""
    try:
        coder = av.CodecContext.create(ENCODERS[codec], "w")
    except ValueError:
        pytest.skip(f"this PyAV has no encoder of {codec}")
    coder.width = coder.height = 64
    coder.pix_fmt, coder.time_base, coder.framerate = "yuv420p", Fraction(1, 10), 10
    coder.gop_size, coder.options = gop, OPTIONS[codec]
    found = []
    for number in range(count):
        picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 20 * number, np.uint8), format="rgb24")
        picture.pts = number
        found += coder.encode(picture)
    return [bytes(packet) for packet in (*found, *coder.encode(None))]


def brightness(frames: list) -> list[int]:
    return [round(float(frame.mean()) / 20) for _, frame in frames]


@pytest.mark.parametrize("codec", ENCODERS)
def test_every_frame_of_a_video_comes_with_its_own_stamp(codec):
    stream = VideoStream(codec, MAX_PIXELS)
    frames = [frame for n, data in enumerate(packets(codec)) for frame in stream.put(data, 100 * n)] + stream.rest()
    assert sorted(stamp for stamp, _ in frames) == [100 * n for n in range(12)]
    assert brightness(frames) == list(range(12))
    assert stream.silent == 0


def test_what_comes_before_the_first_key_frame_is_refused():
    stream, frames, refused = VideoStream("h264", MAX_PIXELS), [], 0
    for number, data in enumerate(packets("h264")[3:], 3):
        try:
            frames += stream.put(data, number)
        except BadMessage:
            refused += 1
    frames += stream.rest()
    assert brightness(frames) == list(range(6, 12))
    assert refused + stream.silent == 3


def test_a_video_larger_than_allowed_gives_no_picture():
    stream = VideoStream("h264", 1000)
    with pytest.raises(BadMessage):
        stream.put(packets("h264")[0], 0)


def test_names_of_codecs_and_of_encoders_are_known():
    assert decoders_of("h264;yuv420p;bgr8") == decoders_of("libx264") == decoders_of("h264_nvenc") == ("h264",)
    assert decoders_of("hevc_vaapi") == decoders_of("H.265") == ("hevc",)
    for name in ("jpeg", "rgb8; jpeg compressed bgr8", "", "png"):
        assert decoders_of(name) == ()
    with pytest.raises(BadMessage, match="'mjpeg' is not known: expected h264"):
        VideoStream("mjpeg", MAX_PIXELS)


@pytest.mark.parametrize("codec", ENCODERS)
def test_junk_is_refused_or_silent(codec):
    stream, refused = VideoStream(codec, MAX_PIXELS), 0
    random = np.random.default_rng(0)
    for number in range(50):
        try:
            assert stream.put(random.bytes(int(random.integers(0, 99))), number) == []
        except BadMessage:
            refused += 1
    stream.rest()
    assert refused + stream.silent == 50


def recorded(folder, kind: str, data: list[bytes], text: str = "h264") -> BagReader:
    """A bag whose own definition tells of the type, as MCAP files have it."""
    store = get_typestore(Stores.ROS2_KILTED)
    if kind in DEFINITIONS:
        store.register(get_types_from_msg(DEFINITIONS[kind], kind))
    with BagWriter(folder) as writer:
        writer.add(TopicInfo("/cam/video", kind, (), store.generate_msgdef(kind, ros_version=2)[0], "ros2msg"))
        for number, packet in enumerate(data):
            head, array = header(1 + number / 10), np.frombuffer(packet, np.uint8)
            if kind == FOXGLOVE:
                message = store.types[kind](timestamp=head.stamp, frame_id="", data=array, format=text)
            elif kind == FFMPEG:
                message = store.types[kind](
                    header=head,
                    width=64,
                    height=64,
                    encoding=text,
                    pts=0,
                    flags=0,
                    is_bigendian=False,
                    data=array,
                )
            else:
                message = common_types().types[kind](header=head, format=text, data=array)
            writer.write("/cam/video", bytes(store.serialize_cdr(message, kind)), round((1 + number / 10) * NANO))
    return BagReader(folder)


@pytest.mark.parametrize("kind", [FOXGLOVE, FFMPEG, COMPRESSED_IMAGE])
def test_a_recorded_video_is_read_whatever_its_type(tmp_path, kind):
    reader = recorded(tmp_path / "bag", kind, packets("h264"))
    assert image_topics(reader) == ("/cam/video",)
    cameras = RecordedCameras(reader, ("/cam/video",))
    moments = [moment for _, moment in cameras.frames()]
    assert [round(moment.stamp / NANO, 1) for moment in moments] == [round(1 + n / 10, 1) for n in range(12)]
    assert cameras.told == []


def test_a_video_that_begins_without_a_key_frame_tells_how_many_frames_it_lost(tmp_path):
    reader = recorded(tmp_path / "bag", FOXGLOVE, packets("h264")[3:])
    cameras = RecordedCameras(reader, image_topics(reader))
    assert len(list(cameras.frames())) == 6
    assert cameras.refused == 3
    assert any("key frame" in line for line in cameras.told)


def test_a_type_of_the_usual_name_with_other_fields_is_told(tmp_path):
    store = get_typestore(Stores.ROS2_KILTED)
    text = "int32 timestamp\nint32 data\n"
    store.register(get_types_from_msg(text, FOXGLOVE))
    with BagWriter(tmp_path / "bag") as writer:
        writer.add(TopicInfo("/cam/video", FOXGLOVE, (), text, "ros2msg"))
        for number in range(3):
            data = store.serialize_cdr(store.types[FOXGLOVE](timestamp=number, data=number), FOXGLOVE)
            writer.write("/cam/video", bytes(data), NANO + number)
    with pytest.raises(UserError, match=r"/cam/video: 3 images, none .* is no whole foxglove_msgs.* \(3 times\)"):
        image_topics(BagReader(tmp_path / "bag"))
