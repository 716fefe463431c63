# SPDX-License-Identifier: Apache-2.0
"""The checkpoint that ships."""

import numpy as np
import open_clip
import pytest
import torch

from unified_agent import paths
from unified_agent.language.subgoals import OBJECTS, VOCABULARY
from unified_agent.robot.arm import Arm
from unified_agent.sim.world import World
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

FOLDER = paths.models() / "clip"


@pytest.fixture(scope="module")
def detector():
    return Detector(Clip.load(device="cpu"), [goal.sentence for goal in VOCABULARY])


@pytest.fixture(scope="module")
def world():
    world = World(Arm.load("fr3"), randomise=True)
    yield world
    world.close()


def seen(world: World, detector: Detector) -> set[str]:
    frames = {camera: world.render(camera) for camera in world.cameras}
    return {s for s, true in zip(detector.sentences, detector.true(detector.scores(frames)), strict=True) if true}


def really(world: World) -> set[str]:
    return {goal.sentence for goal in VOCABULARY if world.holds(goal)}


def test_it_is_small_and_its_embeddings_have_128_dimensions():
    assert (FOLDER / "model.safetensors").stat().st_size < 25e6
    assert Clip.load(device="cpu").encode_text(["a box"]).shape == (1, 128)


def test_open_clip_alone_can_load_it(detector):
    model = open_clip.create_model(f"local-dir:{FOLDER}", require_pretrained=True).eval()
    tokens = open_clip.get_tokenizer(f"local-dir:{FOLDER}")(["the red object is on the table"])
    with torch.inference_mode():
        ours, theirs = (
            Clip.load(device="cpu").encode_text(["the red object is on the table"]),
            model.encode_text(tokens),
        )
    torch.testing.assert_close(ours, torch.nn.functional.normalize(theirs))


@pytest.mark.parametrize(
    "layout", [[[a, b], [c]] for a in OBJECTS for b in OBJECTS for c in OBJECTS if len({a, b, c}) == 3]
)
def test_it_says_which_object_is_on_which_and_which_are_on_the_table(detector, world, layout):
    right = 0
    for seed in range(5):
        world.reset(1000 + seed, layout)
        world.step(25)
        right += seen(world, detector) == really(world)
    assert right >= 4


def test_noise_is_nothing_it_knows(detector):
    noise = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    scores = detector.scores({"left": noise[0], "right": noise[1]})
    grasps = [goal.sentence.startswith("the robot") for goal in VOCABULARY]
    assert not detector.true(scores)[grasps].any()


def test_it_knows_its_own_scenes_and_says_of_others_that_it_does_not(detector, world):
    for seed in range(5):
        world.reset(2000 + seed)
        assert not detector.look({camera: world.render(camera) for camera in world.cameras}).unfamiliar
    rng = np.random.default_rng(0)
    steps = np.kron(rng.integers(0, 256, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    noise = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    for strange in (steps, noise, np.full((480, 640, 3), 120, np.uint8), np.zeros((128, 128, 3), np.uint8)):
        assert detector.look({"left": strange}).unfamiliar
        assert detector.look({"left": world.render("left"), "right": strange}).unfamiliar
