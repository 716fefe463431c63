# SPDX-License-Identifier: Apache-2.0
import io
import time
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image as Picture

from unified_agent.recording.cdr import BadMessage, Decoder, TopicInfo
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE, MAX_PIXELS, FrameReader, any_frame, frame_of

from .conftest import compressed_image, image, noise


def decoded(data: bytes, kind: str):
    topic = TopicInfo("/camera", kind)
    return any_frame(topic, Decoder().decode(topic, data))


def file(picture: Picture.Image, kind: str, text: str = "") -> SimpleNamespace:
    """A CompressedImage of a file of that kind."""
    stream = io.BytesIO()
    picture.save(stream, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return SimpleNamespace(data=np.frombuffer(stream.getvalue(), np.uint8), format=text or kind.lower())


def raw(**changes) -> SimpleNamespace:
    whole = {"encoding": "rgb8", "height": 32, "width": 32, "step": 96, "is_bigendian": 0, "data": bytes(32 * 96)}
    return SimpleNamespace(**(whole | changes))


def test_colours_keep_their_places_on_the_way_through_a_bag():
    assert (decoded(image(1.0, noise(1), "rgb8"), IMAGE) == noise(1)).all()


def test_png_is_exact_and_jpeg_is_close():
    smooth = np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[:, None, None], (1, 32, 3))
    assert (decoded(compressed_image(1.0, smooth, "png"), COMPRESSED_IMAGE) == smooth).all()
    jpeg = decoded(compressed_image(1.0, smooth, "jpeg"), COMPRESSED_IMAGE)
    assert np.abs(jpeg.astype(int) - smooth).max() < 8


def test_half_a_jpeg_is_refused():
    broken = SimpleNamespace(data=np.zeros(99, np.uint8), format="jpeg")
    with pytest.raises(BadMessage, match="no whole JPEG, PNG or WebP"):
        any_frame(TopicInfo("/camera", COMPRESSED_IMAGE), broken)


def test_a_jpeg_that_was_cut_off_is_refused():
    whole = file(Picture.fromarray(noise(1)), "JPEG")
    with pytest.raises(BadMessage, match="truncated"):
        frame_of(SimpleNamespace(data=whole.data[:-200], format="jpeg"))


@pytest.mark.parametrize("text", ["jpeg", "rgb8; jpeg compressed bgr8", "bgr8; jpeg compressed bgr8", "bgr8; jpeg"])
def test_the_colours_of_a_jpeg_are_its_own_whatever_they_were_before(text):
    red = np.zeros((32, 32, 3), np.uint8) + np.array([200, 20, 20], np.uint8)
    assert np.abs(frame_of(file(Picture.fromarray(red), "JPEG", text)).astype(int) - red).max() < 8


def test_webp_and_pictures_with_other_channels_are_taken():
    picture = Picture.fromarray(noise(1))
    assert (frame_of(file(picture, "WEBP")) == noise(1)).all()
    assert (frame_of(file(picture.convert("RGBA"), "PNG")) == noise(1)).all()


def test_sixteen_bits_of_grey_in_a_png_lose_their_lower_half():
    grey = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32) * 64
    assert (frame_of(file(Picture.fromarray(grey), "PNG")) == (grey >> 8)[:, :, None]).all()


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_small_file_of_a_huge_picture_is_refused_before_it_is_unpacked():
    bomb = file(Picture.new("1", (13_000, 13_000)), "PNG")
    assert len(bomb.data) < 100_000
    begin = time.perf_counter()
    with pytest.raises(BadMessage, match="at most 25 megapixels, not 13000x13000"):
        frame_of(bomb)
    assert time.perf_counter() - begin < 0.1


