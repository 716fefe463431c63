# SPDX-License-Identifier: Apache-2.0
"""A sentence as the reward on the tabletop: fresh views, and episodes that succeed and fail in ways that robots do."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.experiments import Conditions, tabletop_picture
from unified_agent.experiments.results import Results
from unified_agent.language.subgoals import VOCABULARY, Relation, SubGoal
from unified_agent.robot.arm import Arm
from unified_agent.sim import teacher
from unified_agent.sim.env import StackObjects
from unified_agent.sim.scene import OBJECT_SIZE
from unified_agent.sim.world import CONTROL_STEPS
from unified_agent.state import State
from unified_agent.training.eyes.collection import Split
from unified_agent.training.eyes.staging import Stage
from unified_agent.training.reward.measures import auc, epic, mean_of, rank_correlation, value_order_correlation
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel, regularized

VIEWS, QUICK_VIEWS = 1_000, 200
EPISODES, QUICK_EPISODES = 50, 10
"""Of each kind: that succeed, and that fail."""
SEED = 60_000
FRESH = max(Split) + 1
"""Seeds of views are drawn from (split, number): no split of CLIP's has this one."""
ALPHAS = tuple(round(0.1 * step, 1) for step in range(11))
NEAR = 2.05 * OBJECT_SIZE
"""What is not done, but no further from it than two boxes, is a near miss: held above, beside, leaning, upside down."""
PLAIN, FOREIGN = "the red object is on top of the blue object", "a tower with red above blue"
ON_TABLE, SCENE = "the red object is on the table", "a robot and a table"
_BLOCK = 20
"""Views in a row are of one scene, or of a few: intervals are drawn over runs of so many."""
_DRAWS = 400
_LAST = 10
"""Moments, the last second of an episode, whose mean reward is its value."""
_GOALS = tuple(goal for goal in VOCABULARY if goal.relation is not Relation.ON_TABLE)
_ROWS = (
    *(Goal((goal.sentence,), (f"the {goal.subject} object is on the table",)) for goal in _GOALS),
    Goal((PLAIN,), (SCENE,)),
    Goal((FOREIGN,), (ON_TABLE,)),
    Goal((FOREIGN,), (SCENE,)),
)
_STUDIED = tuple(row for row in _ROWS if row.sentences[0] in (PLAIN, FOREIGN))


def made_with(conditions: Conditions) -> dict[str, Any]:
    """What the figures depend on."""
    from unified_agent.training.runs import arm_identity

    return {
        "quick": conditions.quick,
        "arm": arm_identity(Arm.load(conditions.arm)),
        "clip": Clip.load(conditions.clip, "cpu").fingerprint,
    }


def run(folder: Path, conditions: Conditions) -> dict[str, Any]:
    """Look at views and episodes, and measure every reward at every alpha.

    Args:
        folder: of what was seen, so that an interrupted run goes on.
        conditions: CLIP and arm; ``quick``: a fifth of it.
    """
    model = RewardModel(Clip.load(conditions.clip), _ROWS)
    results = Results(folder / "reward_tabletop.jsonl")
    arm = Arm.load(conditions.arm)
    _see_views(results, model, arm, QUICK_VIEWS if conditions.quick else VIEWS)
    count = QUICK_EPISODES if conditions.quick else EPISODES
    _see_episodes(results, model, arm, count)
    views = _Views(results, model.overlaps)
    return {
        "views": views.count,
        "unfamiliar": views.unfamiliar,
        "sentences": views.by_sentence(),
        "alphas": views.by_alpha(),
        "episodes": _by_alpha(results, count, model.overlaps),
        "trace": _traces(results, count, model.overlaps),
    }


