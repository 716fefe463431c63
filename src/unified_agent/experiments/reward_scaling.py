# SPDX-License-Identifier: Apache-2.0
"""Are larger models better rewards? EPIC distance to labels against size and alpha (Rocamonde 2024, figures 3 and 4).

Three CLIPs that differ in their image tower alone are trained here on one domain, equally long; others, pretrained ones
of open_clip among them, are looked at beside them (``--models``).
"""

import argparse
import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from unified_agent.errors import UserError, nearest
from unified_agent.experiments import Conditions
from unified_agent.experiments.results import Results
from unified_agent.experiments.statistics import bootstrap
from unified_agent.training.eyes.collection import Split
from unified_agent.training.eyes.domains import CaptionedDomain, checked_moments, load
from unified_agent.training.eyes.domains.moments import collect, identity
from unified_agent.training.eyes.domains.syllabus import ARCHITECTURE, syllabus
from unified_agent.training.eyes.frames import UNKNOWN
from unified_agent.training.eyes.train_clip import ClipTrainer, TrainingConfig
from unified_agent.training.reward.measures import auc, epic
from unified_agent.training.runs import save_figure
from unified_agent.vision.clip import Clip, ClipError
from unified_agent.vision.reward import Goal, RewardModel, regularized

SEEDS = 3
GOALS = {
    "mountain_car": Goal(("the car is at the top of the right hill",), ("a car between two hills and a flag",)),
    "cart_pole": Goal(("the pole stands upright",), ("a pole on a cart",)),
}
"""Domain -> its goal, one of its captions, and the scene without it."""
TOWERS = {
    "small": {"layers": [1, 1, 1, 1], "width": 8},
    "medium": {"layers": [1, 2, 2, 1], "width": 16},
    "large": {"layers": [1, 2, 2, 1], "width": 28},
}
"""Of the image towers that are trained here."""
ALPHAS = np.linspace(0.0, 1.0, 11)
MOMENTS, EPOCHS, BATCH, STATES = 2000, 4, 16, 600
QUICK_MOMENTS, QUICK_EPOCHS, QUICK_STATES = 200, 1, 60
_TEST_SEED = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which domain, and who else is asked."""
    parser.add_argument("--domain", default="mountain_car", help=f"{' or '.join(GOALS)} (%(default)s)")
    parser.add_argument(
        "--models", nargs="*", default=[], metavar="MODEL", help="CLIPs to look at besides, e.g. ViT-B-32:openai"
    )


def made_with(conditions: Conditions) -> dict:
    """What a finished part depends on: the world, and the towers."""
    return {"world": identity(_domain(conditions)), "towers": TOWERS}


def run(folder: Path, conditions: Conditions) -> dict:
    """Train each size with each seed, and show all models the same held-out states.

    Returns:
        ``alphas``; ``rows``, one a model and seed: ``parameters`` of the image tower, and for each alpha ``epic``, its
        interval over the states ``epic_interval``, and ``auc``; ``lacking``, the models that could not be had, and why.
    """
    results = Results(folder / "reward_scaling.jsonl")
    domain, goal = _domain(conditions), GOALS[conditions.options["domain"]]
    views, labels = _held_out(domain, goal, QUICK_STATES if conditions.quick else STATES)
    lacking = {}
    for key, name, seed in _asked(conditions):
        if key in results:
            continue
        try:
            clip = Clip.load(name) if seed is None else _trained(folder, domain, name, seed, conditions.quick)
            results.add(key, {"model": name, "seed": seed, **measured(clip, goal, views, labels)})
        except ClipError as error:
            lacking[name] = str(error)
    rows = [results[key] for key, _, _ in _asked(conditions) if key in results]
    return {
        "domain": domain.name,
        "goal": goal.sentences[0],
        "baseline": goal.baselines[0],
        "states": len(labels),
        "positive": int(labels.sum()),
        "alphas": ALPHAS.tolist(),
        "rows": rows,
        "lacking": lacking,
    }


def measured(clip: Clip, goal: Goal, views: np.ndarray, labels: np.ndarray) -> dict:
    """How near a model's reward is to labels, at every alpha; each view is encoded once.

    Args:
        views: uint8 RGB, shape (N, H, W, 3).
        labels: 1 or 0, shape (N,).
    """
    model = RewardModel(clip, goal)
    cosines = model.look(views[:, None]).cosines[:, 0, 0]
    rewards = regularized(cosines, model.overlaps[0], ALPHAS[:, None])
    return {
        "parameters": sum(weights.numel() for weights in clip.model.visual.parameters()),
        "epic": [epic(each, labels) for each in rewards],
        "epic_interval": bootstrap(np.stack([rewards[0], labels], axis=1), lambda pairs: epic(*pairs.T)),
        "auc": [auc(each[labels == 1], each[labels == 0]) for each in rewards],
    }


def _asked(conditions: Conditions) -> Iterator[tuple[str, str, int | None]]:
    """Key, model, and the seed of those that are trained here."""
    for seed in range(conditions.seeds):
        yield from ((f"{name} {seed}", name, seed) for name in TOWERS)
    yield from ((name, name, None) for name in conditions.options["models"])


def _domain(conditions: Conditions) -> CaptionedDomain:
    name = conditions.options["domain"]
    if name not in GOALS:
        raise UserError(f"There is no domain '{name}' here. {nearest(name, GOALS)}")
    return load(name)


def _held_out(domain: CaptionedDomain, goal: Goal, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Views of states that no training draws, and whether the goal holds there; those in between are left out."""
    column = [caption.sentence for caption in domain.captions].index(goal.sentences[0])
    seen = [
        (picture, holds[column])
        for _, picture, holds in checked_moments(domain, np.random.default_rng((9, _TEST_SEED)), count)
        if holds[column] != UNKNOWN
    ]
    views, labels = zip(*seen, strict=True)
    return np.stack(views), np.array(labels, float)


