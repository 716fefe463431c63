# SPDX-License-Identifier: Apache-2.0
import io

import numpy as np
from PIL import Image

from unified_agent.training.reward.curve import RewardCurve, draw
from unified_agent.training.reward.turns import Turns, turning


def frame(level):
    return np.full((8, 8, 3), level, np.uint8)


def followed(values):
    turns = Turns()
    for number, value in enumerate(values):
        turns.add(float(number), float(value), [frame(round(100 * value))])
    return turns


def test_lows_and_highs_alternate_and_small_swings_do_not_count():
    values = np.array([0.0, 0.5, 0.45, 1.0, 0.2, 0.25, 0.9])
    assert turning(values, 0.3) == [0, 3, 4, 6]


def test_a_curve_that_never_moves_has_one_moment_to_show():
    assert len(followed([0.5] * 10).most(8)) == 1


def test_the_moments_shown_bear_their_own_pictures_and_are_few_however_long_it_was():
    seconds = np.arange(5000)
    turns = followed(0.5 + 0.4 * np.sin(seconds / 800))
    shown = turns.most(8)
    assert 2 <= len(shown) <= 8
    assert [turn.seconds for turn in shown] == sorted(turn.seconds for turn in shown)
    for turn in shown:
        with Image.open(io.BytesIO(turn.picture)) as picture:
            assert abs(np.asarray(picture).mean() - 100 * turn.reward) < 3
    assert max(turn.reward for turn in shown) > 0.89
    assert min(turn.reward for turn in shown) < 0.11


def test_unfamiliar_stretches_are_shaded_and_others_are_not():
    curve = RewardCurve()
    for number in range(100):
        curve.add(float(number), 0.5 + number / 1000, 30 <= number < 60)
    with Image.open(io.BytesIO(draw(curve, followed([0.1, 0.9]), "a cat"))) as picture:
        row = np.asarray(picture.convert("RGB"))[300]
    shaded = np.flatnonzero((row == (58, 36, 36)).all(axis=1))
    # Of 1206 pixels for 99 s, 29 s.
    assert 340 < len(shaded) < 370
