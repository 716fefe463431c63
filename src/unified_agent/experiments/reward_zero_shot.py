# SPDX-License-Identifier: Apache-2.0
"""Rewards from sentences that no training ever said, of states that it never showed, in worlds that it never saw.

Three protocols, each with a CLIP that starts from random weights, and each checked by `leaks` on what was trained on:

- ``sentence``: the goal's caption is left out, with all its paraphrases; its states are shown.
- ``states``: its states are left out too: CartPole's pole is never within 20 degrees of upright, MountainCar's car
  never beyond 0.3. What was not shown is then asked for by its own sentence, and composed from sentences that were
  known: a pole that leans slightly to the left and slightly to the right, averaged, is one that stands. CartPole is
  learnt from that.
- ``domain``: no picture of either world, and no sentence about it: only sticks and hills drawn from numbers.
"""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from unified_agent.errors import UserError
from unified_agent.experiments import Conditions
from unified_agent.experiments.results import Results
from unified_agent.experiments.reward_control import TASKS
from unified_agent.training.eyes.collection import Split
from unified_agent.training.eyes.domains import CaptionedDomain, load
from unified_agent.training.eyes.domains.moments import collect, identity, joined
from unified_agent.training.eyes.domains.syllabus import syllabus
from unified_agent.training.eyes.domains.withholding import Region, Withheld, leaks
from unified_agent.training.eyes.train_clip import ClipTrainer, TrainingConfig
from unified_agent.training.reward.learning import KIND, RewardRun, spoken
from unified_agent.training.reward.measures import auc, rank_correlation
from unified_agent.training.runs import claim, save_figure
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

PROTOCOLS = ("sentence", "states", "domain")
MOMENTS, QUICK_MOMENTS = 3000, 500
EPOCHS, QUICK_EPOCHS = 6, 1
TESTED, QUICK_TESTED = 1000, 100
SEEDS = 3
_TEST_SEED = 7


@dataclass(frozen=True)
class ZeroShotGoal:
    """A goal that a CLIP is asked about without having been taught it.

    Attributes:
        domain: the world.
        sentence: the caption that is withheld.
        composed: other captions whose average stands for it.
        kin: the procedural domain, and the sentence of it that says the goal.
        region: the states that are withheld.
        progress: states -> how near they are to the goal, for the rank correlation.
    """

    domain: str
    sentence: str
    composed: tuple[str, ...]
    kin: tuple[str, str]
    region: Region
    progress: Region


def _degrees(states: np.ndarray) -> np.ndarray:
    """Of a pole from upright, 0 to 180."""
    return np.abs((np.degrees(states[:, 2]) + 180) % 360 - 180)


GOALS = (
    ZeroShotGoal(
        "cart_pole",
        "the pole stands upright",
        ("the pole leans slightly to the left", "the pole leans slightly to the right"),
        ("sticks", "the stick stands upright"),
        lambda states: _degrees(states) < 20,
        lambda states: -_degrees(states),
    ),
    ZeroShotGoal(
        "mountain_car",
        "the car is at the top of the right hill",
        ("the car is near the top of the right hill",),
        ("hills", "the block is at the top of the right hill"),
        lambda states: states[:, 0] > 0.3,
        lambda states: states[:, 0],
    ),
)


def run(folder: Path, conditions: Conditions) -> dict:
    """Train and test every protocol and seed; finished ones are not made again.

    Raises:
        UserError: something that was to be withheld is in a training set.
    """
    results = Results(folder / "reward_zero_shot.jsonl")
    tested = QUICK_TESTED if conditions.quick else TESTED
    for seed in range(conditions.seeds):
        for protocol in PROTOCOLS:
            if (key := f"{protocol} {seed}") not in results:
                clip = _taught(folder, protocol, seed, conditions.quick)
                results.add(key, {wanted.domain: _asked(clip, protocol, wanted, tested) for wanted in GOALS})
        if (key := f"balanced {seed}") not in results and not conditions.quick:
            results.add(key, _balanced(folder, seed))
    rows = [
        {"protocol": protocol, "seed": seed, "domain": domain, **row}
        for protocol in PROTOCOLS
        for seed in range(conditions.seeds)
        for domain, row in results[f"{protocol} {seed}"].items()
    ]
    if conditions.clip != "default":  # a pretrained model: it was taught none of this
        clip = Clip.load(conditions.clip)
        asked = {wanted.domain: _asked(clip, "sentence", wanted, tested) for wanted in GOALS}
        rows += [{"protocol": conditions.clip, "seed": 0, "domain": domain, **row} for domain, row in asked.items()]
    balanced = [] if conditions.quick else [results[f"balanced {seed}"] for seed in range(conditions.seeds)]
    return {"tested_states": tested, "rows": rows, "balanced": balanced}


def made_with(_: Conditions) -> dict:
    """What a finished part depends on: the worlds."""
    names = [name for wanted in GOALS for name in (wanted.domain, wanted.kin[0])]
    return {"domains": [identity(load(name)) for name in names]}


def _taught(folder: Path, protocol: str, seed: int, quick: bool) -> Clip:
    """The CLIP of a protocol, and the proof that nothing of what it withholds was in its training."""
    randomise = protocol == "domain"
    domains = [_shown(protocol, wanted) for wanted in GOALS]
    moments = joined(
        [
            collect(folder / "frames" / protocol, Split.TRAIN, QUICK_MOMENTS if quick else MOMENTS, domain, randomise)
            for domain in domains
        ]
    )
    captions = [caption for domain in domains for caption in domain.captions]
    taught = syllabus(captions)
    said = [wording for ways in taught.wordings for wording in ways]
    withheld, regions = _forbidden(protocol)
    if found := leaks(moments, said, withheld, regions):
        raise UserError(f"The protocol '{protocol}' leaks: {'; '.join(found[:3])}.")
    config = TrainingConfig(epochs=QUICK_EPOCHS if quick else EPOCHS, seed=seed)
    place = _place(folder, protocol, seed)
    ClipTrainer(moments, place, config, made_with={"protocol": protocol}, syllabus=taught).run()
    return Clip.load(str(place))


