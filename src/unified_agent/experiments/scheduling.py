# SPDX-License-Identifier: Apache-2.0
"""Scheduling of learnt skills: instructions that no policy was trained on, planned, carried out and judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from unified_agent.experiments import Conditions
from unified_agent.experiments.identities import eyes, hands
from unified_agent.experiments.results import Results
from unified_agent.language.plan import Plan
from unified_agent.language.planner import Planner, Refusal
from unified_agent.language.subgoals import OBJECTS, Relation, SubGoal
from unified_agent.sim.tasks import Task
from unified_agent.training.runs import save_figure
from unified_agent.trials.evaluation import Agent, evaluate_plans

EPISODES, QUICK_EPISODES = 10, 2
SEED = 20_000


@dataclass(frozen=True)
class Request:
    """An instruction that nobody trained on.

    Attributes:
        said: the instruction.
        wanted: what must be so at the end, in the shorthand of ``Plan.of_moves``.
        start: what lies on what at the start, from the bottom up, in the same shorthand.
    """

    said: str
    wanted: str
    start: str = ""

    @property
    def below(self) -> dict[str, str]:
        """What each object that does not start on the table starts on."""
        return dict(move.split("/") for move in self.start.split())

    @property
    def task(self) -> Task:
        """As something to do in the world; its plan is left to the planner."""
        goals = tuple(g for g in Plan.of_moves(self.wanted).subgoals if g.relation is not Relation.GRASPING)
        stacks = [[name] for name in OBJECTS if name not in self.below]
        for upper, lower in self.below.items():
            next(stack for stack in stacks if stack[-1] == lower).append(upper)
        return Task(self.said, self.said, (), goals, stacks=tuple(map(tuple, stacks)))


REQUESTS = (
    Request("put the green object on the red object", "green/red"),
    Request("place the blue one on top of the green one", "blue/green"),
    Request("the red block belongs on the blue block", "red/blue"),
    Request("set the green cube down on the blue cube", "green/blue"),
    Request("have the green object carry the red object", "red/green"),
    Request("slide nothing, just lift the blue object onto the red object", "blue/red"),
    Request("stack all three with red at the bottom, blue in the middle and green on top", "blue/red green/blue"),
    Request("build a tower, from the bottom to the top: green, red, blue", "red/green blue/red"),
    Request("blue on green, then red on blue", "blue/green red/blue"),
    Request("make a tower of red on green on blue", "green/blue red/green"),
    Request("put green on blue and then put red on top", "green/blue red/green"),
    Request("I want a tower with blue on top, green in the middle and red below", "green/red blue/green"),
    Request("first stack red on blue, after that green on red", "red/blue green/red"),
    Request("take the red object off and put it on the table", "red/table", "red/blue"),
    Request("unstack the green object", "green/table", "green/red"),
    Request(
        "put the blue object on the table, then the red object on the blue object", "blue/table red/blue", "blue/red"
    ),
    Request("move the green object from the blue object to the red object", "green/red", "green/blue"),
    Request("red is on blue; put red on green instead", "red/green", "red/blue"),
    Request("red is on green, swap the two", "green/red", "red/green"),
    Request("take the tower apart: first red, then green", "red/table green/table", "green/blue red/green"),
    Request("take red off green, put green on the table and then put red on blue", "red/blue green/table", "red/green"),
    Request(
        "put the red object on the table and stack the blue object on the green object",
        "red/table blue/green",
        "red/blue",
    ),
    Request(
        "move the blue object to the green object and then put the red object on it", "blue/green red/blue", "blue/red"
    ),
    Request("put the green object on the table, then build red on green", "red/green", "green/red"),
    Request("red on green, then blue on red", "red/green blue/red"),
    Request("unstack the tower: blue first, then red", "blue/table red/table", "red/green blue/red"),
    Request(
        "set the green object on the table and place the red object on the blue object",
        "green/table red/blue",
        "green/red",
    ),
    Request("make blue carry red and red carry green", "red/blue green/red"),
    Request("the blue one should end up between green below and red above", "blue/green red/blue"),
    Request("green is on red; move it over to blue", "green/blue", "green/red"),
)


def achieves(plan: Sequence[SubGoal], request: Request) -> bool:
    """Whether a plan leads from the request's start to what it wants, and can be carried out on the way."""
    below = request.below
    for goal in plan:
        if goal.relation is Relation.GRASPING:
            if goal.subject in below.values():
                return False
            below.pop(goal.subject, None)
        elif goal.relation is Relation.ON_TOP_OF:
            if goal.support in below.values():
                return False
            below[goal.subject] = goal.support
    return all(below.get(goal.subject) == goal.support for goal in request.task.goals)


def made_with(conditions: Conditions) -> dict:
    """What a finished run depends on."""
    return eyes(conditions) | hands(conditions)


def run(folder: Path, conditions: Conditions) -> dict:
    """Every request from several starts; returns the rates and, for each failure, whose it was.

    Args:
        folder: where finished requests are kept; an interrupted run goes on after them.
        conditions: policy, CLIP and arm; ``quick``: two starts a request instead of ten.
    """
    results = Results(folder / "scheduling.jsonl")
    agent = Agent(arm=conditions.arm, planner="none", clip=conditions.clip, policy=conditions.policy)
    planner = None
    for number, request in enumerate(tqdm(REQUESTS, desc="scheduling", unit="instruction")):
        if request.said in results:
            continue
        planner = planner or Planner.load()
        results.add(request.said, _row(request, planner, agent, SEED + 1000 * number, conditions.quick))
    rows = [results[request.said] for request in REQUESTS]
    episodes = sum(row["episodes"] for row in rows)
    return {
        "instructions": len(rows),
        "episodes": episodes,
        "success": sum(row["success"] for row in rows) / episodes,
        "failed_because_of": {
            part: sum(row["failed"].count(part) for row in rows) for part in ("plan", "sight", "hand")
        },
        "rows": rows,
    }


def _row(request: Request, planner: Planner, agent: Agent, seed: int, quick: bool) -> dict:
    episodes = QUICK_EPISODES if quick else EPISODES
    row = {"said": request.said, "plan": "", "episodes": episodes, "success": 0, "failed": ["plan"] * episodes}
    try:
        plan = planner.plan(request.said).subgoals
    except Refusal as refusal:
        return {**row, "plan": f"refused: {refusal}"}
    row["plan"] = "; ".join(map(str, plan))
    if not achieves(plan, request):
        return row
    trials = list(evaluate_plans(agent, [(request.task, plan)] * episodes, seed, randomise=False))
    failed = ["sight" if t.claimed else "hand" for t in trials if not t.success]
    return {**row, "success": sum(t.success for t in trials), "failed": failed}


def tell(result: dict) -> str:
    """Successes, a line an instruction, and what failed."""
    lines = [f"  {row['success']:3} of {row['episodes']:3}  {row['said']}" for row in result["rows"]]
    why = result["failed_because_of"]
    return "\n".join([*lines, f"{result['success']:.1%} of {result['episodes']} episodes; failed because of {why}"])


def draw(result: dict, path: Path) -> None:
    """A bar for each instruction."""
    from matplotlib.figure import Figure

    rows = result["rows"][::-1]
    figure = Figure(figsize=(9, 0.3 * len(rows) + 1), layout="constrained")
    axes = figure.subplots()
    axes.barh([row["said"] for row in rows], [row["success"] / row["episodes"] for row in rows])
    axes.set(xlim=(0, 1), xlabel="success rate", title=f"New instructions: {result['success']:.0%} of all episodes")
    axes.tick_params(axis="y", labelsize=7)
    save_figure(figure, path)
