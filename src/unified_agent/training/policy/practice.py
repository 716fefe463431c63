# SPDX-License-Identifier: Apache-2.0
"""Practice that a scripted teacher makes in the environment: what it would do, for every sub-goal, in each state."""

import numpy as np
from tqdm import tqdm

from unified_agent.errors import SEEDS, in_range
from unified_agent.folders import OwnFolder
from unified_agent.language.subgoals import OBJECTS, VOCABULARY
from unified_agent.sim import tasks, teacher
from unified_agent.sim.env import StackObjects
from unified_agent.training.policy.cloning import Demonstrations

CHUNK = 500
MOST_STATES = 10_000_000
ACTIONS_PER_START = 12
# What is done between two labelled states: what the teacher does for a random sub-goal, the
# same but missing by some centimetres, or anything. The last two lead to states that a
# policy must recover from.
BEHAVIOURS, CHANCES = ("teacher", "clumsy", "random"), (0.6, 0.2, 0.2)
CLUMSINESS = 0.02


def practise(arm: str, states: int, seed: int, folder: OwnFolder) -> Demonstrations:
    """Meet ``states`` states (rounded up to chunks of 500) and label each for the whole vocabulary.

    Every chunk is a file in the folder, which is of one arm, made from its own seed: what an interrupted run
    finished is kept, and the same seed gives the same data.
    """
    in_range("states", states, 1, MOST_STATES)
    in_range("seed", seed, 0, SEEDS)
    chunks = [folder.place(f"work/practice-{seed}-{index:04d}.npz") for index in range(-(-states // CHUNK))]
    env = StackObjects(arm=arm, max_actions=ACTIONS_PER_START + 1)
    with tqdm(total=len(chunks) * CHUNK, desc="practise", unit="state", mininterval=2) as progress:
        for index, path in enumerate(chunks):
            if not path.is_file():
                _chunk(env, np.random.default_rng([seed, index]), progress).save(path)
            progress.update((index + 1) * CHUNK - progress.n)
    env.close()
    return Demonstrations.concatenate([Demonstrations.load(path) for path in chunks])


def _chunk(env: StackObjects, rng: np.random.Generator, progress: tqdm) -> Demonstrations:
    rows = []
    truncated = True
    for number in range(CHUNK):
        if number % ACTIONS_PER_START == 0 or truncated:
            env.reset(seed=int(rng.integers(2**31)), options={"task": str(rng.choice(tasks.names()))})
        state = env.state
        labels = [(goal.sentence, teacher.act(goal, state, env.world.arm.basket)) for goal in VOCABULARY]
        objects = np.array([state.objects[name] for name in OBJECTS])
        rows += [(objects, state.tool, state.holding, sentence, action) for sentence, action in labels]
        truncated = env.step(_behave(env, labels, rng))[3]
        progress.update()
    return Demonstrations(*(np.array(column) for column in zip(*rows, strict=True)))


def _behave(env: StackObjects, labels: list[tuple[str, np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    low, high = env.action_space.low, env.action_space.high
    behaviour = rng.choice(BEHAVIOURS, p=CHANCES)
    if behaviour == "random":
        return rng.uniform(low, high)
    _, action = labels[rng.integers(len(labels))]
    if behaviour == "clumsy":
        action = action + rng.normal(0, CLUMSINESS, 2)
    return np.clip(action, low, high)