def test_how_large_a_picture_may_be_is_a_parameter():
    told = []
    reader = FrameReader(told.append, most=1000)
    assert reader.read("front", raw()) is None
    assert "at most 0.001 megapixels, not 32x32" in told[0]
    assert FrameReader(told.append).read("front", raw()) is not None


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_unpacked():
    one = bytes(file(Picture.fromarray(noise(1)), "JPEG").data)
    bomb = SimpleNamespace(data=one[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 5000, format="jpeg")
    with pytest.raises(BadMessage, match="more than 100 scans"):
        frame_of(bomb)


def saved(picture: Picture.Image, kind: str, **options) -> SimpleNamespace:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return SimpleNamespace(data=np.frombuffer(stream.getvalue(), np.uint8), format=kind.lower())


def test_pictures_of_every_kind_of_file_are_taken():
    whole = Picture.fromarray(noise(1))
    smooth = Picture.linear_gradient("L").resize((32, 32)).convert("RGB")
    exif = Picture.Exif()
    exif[0x0112] = 6
    wide = smooth.resize((64, 32))
    assert (frame_of(saved(whole.quantize(16), "PNG")) == np.asarray(whole.quantize(16).convert("RGB"))).all()
    assert frame_of(saved(whole.convert("LA"), "PNG")).shape == (32, 32, 3)
    assert frame_of(saved(smooth.convert("CMYK"), "JPEG")).shape == (32, 32, 3)
    assert frame_of(saved(smooth, "JPEG", progressive=True)).shape == (32, 32, 3)
    assert frame_of(saved(wide, "JPEG", exif=exif)).shape == (32, 64, 3)
    moving = saved(whole, "WEBP", save_all=True, append_images=[smooth], lossless=True)
    assert (frame_of(moving) == noise(1)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_cut_or_broken_anywhere_is_a_picture_or_refused(kind):
    whole = bytes(file(Picture.fromarray(noise(1)), kind).data)
    random, reader = np.random.default_rng(0), FrameReader(lambda what: None, 10**6)
    frames = 0
    for _ in range(60):
        broken = bytearray(whole[: random.integers(0, len(whole) + 1)])
        for place in random.integers(0, max(len(broken), 1), 3):
            broken[place : place + 1] = bytes([random.integers(256)])
        image = SimpleNamespace(data=bytes(broken), format="")
        frames += reader.read("front", image) is not None
    assert frames + reader.refused == 60
    assert reader.refused > 30


@pytest.mark.parametrize("encoding", ["\x1b[2J", "rgb8\n", "", "mono8" * 99])
def test_an_odd_encoding_is_shown_as_text_and_short(encoding):
    with pytest.raises(BadMessage) as error:
        frame_of(raw(encoding=encoding))
    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 200


def test_a_depth_image_is_refused_by_its_name():
    with pytest.raises(BadMessage, match="'16UC1' is a depth image"):
        frame_of(raw(encoding="16UC1"))
    for text in ("16UC1; compressedDepth png", "16UC1; png compressed "):
        with pytest.raises(BadMessage, match="16UC1.*is a depth image"):
            frame_of(file(Picture.fromarray(noise(1)), "PNG", text))


def test_a_cause_is_told_once_for_each_camera_and_counted():
    told = []
    reader = FrameReader(told.append)
    for _ in range(10):
        assert reader.read("left", raw(encoding="16UC1")) is None
        assert reader.read("right", raw(encoding="16UC1")) is None
        assert reader.read("left", raw(data=b"123")) is None
        assert reader.read("left", raw()) is not None
    assert [line.split("'")[1] for line in told] == ["left", "right", "left"]
    assert reader.refused == 30
    assert all(line.endswith("(10 times)") for line in reader.causes)


def test_a_grey_camera_is_taken_and_told_of_once():
    told = []
    reader = FrameReader(told.append)
    for _ in range(3):
        assert reader.read("left", raw(encoding="mono8", step=32, data=bytes(1024))) is not None
        assert reader.read("right", file(Picture.fromarray(noise(1)).convert("L"), "JPEG")) is not None
    assert ["grey" in line for line in told] == [True, True]
    assert reader.refused == 0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"encoding": "blue"}, "'blue' is not known"),
        ({"encoding": "yuv422_yuy2", "width": 31, "data": bytes(32 * 96)}, "even sides"),
        ({"height": 10**5, "width": 10**5}, "25 megapixels"),
        ({"data": b"123"}, "3 bytes"),
        ({"height": 0}, "32x0"),
        ({"step": 5}, "rows of 5"),
        ({"height": 2**32 - 1, "width": 2**32 - 1, "step": 2**32 - 1}, "megapixels"),
        ({"height": 1, "width": MAX_PIXELS}, "rows of at least"),
        ({"step": 2**32 - 1}, "rows of 4294967295"),
        ({"data": b""}, "0 bytes"),
    ],
)
def test_an_image_that_contradicts_itself_is_refused(changes, why):
    with pytest.raises(BadMessage, match=why):
        frame_of(raw(**changes))


def test_a_topic_without_images_is_refused():
    with pytest.raises(BadMessage, match="std_msgs/msg/String"):
        any_frame(TopicInfo("/word", "std_msgs/msg/String"), None)
