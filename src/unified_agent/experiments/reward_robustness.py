# SPDX-License-Identifier: Apache-2.0
"""How much of a reward is left where the scene looks otherwise, with and without training on drawn scenes.

The paper found that textures and a camera that make the scene look natural decide what is learnt. Here it is a table:
the same states, shown plainly and in other scenes, and how well the goal is still told. None of these scenes is one
that training draws: those are blots and gradients; here are a photograph, a chessboard and the like.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import matplotlib.cbook
import numpy as np
from PIL import Image

from unified_agent.experiments import Conditions
from unified_agent.experiments.results import Results
from unified_agent.training.eyes.collection import Split
from unified_agent.training.eyes.domains import CaptionedDomain, load
from unified_agent.training.eyes.domains.moments import collect, identity, joined
from unified_agent.training.eyes.domains.restyling import camera, lit, moved, recoloured
from unified_agent.training.eyes.domains.sight import cosines
from unified_agent.training.eyes.domains.syllabus import syllabus
from unified_agent.training.eyes.train_clip import ClipTrainer, TrainingConfig
from unified_agent.training.reward.measures import auc
from unified_agent.training.runs import save_figure
from unified_agent.vision.clip import Clip

DOMAINS = {"cart_pole": "the pole stands upright", "mountain_car": "the car is at the top of the right hill"}
MOMENTS, QUICK_MOMENTS = 3000, 500
EPOCHS, QUICK_EPOCHS = 6, 1
DRAWN = "classic-control"
"""The CLIP that ships for these worlds: every second picture of its training was of a drawn scene."""
TESTED, QUICK_TESTED = 500, 60
SEEDS = 1
_TEST_SEED = 8

Shift = Callable[[np.ndarray, tuple], np.ndarray]
"""A picture (H, W, 3) and its palette -> the picture in another scene; uint8."""


def _before(colour: tuple[int, int, int]) -> Shift:
    """Another background; what would not be seen before it is drawn light."""

    def shift(picture: np.ndarray, palette: tuple) -> np.ndarray:
        background = np.full(picture.shape, colour, np.float32)
        return recoloured(picture, palette, background, _apart(palette, np.array(colour))).astype(np.uint8)

    return shift


def _in_colours(picture: np.ndarray, palette: tuple) -> np.ndarray:
    colours = np.array([(20, 90, 200), (200, 40, 120), (30, 140, 60)], np.float32)[: len(palette) - 1]
    return recoloured(picture, palette, np.full(picture.shape, 255, np.float32), colours).astype(np.uint8)


def _lit(gain: float, slope: tuple[float, float]) -> Shift:
    return lambda picture, _: lit(picture.astype(np.float32), gain, np.array(slope)).clip(0, 255).astype(np.uint8)


def _seen_from(shift: tuple[float, float], zoom: float, degrees: float) -> Shift:
    return lambda picture, _: moved(picture, camera(picture.shape[:2], shift, zoom, degrees))


def _textured(texture: Callable[[tuple[int, int]], np.ndarray]) -> Shift:
    def shift(picture: np.ndarray, palette: tuple) -> np.ndarray:
        background = texture(picture.shape[:2]).astype(np.float32)
        return recoloured(picture, palette, background, _apart(palette, background.mean(axis=(0, 1)))).astype(np.uint8)

    return shift


def _apart(palette: tuple, background: np.ndarray) -> np.ndarray:
    """The palette's things, those too near to a background's colour turned to their opposite; float32, (K, 3)."""
    things = np.array(palette[1:], np.float32)
    near = np.linalg.norm(things - background, axis=1) < 120
    things[near] = 255 - things[near]
    return things


def _photograph(shape: tuple[int, int]) -> np.ndarray:
    """A portrait that comes with matplotlib (public domain), as pale as a wall's picture."""
    with matplotlib.cbook.get_sample_data("grace_hopper.jpg") as file, Image.open(file) as image:
        return 128 + 0.5 * np.asarray(image.convert("RGB").resize(shape[::-1]), np.float32)


def _chessboard(shape: tuple[int, int]) -> np.ndarray:
    rows, columns = np.indices(shape) // 25
    return np.where(((rows + columns) % 2)[..., None], (235, 225, 205), (190, 180, 170))


def _wood(shape: tuple[int, int]) -> np.ndarray:
    rows, columns = np.indices(shape)
    grain = np.sin(rows / 4 + 3 * np.sin(columns / 90)) + 0.5 * np.sin(rows / 1.7 + columns / 60)
    return np.array([205, 170, 125]) + 14 * grain[..., None]


SHIFTS: dict[str, tuple[str, Shift]] = {
    "dark": ("background", _before((25, 25, 30))),
    "blue": ("background", _before((120, 170, 220))),
    "other colours": ("colour", _in_colours),
    "light x 0.4": ("light", _lit(0.4, (0.0, 0.0))),
    "light from the left": ("light", _lit(0.75, (-0.35, 0.1))),
    "moved by 3%": ("camera", _seen_from((0.03, -0.03), 1.0, 0.0)),
    "further away": ("camera", _seen_from((0.0, 0.0), 0.9, 1.0)),
    "chessboard": ("texture", _textured(_chessboard)),
    "wood": ("texture", _textured(_wood)),
    "photograph": ("texture", _textured(_photograph)),
}
"""Name -> what is other, and how."""


