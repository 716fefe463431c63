# SPDX-License-Identifier: Apache-2.0
"""Our own arm: Stack Red on Blue from one sentence's reward alone, beside collect & infer with the same actions.

SAC sees the state, and after each pick or place what CLIP says of the picture: no threshold, no list of sub-goals. That
is compared with collect & infer, whose sub-goals come true over a threshold, and with SAC told MuJoCo's truth.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from unified_agent.experiments import Conditions, identities, learners
from unified_agent.experiments.results import Results
from unified_agent.experiments.statistics import bootstrap
from unified_agent.language.subgoals import Relation, SubGoal
from unified_agent.sim import ENVIRONMENT
from unified_agent.training.reward.environments import EnvSettings
from unified_agent.training.reward.learning import KIND, RewardRun, spoken
from unified_agent.training.reward.off_policy import OffPolicySettings
from unified_agent.training.reward.settings import RewardLearning
from unified_agent.training.runs import claim, save_figure
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

SEEDS = 1
TASK = "stack_red_on_blue"
SENTENCE = SubGoal(Relation.ON_TOP_OF, "red", "blue").sentence
ACTIONS = 3_000
QUICK = 0.05
EVALUATIONS = 48
SENTENCE_ALONE, TRUTH_ALONE = "SAC, the sentence's reward", "SAC, the true reward"


def made_with(conditions: Conditions) -> dict:
    """The weights and thresholds that judge, and how it is learnt."""
    return {**identities.eyes(conditions), "sentence": SENTENCE, "learning": asdict(_learning(ACTIONS, 0, "sentence"))}


def run(folder: Path, conditions: Conditions) -> dict:
    """Every learner with every seed; a finished run is not made again. ``quick``: a twentieth of the actions."""
    results = Results(folder / "reward_arm.jsonl")
    actions = round((QUICK if conditions.quick else 1.0) * ACTIONS)
    clip = Clip.load(conditions.clip, "cpu")
    ways: Mapping[str, Callable[[int, Path], list[dict]]] = {
        SENTENCE_ALONE: lambda seed, place: _rewarded(actions, seed, "sentence", place, clip),
        TRUTH_ALONE: lambda seed, place: _rewarded(actions, seed, "true", place, clip),
        learners.OURS: lambda seed, place: learners.measured(learners.OURS, TASK, actions, seed, place, conditions)[
            "measured"
        ],
    }
    cells = [(name, seed) for seed in range(conditions.seeds) for name in ways]
    for name, seed in tqdm(cells, desc="reward_arm", unit="run"):
        key = f"{name}/{seed}"
        if key not in results:
            begin = os.times()
            measured = ways[name](seed, folder / name.replace(" ", "_").replace(",", "") / str(seed))
            end = os.times()
            spent = {"seconds": end.elapsed - begin.elapsed, "cpu_seconds": sum(end[:4]) - sum(begin[:4])}
            results.add(key, {"measured": measured, **spent})
    runs = {name: [results[f"{name}/{seed}"] for seed in range(conditions.seeds)] for name in ways}
    last = {name: [row["measured"][-1]["success"] for row in rows] for name, rows in runs.items()}
    return {
        "seeds": conditions.seeds,
        "actions": actions,
        "success": {name: {"each": each, "interval": bootstrap(each)} for name, each in last.items()},
        "runs": runs,
    }


def tell(result: dict) -> str:
    """A line a learner."""
    lines = [f"success (true poses) after {result['actions']:,} picks and places, a figure a seed"]
    for name, found in result["success"].items():
        cpu = ", ".join(f"{row['cpu_seconds']:.0f}" for row in result["runs"][name])
        lines.append(f"  {name:28} {', '.join(f'{rate:.0%}' for rate in found['each'])}; CPU seconds {cpu}")
    return "\n".join(lines)


def draw(result: dict, path: Path) -> None:
    """Success over actions, a line a seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for number, (name, rows) in enumerate(result["runs"].items()):
        for seed, row in enumerate(rows):
            at, rates = zip(*((each["actions"], each["success"]) for each in row["measured"]), strict=True)
            axes.plot(at, rates, ".-", color=f"C{number}", label=name if seed == 0 else None)
    axes.set(xlabel="picks and places", ylabel="success rate (true poses)", ylim=(-0.02, 1.02), title=SENTENCE)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    save_figure(figure, path)


def _learning(actions: int, seed: int, reward: str) -> RewardLearning:
    return RewardLearning(
        EnvSettings(ENVIRONMENT, episode=10, cameras=2),
        OffPolicySettings(gamma=0.9, updates=2.0),
        steps=actions,
        envs=4,
        seed=seed,
        reward=reward,
        warm_up=max(100, actions // 6),
        evaluate_every=max(actions // 4, 1),
        evaluations=EVALUATIONS,
        last_evaluations=EVALUATIONS,
        measuring=4,
    )


def _rewarded(actions: int, seed: int, reward: str, folder: Path, clip: Clip) -> list[dict]:
    """SAC; an action that did the task ends an episode where it is measured, and none where it is learnt from."""
    learning, model = _learning(actions, seed, reward), RewardModel(clip, Goal((SENTENCE,)))
    with claim(folder, KIND, {**asdict(learning), **spoken(model)}) as own:
        card = RewardRun(learning, model, own, command="unified-agent experiment reward_arm").learn()
    return [{"actions": row["decisions"], "success": float(np.mean(row["terminated"]))} for row in card["measured"]]
