# SPDX-License-Identifier: Apache-2.0
"""A sentence as the reward on the tabletop: fresh views, and episodes that succeed and fail in ways that robots do."""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.experiments import Conditions, identities, tabletop_picture
from unified_agent.experiments.results import Results
from unified_agent.experiments.statistics import bootstrap
from unified_agent.experiments.tabletop_episodes import FAILURES, film
from unified_agent.language.subgoals import VOCABULARY, Relation, SubGoal
from unified_agent.robot.arm import Arm
from unified_agent.sim.env import StackObjects
from unified_agent.sim.scene import OBJECT_SIZE
from unified_agent.state import State
from unified_agent.training.eyes.collection import Split
from unified_agent.training.eyes.staging import Stage
from unified_agent.training.reward.measures import auc, epic, mean_of, rank_correlation, value_order_correlation
from unified_agent.training.reward.tuning import ALPHAS
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector
from unified_agent.vision.reward import Goal, RewardModel, regularized

VIEWS, QUICK_VIEWS = 1_000, 200
EPISODES, QUICK_EPISODES = 50, 10
"""Of each kind: that succeed, and that fail."""
SEED = 60_000
SEEDS = 1
"""Views and episodes are the sample; there is no learner whose seeds would matter."""
FRESH = max(Split) + 1
"""Seeds of views are drawn from (split, number): no split of CLIP's has this one."""
NEAR = 2.05 * OBJECT_SIZE
"""What is not done, but no further from it than two boxes, is a near miss: held above, beside, leaning, upside down."""
PLAIN, FOREIGN = "the red object is on top of the blue object", "a tower with red above blue"
STAGES = ("the robot is grasping the red object", PLAIN)
ON_TABLE, SCENE = "the red object is on the table", "a robot and a table"
_BLOCK = 20
"""Views in a row are of one scene, or of a few: intervals are drawn over runs of so many."""
_LAST = 10
"""Moments, the last second of an episode, whose mean reward is its value."""
_STEADY = 3
_GOALS = tuple(goal for goal in VOCABULARY if goal.relation is not Relation.ON_TABLE)
_ROWS = (
    *(Goal((goal.sentence,), (f"the {goal.subject} object is on the table",)) for goal in _GOALS),
    Goal((PLAIN,), (SCENE,)),
    Goal((FOREIGN,), (ON_TABLE,)),
    Goal((FOREIGN,), (SCENE,)),
)
_STUDIED = tuple(row for row in _ROWS if row.sentences[0] in (PLAIN, FOREIGN))


def made_with(conditions: Conditions) -> dict[str, Any]:
    """What was seen depends on the CLIP alone."""
    return identities.eyes(conditions)


def run(folder: Path, conditions: Conditions) -> dict[str, Any]:
    """Look at views and episodes, and measure every reward at every alpha.

    Args:
        folder: of what was seen, so that an interrupted run goes on.
        conditions: CLIP and arm; ``quick``: a fifth of it.
    """
    clip = Clip.load(conditions.clip)
    model = RewardModel(clip, _ROWS)
    gammas = Detector(clip, STAGES).thresholds
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
        "stages": _ordered(*_split(count, lambda key: _staged(np.array(results[key]["cosines"], np.float32), gammas))),
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
        for _, frames, truth, _ in tqdm(moments, total=count // 2, desc=key, unit="view"):
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

        measures: dict[str, Callable[[np.ndarray], float]] = {
            "auc": lambda at: auc(rewards[at][truth[at]], rewards[at][~truth[at]]),
            "near_auc": lambda at: auc(rewards[at][truth[at]], rewards[at][near[at]]),
            "epic": lambda at: epic(rewards[at], truth[at]),
            "rho": lambda at: rank_correlation(rewards[at], -distance[at]),
        }
        everything = np.arange(len(rewards))
        figures: dict[str, Any] = {name: measure(everything) for name, measure in measures.items()}
        if intervals:
            whole = len(everything) // _BLOCK * _BLOCK
            runs = everything[:whole].reshape(-1, _BLOCK)
            for name in ("auc", "near_auc"):
                figures[f"{name}_interval"] = bootstrap(runs, lambda drawn, of=measures[name]: of(drawn.ravel()))
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
            moments = film(env, kind, seed)
            if moments is not None:
                cosines = model.look(moments).cosines.round(5).tolist()
                results.add(key, {"kind": kind, "seed": seed, "spoilt": attempt, "cosines": cosines})
                break
        else:
            raise UserError(f"With this arm no episode came out as '{kind}' in 20 tries.")
    env.close()


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


def _staged(cosines: np.ndarray, gammas: np.ndarray) -> np.ndarray:
    """Grasped, then stacked, as one reward from 0 to 1, shape (N,), of cosines (N, C, G, 2) at alpha 0.

    A stage that was over its threshold for `_STEADY` moments is done for good, but for the last, which is what must
    be true in the end; the progress of the present one is where its reward lies between that of the first moment and
    its threshold.
    """
    rows = [next(number for number, goal in enumerate(_ROWS) if goal.sentences[0] == stage) for stage in STAGES]
    rewards = cosines[:, :, rows, 0].mean(axis=1)
    span = np.maximum(gammas - rewards[0], 1e-3)
    progress = np.clip((rewards - rewards[0]) / span, 0.0, 1.0)
    over = np.convolve(rewards[:, 0] > gammas[0], np.ones(_STEADY, int))[: len(rewards)] >= _STEADY
    done = np.maximum.accumulate(over)
    return np.where(done, 1.0 + progress[:, 1], progress[:, 0]) / 2.0


def _ordered(done: Sequence[np.ndarray], failed: Sequence[np.ndarray]) -> dict[str, Any]:
    orders = np.array([value_order_correlation(rewards) for rewards in done])
    good, bad = (np.array([rewards[-_LAST:].mean() for rewards in side]) for side in (done, failed))
    kinds = list(FAILURES)
    return {
        "voc": mean_of(orders),
        "voc_interval": bootstrap(orders, np.nanmean),
        "ranked": auc(good, bad),
        "ranked_interval": bootstrap(np.arange(len(good)), lambda drawn: auc(good[drawn], bad[drawn])),
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
    stages = result["stages"]
    lines.append(f"  in stages: VOC {stages['voc']:.3f}, failed below successful {stages['ranked']:.3f}")
    lines += [f"    {kind}: {share:.3f}" for kind, share in stages["ranked_by_kind"].items()]
    return "\n".join(lines)


draw = tabletop_picture.draw