def run(folder: Path, conditions: Conditions) -> dict:
    """Train a CLIP on plain pictures alone, a seed each, and show it and the one that ships every shift.

    The plain ones are trained shorter, until they tell the plain pictures; another model than the one that ships is
    asked by ``conditions.clip``.
    """
    results = Results(folder / "reward_robustness.jsonl")
    tested = QUICK_TESTED if conditions.quick else TESTED
    for seed in range(conditions.seeds):
        if (key := f"plain {seed}") not in results:
            clip = _taught(folder, seed, conditions.quick)
            results.add(key, {name: shown(clip, load(name), tested) for name in DOMAINS})
    if (asked := _asked(conditions)) not in results:
        clip = Clip.load(asked)
        results.add(asked, {name: shown(clip, load(name), tested) for name in DOMAINS})
    rows = [
        {"training": key.partition(" ")[0], "domain": domain, "auc": areas}
        for key in (*(f"plain {seed}" for seed in range(conditions.seeds)), asked)
        for domain, areas in results[key].items()
    ]
    return {"tested_states": tested, "rows": rows}


def _asked(conditions: Conditions) -> str:
    return DRAWN if conditions.clip == "default" else conditions.clip


def made_with(conditions: Conditions) -> dict:
    """What a finished part depends on: the worlds, and the model that is asked."""
    worlds = [identity(load(name)) for name in DOMAINS]
    return {"domains": worlds, "clip": Clip.load(_asked(conditions), "cpu").fingerprint}


def _taught(folder: Path, seed: int, quick: bool) -> Clip:
    domains = [load(name) for name in DOMAINS]
    moments = QUICK_MOMENTS if quick else MOMENTS
    shown = joined([collect(folder / "frames", Split.TRAIN, moments, domain, randomise=False) for domain in domains])
    place = folder / f"plain-{seed}"
    config = TrainingConfig(epochs=QUICK_EPOCHS if quick else EPOCHS, seed=seed)
    taught = syllabus([caption for domain in domains for caption in domain.captions])
    ClipTrainer(shown, place, config, syllabus=taught).run()
    return Clip.load(str(place))


def shown(clip: Clip, domain: CaptionedDomain, tested: int) -> dict[str, float]:
    """AUC of the domain's goal over the same states, plain and in every shift."""
    goal = DOMAINS[domain.name]
    states = domain.states(np.random.default_rng((_TEST_SEED, 0)), tested)
    truth = domain.truth(states)[:, [caption.sentence for caption in domain.captions].index(goal)]
    states, truth = states[truth >= 0], truth[truth >= 0]
    # Half the size is still three times what the small CLIP looks at.
    pictures = [cv2.resize(domain.render(s), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for s in states]
    scenes = {"plain": pictures}
    for name, (_, shift) in SHIFTS.items():
        scenes[name] = [shift(picture, domain.palette) for picture in pictures]
    found = {}
    for name, shifted in scenes.items():
        scores = cosines(clip, shifted, [goal])[:, 0]
        found[name] = auc(scores[truth == 1], scores[truth == 0])
    return found


def tell(result: dict) -> str:
    """A Markdown table: AUC, mean over the seeds, and how far it falls at most."""
    names = ["plain", *SHIFTS]
    lines = [f"| training | world | {' | '.join(names)} | falls by at most |", "|" + "---|" * (len(names) + 3)]
    for (training, domain), areas in _means(result).items():
        fall = areas["plain"] - min(areas.values())
        cells = " | ".join(f"{areas[name]:.3f}" for name in names)
        lines.append(f"| {training} | {domain} | {cells} | {fall:.3f} |")
    return "\n".join(lines)


def draw(result: dict, path: Path) -> None:
    """A world in every scene, and below it how well its goal is told after each training."""
    from matplotlib.figure import Figure

    names = ["plain", *SHIFTS]
    figure = Figure(figsize=(12, 6), layout="constrained")
    grid = figure.add_gridspec(4, len(names), height_ratios=[1, 2, 1, 2])
    for row, (name, state) in enumerate({"cart_pole": [0.3, 0, 0.0, 0], "mountain_car": [0.45, 0]}.items()):
        domain = load(name)
        picture = domain.render(np.array(state))
        for column, scene in enumerate(names):
            axes = figure.add_subplot(grid[2 * row, column])
            axes.imshow(picture if scene == "plain" else SHIFTS[scene][1](picture, domain.palette))
            axes.set_axis_off()
            axes.set_title(scene, fontsize=7)
        axes = figure.add_subplot(grid[2 * row + 1, :])
        for (training, world), areas in _means(result).items():
            if world == name:
                axes.plot(range(len(names)), [areas[scene] for scene in names], "o-", label=f"training: {training}")
        axes.set(ylim=(0.3, 1.02), xlim=(-0.5, len(names) - 0.5), xticks=[], ylabel=f"AUC, {name}")
        axes.axhline(0.5, color="grey", linewidth=0.8, linestyle=":")
        axes.legend(loc="lower left", fontsize=8)
    save_figure(figure, path)


def _means(result: dict) -> dict[tuple[str, str], dict[str, float]]:
    grouped: dict[tuple[str, str], list[dict]] = {}
    for row in result["rows"]:
        grouped.setdefault((row["training"], row["domain"]), []).append(row["auc"])
    return {key: {name: float(np.mean([a[name] for a in rows])) for name in rows[0]} for key, rows in grouped.items()}
