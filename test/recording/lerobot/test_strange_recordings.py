# SPDX-License-Identifier: Apache-2.0
"""Recordings whose joints, commands, stamps and pictures are anything, by seed: rows come out, or a user's error."""

import random
from contextlib import suppress
from itertools import chain

import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.recording.images import IMAGE
from unified_agent.recording.lerobot.rows import RecordedRows
from unified_agent.recording.lerobot.sources import TRAJECTORY, SignalTopics
from unified_agent.recording.lerobot.writer import DatasetWriter, Shape
from unified_agent.recording.reader import BagReader

from .conftest import JOINT_STATE, MARKERS, TYPES, encode, foreign, header, joint_state, markers, trajectory

ARRAY = "std_msgs/msg/Float64MultiArray"


def number(chance: random.Random) -> float:
    return chance.choice([*(chance.uniform(-3, 3) for _ in range(8)), np.nan, np.inf, -np.inf, 1e300])


def stamp(chance: random.Random, time: float) -> float:
    shift = chance.choice([0] * 12 + [-99, 3600, -1, 1, -0.01, 1e6])
    return chance.choice([time + shift] * 20 + [0, -(2**31), 2**31 - 1])


def messages(chance: random.Random) -> list:
    """At 10 Hz, some of each kind."""
    made = []
    for tick in range(chance.choice([1, 2, 12])):
        time = 100 + tick / 10 + chance.choice([0, 0, chance.uniform(-0.05, 0.05)])
        height, width = chance.choice([(32, 48)] * 20 + [(33, 47), (0, 0), (1, 1), (32, 32)])
        pixels = np.zeros(height * width * 3, np.uint8)
        picture = TYPES[IMAGE](header(stamp(chance, time)), height, width, "rgb8", 0, 3 * width, pixels)
        made.append(("/cam/image_raw", IMAGE, time, encode(picture)))
        for _ in range(chance.choice([0, 1, 3])):
            names = chance.choice([["a", "b"]] * 4 + [["b", "", "b"], ["x" * 300, "d\n"], []])
            values = [number(chance) for _ in range(max(0, len(names) + chance.choice([0, 0, 0, -1, 1])))]
            state = joint_state(stamp(chance, time), names, values)
            made.append((chance.choice(["/joint_states", "/second"]), JOINT_STATE, time, state))
        points = [
            (chance.choice([0, 1, 0.5, 2**31 - 1]), [number(chance) for _ in range(chance.choice([2, 2, 2, 1, 0, 3]))])
            for _ in range(chance.choice([0, 1, 2, 5]))
        ]
        made.append(("/arm", TRAJECTORY, time, trajectory(stamp(chance, time), ["a", "b"], points)))
        values = np.array([number(chance) for _ in range(chance.choice([0, 1, 2, 2, 2]))])
        layout = TYPES["std_msgs/msg/MultiArrayLayout"]([], 0)
        made.append(("/hand", ARRAY, time, encode(TYPES[ARRAY](layout, values))))
        made.append(("/objects", MARKERS, time, markers(time, number(chance))))
    if chance.random() < 0.2:
        made = [(*rest, data[: chance.choice([len(data), chance.randrange(len(data))])]) for *rest, data in made]
    return made


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(25))
def test_whatever_was_recorded_rows_come_or_only_a_users_error(tmp_path, seed):
    chance = random.Random(seed)
    reader = BagReader(foreign(tmp_path / "bag", [], messages(chance)))
    states = [topic for topic in ("/joint_states", "/second") if topic in reader.topics]
    actions = chance.sample(["/arm", "/hand"], chance.randrange(3))
    with suppress(UserError), OwnFolder.claim(tmp_path / "dataset", "export", {}) as folder:
        signals = SignalTopics.of(reader, states, actions if states else (), not states)
        recorded = RecordedRows(reader, ("/cam/image_raw",), signals, by_stamp=chance.random() < 0.8)
        rows = recorded.rows(10)
        first = next(rows, None)
        if first is None:
            assert recorded.why_nothing()
            return
        writer = DatasetWriter(folder, 10, Shape.of(first, ["cam"]))
        assert writer.add(chain([first], rows), "task") > 0
        writer.close()