def _trained(folder: Path, domain: CaptionedDomain, size: str, seed: int, quick: bool) -> Clip:
    moments = collect(folder / "frames", Split.TRAIN, QUICK_MOMENTS if quick else MOMENTS, domain, randomise=False)
    architecture = copy.deepcopy(ARCHITECTURE)
    architecture["model_cfg"]["vision_cfg"] |= TOWERS[size]
    taught = replace(syllabus(domain.captions), architecture=architecture)
    config = TrainingConfig(
        epochs=QUICK_EPOCHS if quick else EPOCHS, batch=BATCH, learning_rate=1e-3, warmup=50, seed=seed
    )
    place = folder / f"{size}-{seed}"
    ClipTrainer(moments, place, config, syllabus=taught).run()
    return Clip.load(str(place))


def tell(result: dict) -> str:
    """A line a model: its size, and EPIC at alpha 0, 0.5 and 1."""
    shown = [0, len(ALPHAS) // 2, len(ALPHAS) - 1]
    lines = [
        "| image tower | parameters | EPIC at alpha 0 | 0.5 | 1 | best alpha | AUC at 0 |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, rows in _models(result).items():
        epics = np.mean([row["epic"] for row in rows], axis=0)
        spread = [f"{epics[i]:.3f}" + _range([row["epic"][i] for row in rows]) for i in shown]
        area = np.mean([row["auc"][0] for row in rows])
        best = ALPHAS[int(np.argmin(epics))]
        lines.append(f"| {name} | {rows[0]['parameters']:,} | {' | '.join(spread)} | {best:.1f} | {area:.3f} |")
    lines.append(f"{result['positive']} of {result['states']} states are the goal: '{result['goal']}'.")
    lines += [f"Left out: {name}: {why}" for name, why in result["lacking"].items()]
    return "\n".join(lines)


def draw(result: dict, path: Path) -> None:
    """EPIC against the size of the image tower, and against alpha, a line a model."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    sizes, alphas = figure.subplots(1, 2, sharey=True)
    for number, (name, rows) in enumerate(_models(result).items()):
        colour, epics = f"C{number}", np.array([row["epic"] for row in rows])
        for row in rows:
            sizes.plot([row["parameters"]] * 2, row["epic_interval"], color=colour, lw=0.8, alpha=0.5)
            sizes.plot(row["parameters"], row["epic"][0], "o", color=colour, ms=4, alpha=0.6)
        sizes.plot(rows[0]["parameters"], epics[:, 0].mean(), "_", color=colour, ms=18, mew=2, label=name)
        alphas.plot(result["alphas"], epics.mean(axis=0), color=colour, label=name)
        alphas.fill_between(result["alphas"], epics.min(axis=0), epics.max(axis=0), color=colour, alpha=0.15, lw=0)
    sizes.set(xscale="log", xlabel="parameters of the image tower", ylabel="EPIC distance to labels, alpha 0")
    sizes.set_title("each seed with its interval over the states; bar: their mean", fontsize=9)
    alphas.set(xlabel="alpha")
    alphas.set_title("mean over the seeds, and their range", fontsize=9)
    for axes in (sizes, alphas):
        axes.grid(alpha=0.3)
    alphas.legend(fontsize=8)
    figure.suptitle(f"'{result['goal']}'")
    save_figure(figure, path)


def _models(result: dict) -> dict[str, list[dict]]:
    """The rows of each model."""
    return {
        name: [row for row in result["rows"] if row["model"] == name]
        for name in dict.fromkeys(row["model"] for row in result["rows"])
    }


def _range(values: list[float]) -> str:
    return f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
