# SPDX-License-Identifier: Apache-2.0
"""``unified-agent imitate``: do what someone does in a video."""

import argparse
from pathlib import Path

from unified_agent.errors import SEEDS, in_range


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument("video", type=Path, help="an MP4, or any file that FFmpeg reads, of one camera")
    parser.add_argument("--plan-only", action="store_true", help="say what was seen, and move nothing")
    parser.add_argument("--episodes", type=int, default=1, help="random starts in simulation")
    parser.add_argument("--seed", type=int, default=0, help="of the first start")
    parser.add_argument("--arm", default="default", help="name of a file in config/arms")
    parser.add_argument("--clip-model", default="default", help="the CLIP that watches")
    parser.add_argument("--policy", default="default", help="'default', or a checkpoint folder")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def run(arguments: argparse.Namespace) -> dict:
    """Read the video, carry out its plan in simulation, and return what came of it."""
    from unified_agent.sim.tasks import Task, lasting
    from unified_agent.trials.evaluation import Agent, evaluate_plans
    from unified_agent.vision import watching
    from unified_agent.vision.clip import Clip

    in_range("--episodes", arguments.episodes, 1, 1_000_000)
    in_range("--seed", arguments.seed, 0, SEEDS)
    plan = watching.plan_in(arguments.video, Clip.load(arguments.clip_model, arguments.device)).subgoals
    print(f"In {arguments.video}:")
    for number, goal in enumerate(plan, start=1):
        print(f"  {number}. {goal}")
    result = {"plan": [goal.sentence for goal in plan]}
    if arguments.plan_only:
        return {"ok": True, **result}
    task = Task("imitation", str(arguments.video), plan, lasting(plan))
    agent = Agent(arguments.arm, "none", arguments.clip_model, arguments.policy, arguments.device)
    trials = list(evaluate_plans(agent, [(task, plan)] * arguments.episodes, arguments.seed, randomise=False))
    for number, trial in enumerate(trials, start=arguments.seed):
        print(
            f"  from seed {number}: {'done' if trial.success else trial.reason or 'not done'}, {trial.actions} actions"
        )
    successes = sum(trial.success for trial in trials)
    return {"ok": successes > 0, **result, "episodes": len(trials), "success": successes}
