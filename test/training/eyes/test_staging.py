# SPDX-License-Identifier: Apache-2.0
from itertools import islice

import numpy as np
import pytest

from unified_agent.language.subgoals import VOCABULARY, Relation
from unified_agent.robot.arm import Arm
from unified_agent.training.eyes.staging import LESSONS, SHARES, Stage

GRASPING = [goal.relation is Relation.GRASPING for goal in VOCABULARY]


@pytest.fixture(scope="module")
def stage():
    stage = Stage(Arm.load("fr3"), randomise=True)
    yield stage
    stage.world.close()


@pytest.fixture(scope="module")
def moments(stage):
    return list(islice(stage.moments(np.random.default_rng(0)), 240))


def truth(moments, kind: str) -> np.ndarray:
    return np.stack([truth for of, _, truth, _ in moments if of == kind])


def test_a_view_is_a_frame_of_every_camera_with_the_truth_of_every_sub_goal(moments):
    _, frames, labels, reasons = moments[0]
    assert frames.shape == (2, 128, 128, 3)
    assert frames.dtype == np.uint8
    assert labels.shape == (12,)
    assert set(labels) <= {-1, 0, 1}
    np.testing.assert_array_equal(labels == -1, reasons > 0)


def test_each_kind_of_scene_gives_its_share(moments):
    for kind, share in SHARES.items():
        assert sum(of == kind for of, *_ in moments) == pytest.approx(share * len(moments), abs=40)


def test_practice_shows_every_relation_true_and_false(moments):
    labels = truth(moments, "practice")
    for relation in Relation:
        columns = labels[:, [goal.relation is relation for goal in VOCABULARY]]
        assert (columns == 1).any()
        assert (columns == 0).any()


def test_an_empty_gripper_poised_near_a_box_is_never_called_grasping(moments):
    assert not (truth(moments, "poised")[:, GRASPING] == 1).any()


def test_a_carried_box_is_held_and_on_nothing(moments):
    for labels in truth(moments, "carried"):
        for held in np.flatnonzero((labels == 1) & GRASPING):
            subject = VOCABULARY[held].subject
            assert not any(labels[i] == 1 and g.subject == subject for i, g in enumerate(VOCABULARY) if i != held)


def test_the_same_seed_plays_the_same_scenes(stage):
    first, second = (list(islice(stage.moments(np.random.default_rng(5)), 12)) for _ in range(2))
    for (kind, frames, labels, _), (again, same_frames, same_labels, _) in zip(first, second, strict=True):
        assert kind == again
        np.testing.assert_array_equal(labels, same_labels)
        np.testing.assert_array_equal(frames, same_frames)


def test_lessons_have_heaps_under_more_kinds_of_light_than_tests():
    stage = Stage(Arm.load("fr3"), randomise=True, lessons=True)
    taken = list(islice(stage.moments(np.random.default_rng(0)), 60))
    assert {kind for kind, *_ in taken} == set(LESSONS)
    assert (truth(taken, "heaped")[:, GRASPING] != 1).all()
    light = [frames.mean() for _, frames, *_ in taken]
    assert min(light) < 0.4 * max(light)
    stage.world.close()