def _see_views(results: Results, model: RewardModel, arm: Arm, count: int) -> None:
    """Half of the views with randomised lights, cameras and colours, half without."""
    for part in range(2):
        if (key := f"views {part}") in results:
            continue
        stage = Stage(arm, randomise=part == 0)
        rows: dict[str, list] = {"cosines": [], "unfamiliar": [], "truth": [], "distance": []}
        moments = islice(stage.moments(np.random.default_rng((FRESH, part))), count // 2)
        for _, frames, truth in tqdm(moments, total=count // 2, desc=key, unit="view"):
            looks = model.look(frames[None])
            state = stage.world.state()
            rows["cosines"].append(looks.cosines[0].round(5).tolist())
            rows["unfamiliar"].append(bool(looks.unfamiliar is not None and looks.unfamiliar[0]))
            rows["truth"].append(truth.tolist())
            rows["distance"].append([round(_distance(goal, state), 4) for goal in VOCABULARY])
        stage.world.close()
        results.add(key, rows)


def _distance(goal: SubGoal, state: State) -> float:
    """From where the object, or the tool, would be if the sub-goal were true, metres."""
    position = state.objects[goal.subject]
    match goal.relation:
        case Relation.GRASPING:
            return float(np.linalg.norm(position - state.tool))
        case Relation.ON_TOP_OF:
            return float(np.linalg.norm(position - state.objects[goal.support] - (0.0, 0.0, OBJECT_SIZE)))
        case Relation.ON_TABLE:
            return float(position[2] - OBJECT_SIZE / 2)


class _Views:
    """What was seen in single moments."""

    def __init__(self, results: Results, overlaps: np.ndarray):
        rows = [results[f"views {part}"] for part in range(2)]
        self._cosines, self._truth, self._distance = (
            np.concatenate([np.array(row[name], np.float32) for row in rows])
            for name in ("cosines", "truth", "distance")
        )
        self._overlaps = overlaps
        self.count = len(self._truth)
        self.unfamiliar = sum(sum(row["unfamiliar"]) for row in rows)

    def by_sentence(self) -> list[dict[str, Any]]:
        """Each sub-goal's own sentence at alpha 0, with intervals."""
        return [self._figures(row, 0.0, intervals=True) for row in range(len(_GOALS))]

    def by_alpha(self) -> list[dict[str, Any]]:
        """The plain and the foreign words, with either baseline, at every alpha."""
        return [self._figures(_ROWS.index(row), alpha) for row in _STUDIED for alpha in ALPHAS]

    def _figures(self, row: int, alpha: float, intervals: bool = False) -> dict[str, Any]:
        goal = _ROWS[row]
        sentence = PLAIN if goal.sentences[0] == FOREIGN else goal.sentences[0]
        column = [one.sentence for one in VOCABULARY].index(sentence)
        known = self._truth[:, column] >= 0
        rewards = _reward(self._cosines[:, :, row], self._overlaps[row], alpha)[known]
        truth, distance = self._truth[known, column] == 1, self._distance[known, column]
        near = ~truth & (distance < NEAR)

        def measure(name: str) -> Callable[[np.ndarray], float]:
            return {
                "auc": lambda at: auc(rewards[at][truth[at]], rewards[at][~truth[at]]),
                "near_auc": lambda at: auc(rewards[at][truth[at]], rewards[at][near[at]]),
                "epic": lambda at: epic(rewards[at], truth[at]),
                "rho": lambda at: rank_correlation(rewards[at], -distance[at]),
            }[name]

        everything = np.arange(len(rewards))
        figures: dict[str, Any] = {name: measure(name)(everything) for name in ("auc", "near_auc", "epic", "rho")}
        if intervals:
            blocks = [everything[start : start + _BLOCK] for start in range(0, len(everything), _BLOCK)]
            figures |= {f"{name}_interval": _interval(measure(name), blocks) for name in ("auc", "near_auc")}
        counts = {"true": int(truth.sum()), "false": int((~truth).sum()), "near": int(near.sum())}
        words = {"goal": goal.sentences[0], "baseline": goal.baselines[0], "alpha": alpha}
        return {**words, **counts, "not_known": int((~known).sum()), **figures}


def _see_episodes(results: Results, model: RewardModel, arm: Arm, count: int) -> None:
    """Success, then each kind of failure in turn; an episode that came out otherwise than it was to is not counted."""
    env = StackObjects("stack_red_on_blue", arm=arm, randomise=True)
    kinds = list(FAILURES)
    wanted = [("success", number) for number in range(count)]
    wanted += [(kinds[number % len(kinds)], number) for number in range(count)]
    for kind, number in tqdm(wanted, desc="episodes", unit="episode"):
        if (key := f"{kind} {number}") in results:
            continue
        for attempt in range(20):
            seed = SEED + 10_000 * (kind != "success") + 100 * number + attempt
            moments = _film(env, kind, seed)
            if moments is not None:
                cosines = model.look(moments).cosines.round(5).tolist()
                results.add(key, {"kind": kind, "seed": seed, "spoilt": attempt, "cosines": cosines})
                break
        else:
            raise UserError(f"With this arm no episode came out as '{kind}' in 20 tries.")
    env.close()


def _film(env: StackObjects, kind: str, seed: int) -> np.ndarray | None:
    """Ten moments a second of an episode; None where it did not come out as it was to."""
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    moments: list[np.ndarray] = []
    ticks = 0

    def watch() -> None:
        nonlocal ticks
        if ticks % 5 == 0:
            moments.append(np.stack(list(env.frames().values())))
        ticks += 1

    def wait(seconds: float) -> None:
        for _ in range(round(50 * seconds)):
            env.world.step(CONTROL_STEPS)
            watch()

    wait(0.5)
    for action in ACTIONS[kind](env, rng):
        env.perform(np.clip(action, env.action_space.low, env.action_space.high), watch)
    if kind == "stacked, then knocked off":
        if not env.task.success(env.world):
            return None
        wait(0.3)
        angle = rng.uniform(0, 2 * np.pi)
        env.world.data.joint("red").qvel[:2] = 0.8 * np.array([np.cos(angle), np.sin(angle)])
    wait(1.2)
    return np.stack(moments) if env.task.success(env.world) == (kind == "success") else None


def _stack(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for goal in env.task.plan:
        yield teacher.act(goal, env.state, env.world.arm.basket)


def _wrong_object(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield env.state.objects["green"][:2]
    yield env.state.objects["blue"][:2]


def _missed_place(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield env.state.objects["red"][:2]
    yield env.state.objects["blue"][:2] + _aside(rng, 0.6, 1.1)


def _dropped_beside(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    yield env.state.objects["red"][:2]
    yield env.state.objects["blue"][:2] + _aside(rng, 2.0, 3.0)


def _never_grasped(env: StackObjects, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for _ in range(2):
        yield env.state.objects["red"][:2] + _aside(rng, 1.3, 2.0)


def _aside(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """In any direction, by so many boxes."""
    angle = rng.uniform(0, 2 * np.pi)
    return rng.uniform(low, high) * OBJECT_SIZE * np.array([np.cos(angle), np.sin(angle)])


FAILURES: dict[str, Callable[[StackObjects, np.random.Generator], Iterator[np.ndarray]]] = {
    "the wrong object": _wrong_object,
    "missed the place": _missed_place,
    "dropped beside": _dropped_beside,
    "never grasped": _never_grasped,
    "stacked, then knocked off": _stack,
}
ACTIONS = {"success": _stack, **FAILURES}


def _by_alpha(results: Results, count: int, overlaps: np.ndarray) -> list[dict[str, Any]]:
    """Order in time, and of failures below successes, of the studied words at every alpha."""
    return [
        _of_episodes(results, count, row.sentences[0], row.baselines[0], alpha, overlaps)
        for row in _STUDIED
        for alpha in ALPHAS
    ]


def _of_episodes(
    results: Results, count: int, sentence: str, baseline: str, alpha: float, overlaps: np.ndarray
) -> dict[str, Any]:
    row = _ROWS.index(Goal((sentence,), (baseline,)))

    def rewards(key: str) -> np.ndarray:
        return _reward(np.array(results[key]["cosines"], np.float32)[:, :, row], overlaps[row], alpha)

    return {"goal": sentence, "baseline": baseline, "alpha": alpha, **_ordered(*_split(count, rewards))}


def _split(count: int, rewards: Callable[[str], np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Rewards of each episode that succeeds, and of each that fails."""
    kinds = list(FAILURES)
    failed = [f"{kinds[number % len(kinds)]} {number}" for number in range(count)]
    return [rewards(f"success {number}") for number in range(count)], [rewards(key) for key in failed]


def _ordered(done: Sequence[np.ndarray], failed: Sequence[np.ndarray]) -> dict[str, Any]:
    orders = np.array([value_order_correlation(rewards) for rewards in done])
    good, bad = (np.array([rewards[-_LAST:].mean() for rewards in side]) for side in (done, failed))
    pairs = [np.array([number]) for number in range(len(good))]
    kinds = list(FAILURES)
    return {
        "voc": mean_of(orders),
        "voc_interval": _interval(lambda at: mean_of(orders[at]), pairs),
        "ranked": auc(good, bad),
        "ranked_interval": _interval(lambda at: auc(good[at], bad[at]), pairs),
        "ranked_by_kind": {kind: auc(good, bad[number :: len(kinds)]) for number, kind in enumerate(kinds)},
    }


def _traces(results: Results, count: int, overlaps: np.ndarray) -> dict[str, list[float]]:
    """The mean reward of each kind of episode over its time, of the plain words at alpha 0, at 50 points."""
    row = next(number for number, goal in enumerate(_ROWS) if goal.sentences[0] == PLAIN)
    traces: dict[str, list[np.ndarray]] = {}
    kinds = list(FAILURES)
    for number in range(count):
        for kind in ("success", kinds[number % len(kinds)]):
            cosines = np.array(results[f"{kind} {number}"]["cosines"], np.float32)[:, :, row]
            rewards = _reward(cosines, overlaps[row], 0.0)
            times = np.linspace(0, len(rewards) - 1, 50)
            traces.setdefault(kind, []).append(np.interp(times, np.arange(len(rewards)), rewards))
    return {kind: np.mean(rows, axis=0).round(4).tolist() for kind, rows in traces.items()}


def _reward(cosines: np.ndarray, overlap: float, alpha: float) -> np.ndarray:
    """(N, C, 2) -> (N,)."""
    return regularized(cosines, overlap, alpha).mean(axis=1)


def _interval(measure: Callable[[np.ndarray], float], blocks: Sequence[np.ndarray]) -> list[float]:
    """The bootstrap's 95% interval of a measure of indices, whole blocks of which are drawn together."""
    rng = np.random.default_rng(0)
    draws = [
        measure(np.concatenate([blocks[block] for block in rng.integers(0, len(blocks), len(blocks))]))
        for _ in range(_DRAWS)
    ]
    return np.nanpercentile(draws, [2.5, 97.5]).tolist()


def tell(result: dict[str, Any]) -> str:
    """Each sentence on single views; then the plain and the foreign words by alpha."""
    lines = [f"{result['views']} fresh views, {result['unfamiliar']} of them called unfamiliar:"]
    for row in result["sentences"]:
        low, high = row["auc_interval"]
        lines.append(
            f"  {row['goal']:45} AUC {row['auc']:.4f} [{low:.4f}, {high:.4f}], near misses {row['near_auc']:.4f}, "
            f"EPIC {row['epic']:.3f}, rho {row['rho']:.2f} ({row['true']} true, {row['near']} near)"
        )
    for seen, done in zip(result["alphas"], result["episodes"], strict=True):
        if seen["alpha"] in (0.0, 0.5, 1.0):
            lines.append(
                f"  '{seen['goal']}' against '{seen['baseline']}', alpha {seen['alpha']:g}: AUC {seen['auc']:.4f}, "
                f"near {seen['near_auc']:.4f}, EPIC {seen['epic']:.3f}, rho {seen['rho']:.2f}, "
                f"VOC {done['voc']:.3f}, failed below successful {done['ranked']:.3f}"
            )
    return "\n".join(lines)


draw = tabletop_picture.draw
