# SPDX-License-Identifier: Apache-2.0
"""What a CLIP of domains can see: its card, its figure and its table."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from unified_agent.folders import write_whole
from unified_agent.training.eyes.calibration import calibrate
from unified_agent.training.eyes.domains import CaptionedDomain
from unified_agent.training.eyes.domains.sight import Sight, sight
from unified_agent.training.eyes.report import FIGURE
from unified_agent.training.runs import save_figure
from unified_agent.vision.clip import CARD, Clip

_TESTED, _CALIBRATED = 0, 1
"""Seeds of the states that are tested on and of those that thresholds are set on; training draws from others."""


def certify(
    folder: Path, domains: Sequence[CaptionedDomain], states: int, history: Sequence[dict], **entries: object
) -> list[Sight]:
    """Calibrate the checkpoint in a folder, test it, and write its card and its figure beside it.

    Args:
        folder: of the checkpoint.
        domains: that it was trained on.
        states: of each to calibrate on, and as many others to test on.
        history: of the training.
        entries: what else the card is to say.
    """
    clip = Clip.load(str(folder))
    gammas = {}
    for domain in domains:
        _, scores, truth = sight(clip, domain, states, _CALIBRATED)
        for i, caption in enumerate(domain.captions):
            gammas[caption.sentence] = round(calibrate(scores[:, i], truth[:, i]), 4)
    found = tested(clip, domains, states)
    card = {
        "thresholds": gammas,
        "default_threshold": max(gammas.values()),
        **entries,
        "history": list(history),
        "test": [asdict(one) for one in found],
    }
    write_whole(folder / CARD, json.dumps(card, indent=2) + "\n")
    draw(folder, history, found)
    return found


def tested(clip: Clip, domains: Sequence[CaptionedDomain], states: int) -> list[Sight]:
    """How well a CLIP sees so many states of each domain, which no training or calibration has drawn."""
    return [sight(clip, domain, states, _TESTED)[0] for domain in domains]


def table(found: Sequence[Sight]) -> str:
    """A Markdown table: top-1 of each kind, and the AUC of each sentence."""
    lines = ["| domain | of | top-1 | AUC |", "|---|---|---|---|"]
    for one in found:
        lines += [f"| {one.domain} | captions about the {kind} | {share:.3f} | |" for kind, share in one.top1.items()]
        lines += [f"| {one.domain} | {sentence} | | {area:.4f} |" for sentence, area in one.auc.items() if area == area]
    return "\n".join(lines)


def draw(folder: Path, history: Sequence[dict], found: Sequence[Sight]) -> None:
    """``report.png``: the loss by epoch, and the AUC by sentence."""
    from matplotlib.figure import Figure

    areas = {sentence: area for one in found for sentence, area in one.auc.items() if area == area}
    figure = Figure(figsize=(11, 1.5 + 0.24 * len(areas)), layout="constrained")
    loss, bars = figure.subplots(1, 2, width_ratios=[1, 1.6])
    loss.plot([row["epoch"] + 1 for row in history], [row["loss"] for row in history], marker="o")
    loss.set(xlabel="epoch", ylabel="sigmoid loss", yscale="log", title="training")
    bars.barh(list(areas), list(areas.values()))
    bars.set(xlim=(min(0.9, *areas.values()), 1.0), title=f"AUC, {found[0].states} held-out states a domain")
    bars.invert_yaxis()
    save_figure(figure, folder / FIGURE, dpi=110)
