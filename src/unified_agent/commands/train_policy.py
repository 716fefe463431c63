# SPDX-License-Identifier: Apache-2.0
"""``unified-agent train-policy``: behaviour cloning from practice that a scripted teacher makes."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the verb's arguments."""
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/policy"),
        help="folder of the checkpoint; an unfinished training there goes on",
    )
    parser.add_argument("--arm", default="default", help="name of a file in config/arms")
    parser.add_argument("--states", type=int, default=8_000, help="states to practise in")
    parser.add_argument("--steps", type=int, default=6_000, help="gradient steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def run(arguments: argparse.Namespace) -> dict:
    """Train, print the success of each skill, and return the card."""
    from unified_agent.device import torch_device
    from unified_agent.training.policy.cloning import CloningSettings
    from unified_agent.training.policy.train_policy import train

    command = (
        f"unified-agent train-policy --arm {arguments.arm} --states {arguments.states} "
        f"--steps {arguments.steps} --seed {arguments.seed}"
    )
    settings = CloningSettings(steps=arguments.steps, seed=arguments.seed)
    policy = train(arguments.arm, arguments.states, settings, arguments.out, torch_device(arguments.device), command)
    for sentence, rate in policy.card["first_action_success"].items():
        print(f"  {rate:6.1%}  {sentence}")
    print(f"The policy is in {arguments.out}; use it with policy:={arguments.out} or --policy {arguments.out}.")
    return {"ok": True, "out": str(arguments.out), **policy.card}
