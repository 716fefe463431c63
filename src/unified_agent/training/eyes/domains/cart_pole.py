# SPDX-License-Identifier: Apache-2.0
"""CartPole: how the pole leans, and where the cart is."""

import numpy as np

from unified_agent.training.eyes.domains import Caption, bands
from unified_agent.training.eyes.domains.classic_control import RenderedStates

# Angles of the pole from upright, degrees, positive to the right; where the cart is, in the environment's units.
_LEANS = ((-8, 8), (-40, -8), (8, 40), (-90, -40), (40, 90), (90, 270))
_PLACES = ((-0.5, 0.5), (-1.5, -0.5), (0.5, 1.5), (-2.5, -1.5), (1.5, 2.5), (2.5, 9.0))
_UNSURE, _NEAR = 2.0, 0.1
"""What nobody could tell: so near to the edge of a band."""
_LEAVES = 2.5


def _leans(side: str) -> tuple[Caption, Caption]:
    slightly = (
        f"the pole is slightly tilted to the {side}",
        f"the pole tilts a little to the {side}",
        f"the pole is leaning a bit to the {side}",
        f"a pole that leans slightly to the {side}",
        f"the pole is a little {side} of vertical",
    )
    far = (
        f"the pole is strongly tilted to the {side}",
        f"the pole tilts far to the {side}",
        f"the pole is falling to the {side}",
        f"a pole that leans far to the {side}",
        f"the pole is nearly level on the {side}",
    )
    return (
        Caption(f"the pole leans slightly to the {side}", "pole", "pole", slightly),
        Caption(f"the pole leans far to the {side}", "pole", "pole", far),
    )


def _stands(side: str) -> tuple[Caption, Caption]:
    near = (
        f"the cart is a little {side} of the centre",
        f"the cart is slightly to the {side}",
        f"the cart stands {side} of the middle",
    )
    edge = (
        f"the cart is on the far {side}",
        f"the cart is close to the {side} border",
        f"the cart stands at the {side} end of the track",
    )
    return (
        Caption(f"the cart is a little {side} of the middle", "cart", "cart", near),
        Caption(f"the cart is at the {side} edge", "cart", "cart", edge),
    )


(_SLIGHTLY_LEFT, _FAR_LEFT), (_SLIGHTLY_RIGHT, _FAR_RIGHT) = _leans("left"), _leans("right")
(_LEFT, _LEFT_EDGE), (_RIGHT, _RIGHT_EDGE) = _stands("left"), _stands("right")


class CartPole:
    """``CartPole-v1``; a state is x, its speed, the angle in radians, its speed."""

    name = "cart_pole"
    palette = ((255, 255, 255), (0, 0, 0), (202, 152, 101), (129, 132, 203))
    captions = (
        Caption(
            "the pole stands upright",
            "pole",
            "pole",
            (
                "the pole is upright",
                "the pole is vertical",
                "the pole points straight up",
                "a pole that stands upright",
                "the pole is balanced",
                "the pole stands straight",
            ),
        ),
        _SLIGHTLY_LEFT,
        _SLIGHTLY_RIGHT,
        _FAR_LEFT,
        _FAR_RIGHT,
        Caption(
            "the pole hangs down",
            "pole",
            "pole",
            ("the pole points down", "the pole is upside down", "a pole that hangs below the cart"),
        ),
        Caption(
            "the cart is in the middle",
            "cart",
            "cart",
            (
                "the cart is in the centre",
                "the cart is in the middle of the track",
                "a cart in the middle of the picture",
                "the cart stands at the centre",
            ),
        ),
        _LEFT,
        _RIGHT,
        _LEFT_EDGE,
        _RIGHT_EDGE,
        Caption("the cart has left the picture", "cart", "cart", ("the cart is out of sight", "the cart is gone")),
        Caption(
            "a pole on a cart", "scene", "cart", ("a cart with a pole", "a cart and a pole", "a picture of a cart")
        ),
    )

    def __init__(self) -> None:
        self._pictures = RenderedStates("CartPole-v1")

    def states(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """At rest; every second near upright, a few with the cart out of the picture."""
        widest = rng.choice([25.0, 100.0, 180.0], count, p=[0.45, 0.35, 0.2])
        place = np.where(rng.random(count) < 0.85, rng.uniform(-2.4, 2.4, count), rng.uniform(2.4, 4.5, count))
        place *= rng.choice([-1, 1], count)
        angle = np.radians(rng.uniform(-widest, widest))
        still = np.zeros(count)
        return np.stack([place, still, angle, still], axis=1)

    def render(self, state: np.ndarray) -> np.ndarray:
        """See `RenderedStates`."""
        return self._pictures.render(state)

    def truth(self, states: np.ndarray) -> np.ndarray:
        """1, 0 or -1; of a cart that has left the picture it is not known how its pole leans, but it is not upright."""
        place, angle = states[:, 0], np.degrees(states[:, 2])
        angle = (angle + 90) % 360 - 90
        pole = bands(angle, _LEANS, _UNSURE)
        # From -90 to 270 degrees: the far left and hanging meet where the circle closes.
        pole[(angle < -90 + _UNSURE) | (angle > 270 - _UNSURE)] = (0, 0, 0, -1, 0, -1)
        cart = bands(place, _PLACES, _NEAR)
        cart[:, 5] = bands(np.abs(place), _PLACES[5:], _NEAR)[:, 0]
        out = np.abs(place) > _LEAVES - _NEAR
        pole[out] = np.where(pole[out] == 1, -1, pole[out])
        pole[np.abs(place) > _LEAVES + _NEAR, 0] = 0
        scene = np.where(out, -1, 1)
        return np.column_stack([pole, cart, scene]).astype(np.int8)
