# SPDX-License-Identifier: Apache-2.0
from types import SimpleNamespace

import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, TopicInfo, common_types, encode
from unified_agent.recording.choice import MOST, choose
from unified_agent.recording.images import COMPRESSED_IMAGE, IMAGE
from unified_agent.recording.reader import BagReader

from .conftest import compressed_image, header, image, noise


def colour(seconds: float) -> tuple[str, bytes]:
    return IMAGE, image(seconds, noise(0))


def grey(seconds: float) -> tuple[str, bytes]:
    return IMAGE, image(seconds, noise(0)[:, :, :1], "mono8")


def depth(seconds: float) -> tuple[str, bytes]:
    return IMAGE, image(seconds, noise(0)[:, :, :2], "16UC1")


def strange(seconds: float) -> tuple[str, bytes]:
    return IMAGE, image(seconds, noise(0), "blue")


def jpeg(seconds: float) -> tuple[str, bytes]:
    return COMPRESSED_IMAGE, compressed_image(seconds, noise(0), "jpeg")


def packed(text: str):
    def make(seconds: float) -> tuple[str, bytes]:
        kind = common_types().types[COMPRESSED_IMAGE]
        return COMPRESSED_IMAGE, encode(kind(header=header(seconds), format=text, data=np.zeros(9, np.uint8)))

    return make


def bag(folder, **topics) -> BagReader:
    """Of keywords ``cam__image_raw=colour``; a list of them: one a second."""
    made = {"/" + name.replace("__", "/"): kinds for name, kinds in topics.items()}
    with BagWriter(folder / "bag") as writer:
        for topic, kinds in made.items():
            writer.add_topic(topic, next(filter(None, kinds), colour)(0.0)[0])
        for second in range(40):
            for topic, kinds in made.items():
                if second < len(kinds) and kinds[second] is not None:
                    writer.write(topic, kinds[second](1.0 + second)[1], (1 + second) * NANO)
    return BagReader(folder / "bag")


def test_of_one_camera_the_raw_images_are_taken_whatever_its_topics_are_called(tmp_path):
    for number, (raw, other) in enumerate(
        [("x__image_raw", "x__image_raw__compressed"), ("x__image", "x__image__compressed"), ("x", "x__compressed")]
    ):
        choice = choose(bag(tmp_path / str(number), **{other: [jpeg] * 3, raw: [colour] * 3}))
        name = "/" + raw.replace("__", "/")
        assert choice.names == (name,)
        assert choice.left_out == [f"/{other.replace('__', '/')}: the same camera as {name}"]


def test_compressed_images_are_taken_where_the_raw_ones_are_empty_or_broken(tmp_path):
    for number, raw in enumerate(([], [strange] * 3)):
        choice = choose(bag(tmp_path / str(number), x__image_raw=raw, x__image_raw__compressed=[jpeg] * 3))
        assert choice.names == ("/x/image_raw/compressed",)


def test_the_colour_camera_is_taken_and_depth_and_grey_ones_are_told(tmp_path):
    choice = choose(
        bag(
            tmp_path,
            cam__color__image_raw=[colour],
            cam__depth__image_raw=[depth],
            cam__infra1__image_rect_raw=[grey],
            cam__depth2__compressedDepth=[packed("16UC1; compressedDepth png")],
        )
    )
    assert choice.names == ("/cam/color/image_raw",)
    assert choice.left_out == [
        "/cam/depth/image_raw: depth, encoding 16UC1",
        "/cam/depth2/compressedDepth: depth, format 16UC1; compressedDepth png",
        "/cam/infra1/image_rect_raw: grey, encoding mono8",
    ]


def test_by_its_name_a_camera_is_left_out_only_where_there_are_others(tmp_path):
    assert choose(bag(tmp_path / "one", depth__image=[colour])).names == ("/depth/image",)
    choice = choose(bag(tmp_path / "two", depth__image=[colour], front__image=[colour]))
    assert choice.names == ("/front/image",)
    assert "by its name no colour camera" in choice.left_out[0]


@pytest.mark.parametrize(
    ("kinds", "why"),
    [
        ([grey], "no colour image .*encoding mono8"),
        ([depth], "no colour image .*encoding 16UC1"),
        ([strange] * 3, "3 images, none of which can be read: The encoding 'blue' is not known.*3 times"),
        ([], "no images"),
        ([packed("jpeg")], "no whole JPEG"),
    ],
)
def test_without_a_colour_image_the_cause_is_told(tmp_path, kinds, why):
    with pytest.raises(UserError, match=why):
        choose(bag(tmp_path, cam__image_raw=kinds))


def test_all_colour_cameras_are_taken_also_one_that_comes_late(tmp_path):
    reader = bag(tmp_path, wrist=[None] * 30 + [colour], ns__camera__color__image_raw=[colour] * 31, empty=[])
    choice = choose(reader)
    assert choice.names == ("/ns/camera/color/image_raw", "/wrist")
    assert choice.left_out == ["/empty: no images"]


def test_of_many_cameras_those_with_the_most_images_are_taken(tmp_path):
    choice = choose(bag(tmp_path, **{f"cam{number}__image_raw": [colour] * (number + 1) for number in range(8)}))
    assert choice.names == tuple(f"/cam{number}/image_raw" for number in range(8 - MOST, 8))
    assert len(choice.left_out) == 8 - MOST
    assert "at most 4 cameras" in choice.left_out[0]


def test_a_camera_that_gives_only_broken_images_is_left_out_and_told(tmp_path):
    choice = choose(bag(tmp_path, left__image_raw=[strange] * 30, right__image_raw=[None] * 25 + [colour]))
    assert choice.names == ("/right/image_raw",)
    assert "/left/image_raw: 20 images, none of which can be read" in choice.left_out[0]


def test_this_packages_own_cameras_come_first_and_in_their_order(tmp_path):
    reader = bag(tmp_path, front=[colour], camera__b__image_raw=[colour], camera__a__image_raw=[colour])
    choice = choose(reader, cameras=("b", "a"))
    assert choice.names == ("/camera/b/image_raw", "/camera/a/image_raw")
    assert choice.left_out == ["/front: colour, encoding rgb8; not one of b, a"]


def test_a_named_topic_is_taken_whatever_it_shows_but_two_of_one_camera_are_not(tmp_path):
    reader = bag(tmp_path, cam__image_raw=[grey], cam__image_rect=[colour], other=[colour])
    assert choose(reader, ("/cam/image_raw", "/other")).names == ("/cam/image_raw", "/other")
    for twice in (("/cam/image_raw", "/cam/image_rect"), ("/other", "/other")):
        with pytest.raises(UserError, match="images of one camera: name one of them"):
            choose(reader, twice)


def test_theora_is_named_as_not_read():
    topic = TopicInfo("/cam/theora", "theora_image_transport/msg/Packet")
    with pytest.raises(UserError, match=r"/cam/theora: Theora .* is not read"):
        choose(SimpleNamespace(topics={topic.name: topic}, path="bag"))
