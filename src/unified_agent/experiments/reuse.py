# SPDX-License-Identifier: Apache-2.0
"""Reuse: tasks in sequence, each with a new policy, with and without the episodes of the tasks before."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from unified_agent.experiments import Conditions
from unified_agent.experiments.identities import eyes
from unified_agent.experiments.results import Results
from unified_agent.training.policy.collect_and_infer import LearningSettings, actions_to
from unified_agent.training.policy.learning_run import LearningRun
from unified_agent.training.runs import save_figure

TASKS = ("stack_red_on_blue", "stack_blue_on_green", "stack_green_on_red")
ACTIONS = 30_000
ENOUGH, RATE = 0.9, 0.5
EVERY, QUICK_EVERY = 500, 1_000
KINDS = {"with reuse": True, "without": False}


def made_with(conditions: Conditions) -> dict:
    """What a finished run depends on."""
    return eyes(conditions)


def run(folder: Path, conditions: Conditions) -> dict:
    """All tasks, with and without reuse; a finished run is not made again. ``quick``: fewer measurements.

    Args:
        folder: of the runs and of the lifelong buffers.
        conditions: seeds (of whole sequences), arm, CLIP and collectors.
    """
    seeds = conditions.seeds
    results = Results(folder / "reuse.jsonl")
    cells = [(seed, kind, number) for seed in range(seeds) for kind in KINDS for number in range(len(TASKS))]
    for seed, kind, number in tqdm(cells, desc="reuse", unit="run"):
        key = f"{seed}/{kind}/{TASKS[number]}"
        if key in results:
            continue
        place = folder / kind.replace(" ", "_") / str(seed)
        settings = LearningSettings(
            task=TASKS[number],
            actions=ACTIONS,
            seed=10 * seed + number,
            arm=conditions.arm,
            until=ENOUGH,
            last_updates=0,
            evaluate_every=QUICK_EVERY if conditions.quick else EVERY,
        )
        buffer = place / "buffer" if KINDS[kind] else None
        session = LearningRun(
            settings,
            place / TASKS[number],
            buffer=buffer,
            clip=conditions.clip,
            collectors=conditions.collectors,
            reuse=KINDS[kind] and number > 0,
        )
        card = session.learn()
        results.add(key, {"measured": card["measured"], "reused_demonstrations": card["reused_demonstrations"]})
    actions = {
        kind: {
            task: [actions_to(results[f"{seed}/{kind}/{task}"]["measured"], RATE) for seed in range(seeds)]
            for task in TASKS
        }
        for kind in KINDS
    }
    return {"seeds": seeds, "rate": RATE, "actions_to": actions, "third_over_first": _ratio(actions["with reuse"])}


def _ratio(actions: dict[str, list[int | None]]) -> float | None:
    first, third = actions[TASKS[0]], actions[TASKS[2]]
    return None if None in (*first, *third) else float(np.mean(third) / np.mean(first))


def tell(result: dict) -> str:
    """Actions to the rate, a line with reuse and one without."""
    rate = f"{result['rate']:.0%}"
    return "\n".join(f"  {kind}: actions to {rate} success: {tasks}" for kind, tasks in result["actions_to"].items())


def draw(result: dict, path: Path) -> None:
    """Actions to the rate, a group of bars a task."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(TASKS))
    for shift, (kind, by_task) in zip((-0.2, 0.2), result["actions_to"].items(), strict=True):
        heights = [np.mean([s if s is not None else np.nan for s in by_task[task]]) for task in TASKS]
        bars = axes.bar(places + shift, np.nan_to_num(heights), width=0.38, label=kind)
        axes.bar_label(bars, ["not reached" if np.isnan(height) else f"{height:,.0f}" for height in heights])
    axes.set_xticks(places, [task.replace("stack_", "").replace("_", " ") for task in TASKS])
    axes.set(ylabel=f"actions to {result['rate']:.0%} success", title="Tasks in sequence, a new policy for each")
    axes.legend()
    save_figure(figure, path)
