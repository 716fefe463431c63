# SPDX-License-Identifier: Apache-2.0
"""Sticks on things and things on hills, drawn from numbers: what CartPole and MountainCar are kin to, and not them."""

import cv2
import numpy as np

from unified_agent.training.eyes.domains import Caption, bands

_HEIGHT, _WIDTH = 200, 300
_FINE = 4  # fractional bits of the coordinates that are drawn
_LEANS = ((-8, 8), (-40, -8), (8, 40), (-90, -40), (40, 90))
_NOUNS = ("rod", "bar", "post", "pencil")
_CARRIED = ("ball", "box", "toy")


def _of_stick(sentence: str, *others: str) -> Caption:
    named = [sentence.replace("stick", noun) for noun in _NOUNS]
    return Caption(sentence, "stick", "stick", (*others, *named))


def _of_block(sentence: str, *others: str) -> Caption:
    named = [sentence.replace("block", noun) for noun in _CARRIED]
    return Caption(sentence, "block", "block", (*others, *named))


class Sticks:
    """A stick that stands or leans on a box, a disc or the ground.

    A state is: where its foot is (shares of width and height), angle (radians, positive to the right), length and
    thickness (shares of the height), half width and height of what it stands on, whether that is a disc, whether there
    is a ground, and whether it is filled.
    """

    name = "sticks"
    palette = ((255, 255, 255), (0, 0, 0), (220, 60, 40), (40, 90, 220))
    captions = (
        _of_stick("the stick stands upright", "the stick is upright", "the stick is vertical", "a stick that stands"),
        *(
            _of_stick(
                f"the stick leans {much} to the {side}",
                f"the stick tilts {also} to the {side}",
                f"a stick that leans {much} to the {side}",
            )
            for much, also in (("slightly", "a little"), ("far", "strongly"))
            for side in ("left", "right")
        ),
    )

    def states(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Every second near upright."""
        widest = rng.choice([25.0, 88.0], count)
        parts = (
            rng.uniform(0.06, 0.94, count),
            rng.uniform(0.5, 0.9, count),
            np.radians(rng.uniform(-widest, widest)),
            rng.uniform(0.2, 0.45, count),
            rng.uniform(0.012, 0.05, count),
            rng.uniform(0.0, 0.09, count),
            rng.uniform(0.0, 0.12, count),
            rng.random(count) < 0.25,
            rng.random(count) < 0.8,
            rng.random(count) < 0.3,
        )
        return np.stack(parts, axis=1)

    def render(self, state: np.ndarray) -> np.ndarray:
        """uint8 RGB, shape (200, 300, 3)."""
        x, y, angle, length, thickness, half, tall, disc, ground, filled = state
        picture = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
        foot, up = np.array([x * _WIDTH, y * _HEIGHT]), np.array([np.sin(angle), -np.cos(angle)])
        across = np.array([-up[1], up[0]]) * thickness * _HEIGHT / 2
        low = foot[1] + tall * _HEIGHT
        if ground:
            deep = _HEIGHT if filled else low + 1.5
            line = [[0, low], [_WIDTH, low], [_WIDTH, deep], [0, deep]]
            _polygon(picture, line, self.palette[1])
        if disc:
            centre = (int(foot[0]), int(foot[1] + tall * _HEIGHT / 2))
            cv2.circle(picture, centre, int(max(3, tall * _HEIGHT / 2)), self.palette[3], -1, cv2.LINE_AA)
        else:
            left, right = foot[0] - half * _HEIGHT, foot[0] + half * _HEIGHT
            _polygon(picture, [[left, foot[1]], [right, foot[1]], [right, low], [left, low]], self.palette[3])
        top = foot + up * length * _HEIGHT
        _polygon(picture, [foot - across, foot + across, top + across, top - across], self.palette[2])
        return picture

    def truth(self, states: np.ndarray) -> np.ndarray:
        """1, 0 or -1."""
        return bands(np.degrees(states[:, 2]), _LEANS, 2.0)


class Hills:
    """A thing on a valley's floor, a slope or a summit, and often a flag.

    A state is: where the thing is (share of the width), the valley's middle and the hills' distance from it (shares of
    the width), heights of valley and hills (shares of the height, from above), the thing's size (share of the height),
    whether it is round, whether the hill is filled, and where a flag stands (-1 left, 0 nowhere, 1 right).
    """

    name = "hills"
    palette = ((255, 255, 255), (0, 0, 0), (220, 60, 40), (40, 160, 60))
    captions = (
        _of_block("the block is at the top of the right hill", "the block is on the summit of the right hill"),
        _of_block("the block is near the top of the right hill", "the block is high up the right hill"),
        _of_block("the block is half way up the right hill", "the block is on the slope of the right hill"),
        _of_block("the block is in the valley", "the block is at the bottom of the valley"),
        _of_block("the block is half way up the left hill", "the block is on the slope of the left hill"),
        _of_block("the block is near the top of the left hill", "the block is high up the left hill"),
        _of_block("the block is at the top of the left hill", "the block is on the summit of the left hill"),
    )
    _TOP, _NEAR, _HALF = 0.94, 0.66, 0.14
    """Shares of a hill's height where its summit, its upper part and its slope begin."""

    def states(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Every fourth near the right summit."""
        middle, apart = rng.uniform(0.3, 0.6, count), rng.uniform(0.35, 0.6, count)
        near = middle + apart * rng.uniform(0.75, 1.05, count)
        place = np.where(rng.random(count) < 0.25, near, rng.uniform(0.02, 0.98, count))
        parts = (
            place.clip(middle - 1.06 * apart, middle + 1.06 * apart).clip(0.02, 0.98),
            middle,
            apart,
            rng.uniform(0.65, 0.95, count),
            rng.uniform(0.1, 0.4, count),
            rng.uniform(0.04, 0.09, count),
            rng.random(count) < 0.3,
            rng.random(count) < 0.3,
            rng.choice([-1, 0, 1], count, p=[0.1, 0.2, 0.7]),
        )
        return np.stack(parts, axis=1)

    def render(self, state: np.ndarray) -> np.ndarray:
        """uint8 RGB, shape (200, 300, 3)."""
        place, middle, apart, _, _, size, disc, filled, flag = state.tolist()
        picture = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
        xs = np.linspace(0, 1, 100)
        line = np.stack([xs * _WIDTH, self._y(state, xs) * _HEIGHT], axis=1)
        if filled:
            _polygon(picture, [*line, [_WIDTH, _HEIGHT], [0, _HEIGHT]], self.palette[1])
        cv2.polylines(picture, [_fixed(line)], False, self.palette[1], 1, cv2.LINE_AA, _FINE)
        if flag:
            x = middle + flag * apart * 0.93
            foot = np.array([x * _WIDTH, self._y(state, x) * _HEIGHT])
            _polygon(picture, foot + np.array([[0, 0], [1.5, 0], [1.5, -25], [0, -25]]), self.palette[1])
            _polygon(picture, foot + np.array([[0, -25], [0, -19], [12, -22]]), self.palette[3])
        at = np.array([place * _WIDTH, self._y(state, place) * _HEIGHT])
        slope = (self._y(state, place + 0.01) - self._y(state, place - 0.01)) * _HEIGHT / (0.02 * _WIDTH)
        along = np.array([1.0, slope]) / np.hypot(1.0, slope)
        up = np.array([along[1], -along[0]])
        side = size * _HEIGHT
        if disc:
            centre = at + up * side / 2
            cv2.circle(picture, tuple(int(c) for c in centre), int(side / 2), self.palette[2], -1, cv2.LINE_AA)
        else:
            low, high = at + up * 1.0, at + up * side
            wide = along * side * 0.75
            _polygon(picture, [low - wide, low + wide, high + wide, high - wide], self.palette[2])
        return picture

    def truth(self, states: np.ndarray) -> np.ndarray:
        """1, 0 or -1."""
        place, middle, apart = states[:, 0], states[:, 1], states[:, 2]
        share = (place - middle) / apart  # beyond a summit it is drawn as far as a thing's width: that is at the top
        height = np.sign(share) * (1 - np.cos(np.pi * share.clip(-1, 1))) / 2
        edges = (self._TOP, self._NEAR, self._HALF)
        right = [(edges[0], 1.1), (edges[1], edges[0]), (edges[2], edges[1])]
        left = [(-high, -low) for low, high in right]
        return bands(height, [*right, (-edges[2], edges[2]), *left[::-1]], 0.02)

    @staticmethod
    def _y(state: np.ndarray, x: np.ndarray) -> np.ndarray:
        _, middle, apart, valley, hill = state[:5]
        return hill + (valley - hill) * (1 + np.cos(np.pi * (x - middle) / apart)) / 2


def _polygon(picture: np.ndarray, corners, colour: tuple[int, int, int]) -> None:
    cv2.fillPoly(picture, [_fixed(np.asarray(corners))], colour, cv2.LINE_AA, _FINE)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(points * 2**_FINE).astype(np.int32)
