# SPDX-License-Identifier: Apache-2.0
"""Learning from one video: what someone else did, seen by CLIP, becomes a plan, and the robot carries it out."""

from pathlib import Path

from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.experiments import Conditions, actors
from unified_agent.experiments.identities import eyes, hands
from unified_agent.experiments.results import Results
from unified_agent.language.subgoals import SENTENCES
from unified_agent.sim import tasks
from unified_agent.training.runs import save_figure
from unified_agent.trials.evaluation import Agent, evaluate_plans
from unified_agent.vision import watching
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

VIDEOS, QUICK_VIDEOS = 60, 12
SEED = 30_000
GROUPS = ("stack", "triple_stack", "place_on_table")


def made_with(conditions: Conditions) -> dict:
    """What a finished run depends on."""
    return eyes(conditions) | hands(conditions)


def run(folder: Path, conditions: Conditions) -> dict:
    """Film, read and do again, one video a task in turn; a finished one is not made again.

    Args:
        folder: of the videos.
        conditions: policy, CLIP and arm; ``quick``: twelve videos instead of sixty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = Results(folder / "video.jsonl")
    detector = Detector(Clip.load(conditions.clip), SENTENCES)
    agent = Agent(arm=conditions.arm, planner="none", clip=conditions.clip, policy=conditions.policy)
    wanted = [task for group in GROUPS for task in tasks.group(group)]
    numbers = range(QUICK_VIDEOS if conditions.quick else VIDEOS)
    for number in tqdm(numbers, desc="video", unit="video"):
        task, key = wanted[number % len(wanted)], str(number)
        if key not in results:
            results.add(key, _row(task, SEED + number, folder / f"{number:03d}_{task.name}.mp4", detector, agent))
    rows = [results[str(number)] for number in numbers]
    filmed = [row for row in rows if row["filmed"]]
    return {
        "videos": len(filmed),
        "spoilt": len(rows) - len(filmed),
        "right_list": sum(row["right"] for row in filmed) / len(filmed),
        "done_again": sum(row["success"] for row in filmed) / len(filmed),
        "rows": rows,
    }


def _row(task: tasks.Task, seed: int, path: Path, detector: Detector, agent: Agent) -> dict:
    row = {"task": task.name, "filmed": actors.perform(task, seed, agent.arm, path), "right": False, "success": False}
    try:
        plan = watching.plan_of(watching.frames_of(path), detector).subgoals
    except UserError as error:
        return {**row, "plan": str(error)}
    row |= {"plan": "; ".join(map(str, plan)), "right": plan == task.plan}
    (trial,) = evaluate_plans(agent, [(task, plan)], seed + 1_000_000, randomise=False)
    return {**row, "success": trial.success}


def tell(result: dict) -> str:
    """How many were read right and done again."""
    return f"{result['videos']} videos: list right {result['right_list']:.1%}, done again {result['done_again']:.1%}"


def draw(result: dict, path: Path) -> None:
    """Right lists and tasks done again, a group of bars a kind of task."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.4), layout="constrained")
    axes = figure.subplots()
    for shift, key, label in ((-0.2, "right", "list of sub-goals right"), (0.2, "success", "done again by the robot")):
        shares = []
        for group in GROUPS:
            names = {task.name for task in tasks.group(group)}
            rows = [row for row in result["rows"] if row["filmed"] and row["task"] in names]
            shares.append(sum(row[key] for row in rows) / max(1, len(rows)))
        axes.bar([place + shift for place in range(len(GROUPS))], shares, width=0.38, label=label)
    axes.set_xticks(range(len(GROUPS)), [group.replace("_", " ") for group in GROUPS])
    axes.set(ylim=(0, 1.02), ylabel="share of the videos", title=f"{result['videos']} videos of a hand without an arm")
    axes.legend(loc="lower right")
    save_figure(figure, path)
