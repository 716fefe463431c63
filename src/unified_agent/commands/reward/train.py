# SPDX-License-Identifier: Apache-2.0
"""``unified-agent reward train``: a policy from one sentence, in any Gymnasium environment that renders."""

import argparse
import shlex
import sys
import time
from pathlib import Path

from unified_agent.commands.reward import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-verb's arguments."""
    parser.add_argument("--env", required=True, metavar="ID", help="Gymnasium id, or MODULE:ID (code of your own)")
    options.add_goal(parser)
    options.add_conjunction(parser)
    options.add_clip(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/reward"), help="folder; an unfinished run there goes on")
    parser.add_argument("--steps", type=int, default=30_000, help="decisions to take (%(default)s)")
    parser.add_argument(
        "--episode", type=int, default=0, help="decisions of an episode; default: the environment's limit"
    )
    parser.add_argument("--repeat", type=int, default=1, help="environment steps a decision is held for (%(default)s)")
    parser.add_argument(
        "--cameras", type=int, default=1, help="views that the picture shows side by side (%(default)s)"
    )
    parser.add_argument("--envs", type=int, default=2, help="environments, and so episodes of a round (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warm-up", type=int, default=1_000, help="random decisions at the beginning (%(default)s)")
    parser.add_argument("--reward", default="sentence", help="sentence; controls: constant, shuffled, true")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="at the beginning; it falls to nothing")
    parser.add_argument("--gamma", type=float, default=0.99, help="discount of a decision (%(default)s)")
    parser.add_argument("--updates", type=float, default=0.5, help="gradient steps a decision (%(default)s)")
    parser.add_argument("--batch", type=int, default=128, help="transitions a gradient step (%(default)s)")
    parser.add_argument("--width", type=int, default=256, help="of the two hidden layers (%(default)s)")
    parser.add_argument(
        "--evaluate-every", type=int, default=5_000, help="decisions between measurements; 0: at the end"
    )
    parser.add_argument("--evaluations", type=int, default=20, help="episodes of a measurement (%(default)s)")
    parser.add_argument("--checkpoint-every", type=int, default=0, help="decisions between policies kept with a film")


def run(arguments: argparse.Namespace) -> dict:
    """Learn, and return the card."""
    from dataclasses import asdict

    from unified_agent.device import torch_device
    from unified_agent.training.reward.environments import EnvSettings
    from unified_agent.training.reward.learning import CARD, FILM, KIND, POLICY, RewardRun, spoken
    from unified_agent.training.reward.learning_report import tell
    from unified_agent.training.reward.off_policy import OffPolicySettings
    from unified_agent.training.reward.settings import RewardLearning
    from unified_agent.training.runs import claim
    from unified_agent.vision.clip import Clip
    from unified_agent.vision.reward import RewardModel

    begin = time.monotonic()
    settings = RewardLearning(
        EnvSettings(arguments.env, arguments.episode, arguments.repeat, arguments.cameras),
        OffPolicySettings(
            arguments.learning_rate, arguments.gamma, arguments.updates, arguments.batch, arguments.width
        ),
        steps=arguments.steps,
        envs=arguments.envs,
        seed=arguments.seed,
        reward=arguments.reward,
        warm_up=arguments.warm_up,
        evaluate_every=arguments.evaluate_every,
        evaluations=arguments.evaluations,
        last_evaluations=arguments.evaluations,
        checkpoint_every=arguments.checkpoint_every,
    )
    device = torch_device(arguments.device)
    model = RewardModel(Clip.load(arguments.clip, device), options.goals(arguments), arguments.join)
    made_with = {**asdict(settings), **spoken(model)}
    with claim(arguments.out, KIND, made_with) as own:
        command = "unified-agent " + shlex.join(sys.argv[1:])
        card = RewardRun(settings, model, own, device, command).learn()
    print(tell(card))
    print(f"The policy, its film and its card are in {arguments.out} ({POLICY}, {FILM}, {CARD}).")
    return {"ok": True, "out": str(arguments.out), **card, "seconds": round(time.monotonic() - begin, 1)}
