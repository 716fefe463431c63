# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.training.eyes.domains import SHIPPED, bands, checked_moments, load
from unified_agent.vision.sentences import plain


@pytest.mark.parametrize("name", SHIPPED)
def test_of_the_captions_of_one_kind_at_most_one_is_true(name):
    domain = load(name)
    truth = domain.truth(domain.states(np.random.default_rng(0), 3000))
    for kind in {caption.kind for caption in domain.captions}:
        columns = [i for i, caption in enumerate(domain.captions) if caption.kind == kind]
        assert (truth[:, columns] == 1).sum(axis=1).max() == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_every_caption_is_often_true_and_its_strange_form_names_another_thing(name):
    domain = load(name)
    truth = domain.truth(domain.states(np.random.default_rng(0), 3000))
    assert (truth == 1).mean(axis=0).min() > 0.02
    assert all(caption.thing in caption.sentence.split() for caption in domain.captions)


def test_no_wording_means_two_captions():
    said = [plain(w) for name in SHIPPED for caption in load(name).captions for w in caption.wordings]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_state_gives_the_same_picture_whatever_was_drawn_before(name):
    domain = load(name)
    states = domain.states(np.random.default_rng(1), 3)
    first = domain.render(states[0])
    domain.render(states[1])
    np.testing.assert_array_equal(domain.render(states[0]), first)
    assert not np.array_equal(domain.render(states[1]), first)


@pytest.mark.parametrize(
    ("degrees", "x", "sentence"),
    [
        (0, 0, "the pole stands upright"),
        (-25, 0, "the pole leans slightly to the left"),
        (60, 0, "the pole leans far to the right"),
        (-100, 0, "the pole hangs down"),
        (180, 0, "the pole hangs down"),
        (0, -2, "the cart is at the left edge"),
        (0, -4, "the cart has left the picture"),
    ],
)
def test_what_is_said_of_the_cart_and_its_pole_is_so(degrees, x, sentence):
    domain = load("cart_pole")
    truth = domain.truth(np.array([[x, 0, np.radians(degrees), 0]]))[0]
    assert truth[[caption.sentence for caption in domain.captions].index(sentence)] == 1


def test_a_pole_out_of_the_picture_is_not_upright():
    truth = load("cart_pole").truth(np.array([[4.0, 0, 0, 0], [4.0, 0, 0.5, 0]]))
    assert truth[0, 0] == 0
    assert truth[1, 2] == -1


def test_a_pole_that_leans_to_the_right_is_drawn_to_the_right_of_its_cart():
    domain = load("cart_pole")
    picture = domain.render(np.array([0, 0, np.radians(30), 0])).astype(int)
    pole = np.abs(picture - (202, 152, 101)).sum(axis=2) < 30
    assert np.flatnonzero(pole.any(axis=0)).max() > 340


def test_the_flag_is_where_the_top_begins():
    domain = load("mountain_car")
    assert domain.truth(np.array([[0.45, 0], [0.36, 0]]))[:, :2].tolist() == [[1, 0], [0, 1]]


def test_nearer_to_an_edge_than_the_margin_nothing_is_known():
    assert bands(np.array([0.0, 0.95, 1.05, 2.0]), [(-1, 1), (1, 3)], 0.1).tolist() == [
        [1, 0],
        [-1, -1],
        [-1, -1],
        [0, 1],
    ]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("cartpole", "Did you mean 'cart_pole'"),
        ("no_such_module:Thing", "cannot be made: No module named"),
        ("json:JSONDecoder", "has no 'name'"),
    ],
)
def test_a_domain_that_is_none_is_told(spec, told):
    with pytest.raises(UserError, match=told):
        load(spec)


def test_a_domain_whose_truth_does_not_fit_its_captions_is_told():
    domain = load("sticks")
    domain.captions = domain.captions[:2]
    with pytest.raises(UserError, match="each of its 2 captions"):
        next(checked_moments(domain, np.random.default_rng(0), 3))