def _place(folder: Path, protocol: str, seed: int) -> Path:
    return folder / f"{protocol}-{seed}"


def _shown(protocol: str, wanted: ZeroShotGoal) -> CaptionedDomain:
    if protocol == "domain":
        return load(wanted.kin[0])
    return Withheld(load(wanted.domain), [wanted.sentence], wanted.region if protocol == "states" else None)


def _forbidden(protocol: str) -> tuple[list[str], dict[str, Region]]:
    """Sentences and states that the protocol's training must not hold."""
    of_goals, of_worlds = [], []
    for wanted in GOALS:
        for caption in load(wanted.domain).captions:
            of_worlds += caption.wordings
            of_goals += caption.wordings if caption.sentence == wanted.sentence else ()
    if protocol == "sentence":
        return of_goals, {}
    if protocol == "states":
        return of_goals, {wanted.domain: wanted.region for wanted in GOALS}
    return of_worlds, {wanted.domain: lambda states: np.ones(len(states), bool) for wanted in GOALS}


def _asked(clip: Clip, protocol: str, wanted: ZeroShotGoal, tested: int) -> dict:
    """AUC and rank correlation of the goal's sentence and of the composed one, in the world's own pictures."""
    domain = load(wanted.domain)
    states = domain.states(np.random.default_rng((_TEST_SEED, 0)), tested)
    column = [caption.sentence for caption in domain.captions].index(wanted.sentence)
    truth = domain.truth(states)[:, column]
    goals = {"goal": (wanted.kin[1] if protocol == "domain" else wanted.sentence,)}
    if protocol != "domain":
        goals["composed"] = wanted.composed
    model = RewardModel(clip, [Goal(sentences) for sentences in goals.values()])
    found = {}
    looks = [model.look(domain.render(state)[None, None]).cosines[0, 0, :, 0] for state in states]
    for scores, (name, sentences) in zip(np.array(looks).T, goals.items(), strict=True):
        found[name] = {
            "sentences": sentences,
            "auc": auc(scores[truth == 1], scores[truth == 0]),
            "rho": rank_correlation(scores, wanted.progress(states)),
        }
    return found


def _balanced(folder: Path, seed: int) -> dict:
    """CartPole learnt by what the protocol ``states`` made: from the composed sentence, and the cart in the middle.

    Returns:
        ``steps``: how long each episode after the training was balanced, by CartPole's own rules, of 500.
    """
    learning = replace(TASKS["CartPole"].learning, seed=seed)
    clip = Clip.load(str(_place(folder, "states", seed)))
    model = RewardModel(clip, [Goal(GOALS[0].composed), Goal((TASKS["CartPole"].goals[1],))])
    with claim(folder / f"balanced-{seed}", KIND, {**asdict(learning), **spoken(model)}) as own:
        card = RewardRun(learning, model, own, command="unified-agent experiment reward_zero_shot").learn()
    return {"steps": card["measured"][-1]["own_steps"], "decisions": card["decisions"]}


def tell(result: dict) -> str:
    """A Markdown table: the mean over the seeds and, in brackets, the least."""
    lines = ["| withheld | world | asked by | AUC | rank correlation |", "|---|---|---|---|---|"]
    for (protocol, domain, name), rows in _grouped(result).items():
        area, rho = ([row[name][measure] for row in rows] for measure in ("auc", "rho"))
        sentences = "' + '".join(rows[0][name]["sentences"])
        lines.append(
            f"| {protocol} | {domain} | '{sentences}' | {np.mean(area):.3f} ({min(area):.3f}) "
            f"| {np.mean(rho):.2f} ({min(rho):.2f}) |"
        )
    for seed, row in enumerate(result["balanced"]):
        lines.append(
            f"\nCartPole learnt from the composed sentence and '{TASKS['CartPole'].goals[1]}', seed {seed}: balanced "
            f"for {np.mean(row['steps']):.0f} of 500 steps (least {min(row['steps'])})"
        )
    return "\n".join(lines)


def draw(result: dict, path: Path) -> None:
    """The AUC of every protocol and world, a point a seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for place, ((protocol, domain, name), rows) in enumerate(_grouped(result).items()):
        areas = [row[name]["auc"] for row in rows]
        axes.barh(place, np.mean(areas), color="tab:blue" if name == "composed" else "tab:grey")
        axes.plot(areas, [place] * len(areas), "k.")
        axes.text(0.01, place, f"{protocol} withheld, {domain}, {name}", va="center", color="white", fontsize=8)
    axes.axvline(0.5, color="black", linewidth=0.8, linestyle=":")
    axes.set(yticks=[], xlim=(0, 1), xlabel="AUC", title=f"what no training said, {result['tested_states']} states")
    axes.invert_yaxis()
    save_figure(figure, path)


def _grouped(result: dict) -> dict[tuple[str, str, str], list[dict]]:
    found: dict[tuple[str, str, str], list[dict]] = {}
    for row in result["rows"]:
        for name in ("goal", "composed"):
            if name in row:
                found.setdefault((row["protocol"], row["domain"], name), []).append(row)
    return found
