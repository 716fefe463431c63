# SPDX-License-Identifier: Apache-2.0
"""What a CLIP checkpoint can see: its scores on labelled moments, its thresholds, its card and its figure."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from unified_agent.folders import write_whole
from unified_agent.language.subgoals import SENTENCES
from unified_agent.training.eyes.calibration import Detection, calibrate, evaluate, pooled
from unified_agent.training.eyes.frames import LabelledMoments
from unified_agent.training.runs import save_figure
from unified_agent.vision.clip import CARD, Clip
from unified_agent.vision.detector import Detector

FIGURE = "report.png"


def score_moments(
    clip: Clip, moments: LabelledMoments, sentences: Sequence[str] = SENTENCES, batch: int = 64
) -> np.ndarray:
    """The detector's score of every sentence for every moment, shape (N, M)."""
    detector = Detector(clip, sentences)
    starts = range(0, len(moments), batch)
    return np.concatenate(
        [detector.score_moments(moments.frames(np.arange(s, min(s + batch, len(moments))))) for s in starts]
    )


def detections(clip: Clip, moments: LabelledMoments) -> list[Detection]:
    """How right the checkpoint is on moments, with the thresholds that a detector takes from its card."""
    gammas = Detector(clip, SENTENCES).thresholds
    return evaluate(SENTENCES, score_moments(clip, moments), moments.truth, gammas)


def certify(
    folder: Path, tuning: LabelledMoments, held_out: LabelledMoments, history: Sequence[dict], **entries: object
) -> list[Detection]:
    """Calibrate the checkpoint in a folder, test it, and write its card and its figure beside it.

    Args:
        folder: of the checkpoint.
        tuning: moments that the thresholds are calibrated on.
        held_out: moments that it is tested on.
        history: of the training, for the figure.
        entries: what else the card is to say.

    Returns:
        The test's verdicts, one ``Detection`` a sentence.
    """
    clip = Clip.load(str(folder))
    scores = score_moments(clip, tuning)
    gammas = {s: round(calibrate(scores[:, i], tuning.truth[:, i]), 4) for i, s in enumerate(SENTENCES)}
    clip.card = {"thresholds": gammas, "default_threshold": max(gammas.values())}
    found = detections(clip, held_out)
    counts = {"calibration_moments": len(tuning), "test_moments": len(held_out)}
    card = {**clip.card, **entries, **counts, "history": list(history), "test": summary(found)}
    write_whole(folder / CARD, json.dumps(card, indent=2) + "\n")
    draw(folder, history, found)
    return found


def summary(found: Sequence[Detection]) -> dict:
    """Precision and recall, of all and of each sentence, as the card keeps them."""
    rows = {d.sentence: {**asdict(d), "precision": d.precision, "recall": d.recall} for d in found}
    everything = pooled(found)
    return {"precision": everything.precision, "recall": everything.recall, "sentences": rows}


def draw(folder: Path, history: Sequence[dict], found: Sequence[Detection]) -> None:
    """``report.png``: the loss by epoch, and precision and recall by sentence."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4), layout="constrained")
    loss, bars = figure.subplots(1, 2, width_ratios=[1, 1.6])
    loss.plot([h["epoch"] + 1 for h in history], [h["loss"] for h in history], marker="o")
    loss.set(xlabel="epoch", ylabel="sigmoid loss", yscale="log", title="training")
    rows = np.arange(len(found))
    bars.barh(rows - 0.2, [d.precision for d in found], 0.4, label="precision")
    bars.barh(rows + 0.2, [d.recall for d in found], 0.4, label="recall")
    bars.axvline(0.99, color="grey", linewidth=0.8)
    bars.set(yticks=rows, yticklabels=[d.sentence for d in found], xlim=(0.9, 1.0), title="held-out moments")
    bars.invert_yaxis()
    bars.legend(loc="lower left")
    save_figure(figure, folder / FIGURE, dpi=110)
