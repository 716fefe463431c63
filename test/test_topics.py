# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.topics import base_of, camera_of, cameras_of, compressed_image, image


@pytest.mark.parametrize(
    ("topic", "camera"),
    [
        (image("left"), "left"),
        (compressed_image("right"), "right"),
        ("/front/color/image_rect", "front/color"),
        ("/image", "/image"),
        ("/stereo/image_left", "stereo/image_left"),
        ("/ns/camera/color/image_rect_color/compressed", "ns/color"),
        ("/camera/image_raw", "/camera/image_raw"),
    ],
)
def test_a_camera_has_a_short_name(topic, camera):
    assert camera_of(topic) == camera


def test_two_cameras_of_one_short_name_keep_their_topics():
    assert cameras_of(["/front/image_raw", "/camera/front/image", "/wrist"]) == [
        "/front/image_raw",
        "/camera/front/image",
        "wrist",
    ]


@pytest.mark.parametrize(
    "topic",
    [
        "/x/image_raw",
        "/x/image",
        "/x/image_rect_color",
        "/x/image_raw/compressed",
        "/x/compressedDepth",
        "/x",
        "/x/theora",
    ],
)
def test_the_topics_of_one_camera_have_one_base(topic):
    assert base_of(topic) == "/x"


@pytest.mark.parametrize("topic", ["/y/image_raw", "/x/left/image_raw", "/x/image_left", "/x/depth", "/image_raw"])
def test_another_camera_has_another_base(topic):
    assert base_of(topic) != "/x"
