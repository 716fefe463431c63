# SPDX-License-Identifier: Apache-2.0
"""What a run shows of itself: its outcome in words, and its curve."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unified_agent.training.runs import save_figure


def tell(card: dict) -> str:
    """What came of a run, by the environment's own rules, and what of it was strange."""
    last = card["measured"][-1]
    steps, earned = np.array(last["own_steps"]), np.array(last["own_return"])
    lines = [
        f"{card['decisions']:,} decisions in {card['episodes']} episodes. By the environment's own rules, over "
        f"{len(steps)} episodes from other starts: {steps.mean():.1f} steps (median {np.median(steps):.0f}), return "
        f"{earned.mean():.2f}, ended by the environment in {last['terminated']:.0%}"
        + (f", success {last['success']:.0%}." if "success" in last else ".")
    ]
    if card["unfamiliar"]:
        share = card["unfamiliar"] / card["decisions"]
        lines.append(f"{share:.0%} of the pictures show a scene that this CLIP was not trained on: doubt its rewards.")
    if card["held"]:
        lines.append(
            f"In {card['held']:,} decisions the environment could not go on after its own end, and stood still."
        )
    return "\n".join(lines)


def draw_curve(rounds: Sequence[dict], measured: Sequence[dict], title: str, path: Path) -> None:
    """The reward that was learnt from, and the environment's own steps, over decisions."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([row["decisions"] for row in rounds], [row["reward"] for row in rounds], lw=0.8, color="tab:blue")
    axes.set(xlabel="decisions", title=title)
    axes.set_ylabel("reward while learning, mean of a picture", color="tab:blue")
    axes.grid(alpha=0.3)
    other = axes.twinx()
    at = [row["decisions"] for row in measured]
    other.plot(at, [np.mean(row["own_return"]) for row in measured], "o-", color="tab:orange")
    other.set_ylabel("the environment's own return, measured", color="tab:orange")
    save_figure(figure, path)
