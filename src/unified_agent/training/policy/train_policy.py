# SPDX-License-Identifier: Apache-2.0
"""Trains the policy: practice with the teacher, behaviour cloning, and a measure of every skill."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from unified_agent import __version__
from unified_agent.errors import in_range
from unified_agent.language.subgoals import SubGoal
from unified_agent.policy.checkpoint import CARD, WEIGHTS, Policy
from unified_agent.policy.network import PolicyNetwork
from unified_agent.robot.arm import Arm
from unified_agent.sim import starts, tasks
from unified_agent.sim.env import StackObjects
from unified_agent.training.policy.cloning import CloningSettings, clone
from unified_agent.training.policy.learner import describe
from unified_agent.training.policy.practice import MOST_STATES, practise
from unified_agent.training.runs import arm_identity, claim, save_figure

KIND = "policy training"
LOSS = "loss.png"


def train(arm: str, states: int, settings: CloningSettings, folder: Path, device: str, command: str) -> Policy:
    """Practise, clone, measure and save; an interrupted call with the same arguments goes on where it was.

    Args:
        states: met in practice, each labelled for every sub-goal.
        folder: where the checkpoint goes, with ``work/`` for what is unfinished.
        command: written on the card.

    Raises:
        UserError: the folder holds a training of other arguments, is being written to, or cannot be written.
    """
    in_range("states", states, 1, MOST_STATES)
    body = Arm.load(arm)
    made_with = {"arm": arm_identity(body), "states": states, "device": device, **asdict(settings)}
    with claim(folder, KIND, made_with) as own:
        for name in (WEIGHTS, CARD, LOSS):
            own.place(name)
        data = practise(arm, states, settings.seed, own)
        torch.manual_seed(settings.seed)
        network = PolicyNetwork(describe(body)).to(device)
        losses = clone(network, data, settings, own, "work/clone.pt")
        card = {
            "command": command,
            "version": __version__,
            "arm": body.name,
            "made_with": own.settings,
            "trained_on": f"{len(data)} demonstrations of the scripted teacher in {states} states",
            "cloning": asdict(settings),
            "steps_done": settings.steps,
            "final_loss": losses[-1],
        }
        policy = Policy(network, card)
        policy.card["first_action_success"] = measure_skills(policy, arm, episodes=20)
        policy.save(own.path)
        draw_losses(losses, own.path / LOSS)
    return policy


def measure_skills(policy: Policy, arm: str, episodes: int) -> dict[str, float]:
    """Sentence -> how often one action makes it true, by MuJoCo's true poses, from starts where it can."""
    env = StackObjects(arm=arm)
    rng = np.random.default_rng(0)
    rates = {}
    for task in (*tasks.group("grasp"), *tasks.group("stack"), *tasks.group("place_on_table")):
        goal = task.plan[-1]
        seeds = map(starts.evaluation, range(episodes))
        rates[goal.sentence] = float(np.mean([_skill(env, policy, task, goal, seed, rng) for seed in seeds]))
    env.close()
    return rates


def _skill(env: StackObjects, policy: Policy, task: tasks.Task, goal: SubGoal, seed: int, rng) -> bool:
    env.reset(seed=seed, options={"task": task.name})
    for entry in task.plan[:-1]:
        env.perform(env.state.objects[entry.subject][:2])
    env.perform(np.clip(policy.act(env.state, goal.sentence, rng), env.action_space.low, env.action_space.high))
    return env.world.holds(goal) is True


def draw_losses(losses: list[float], path: Path) -> None:
    """Plot the loss over the gradient steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(100 * np.arange(1, len(losses) + 1), losses, marker="." if len(losses) == 1 else None)
    axes.set(xlabel="gradient step", ylabel="negative log likelihood (nats)", title="Behaviour cloning")
    axes.grid(alpha=0.3)
    save_figure(figure, path)
