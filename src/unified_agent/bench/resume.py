# SPDX-License-Identifier: Apache-2.0
"""What becomes of a learning run that is killed again and again."""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from tqdm import tqdm

from unified_agent.policy.checkpoint import Policy
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.collect_and_infer import PROGRESS
from unified_agent.training.policy.learning_run import POLICY

ACTIONS = 1_500
# Wall seconds that a run lives before it is killed: from before its first round to several rounds later.
LIFE = (8.0, 25.0)


def resume_profile(kills: int = 10) -> dict:
    """``unified-agent learn`` killed (SIGKILL) at random moments and started again, beside one that was left alone.

    Returns:
        ``kills``; ``rounds_at_kill``: whole rounds that each kill found; ``actions``, ``episodes`` (in the buffer) and
        ``success`` of both runs, unbroken first; ``same_measurements``; ``weights_apart``: the largest difference
        between any two weights of the two policies.
    """
    chance = random.Random(0)
    with tempfile.TemporaryDirectory(prefix="unified_agent_") as name:
        unbroken, killed = Path(name) / "unbroken", Path(name) / "killed"
        _start(unbroken).wait()
        rounds = []
        for _ in tqdm(range(kills), desc="kill", unit="kill"):
            process = _start(killed)
            try:
                process.wait(chance.uniform(*LIFE))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            rounds.append(_rounds(killed))
        _start(killed).wait()
        return {"kills": kills, "rounds_at_kill": rounds, **_compared(unbroken, killed)}


def _start(out: Path) -> subprocess.Popen:
    command = [sys.executable, "-m", "unified_agent.cli", "learn", "--task", "grasp_red", "--planner", "none"]
    command += ["--actions", str(ACTIONS), "--last-updates", "300", "--evaluate-every", "500", "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _rounds(out: Path) -> int:
    path = out / PROGRESS
    return torch.load(path, weights_only=True)["progress"]["round"] if path.is_file() else 0


def _compared(*runs: Path) -> dict:
    policies = [Policy.load(str(run / POLICY)) for run in runs]
    cards = [policy.card for policy in policies]
    weights = [policy.network.state_dict() for policy in policies]
    return {
        "actions": [card["actions"] for card in cards],
        "episodes": [sum(1 for _ in Buffer(run / "buffer").episodes()) for run in runs],
        "success": [card["success"] for card in cards],
        "same_measurements": cards[0]["measured"] == cards[1]["measured"],
        "weights_apart": max(float((weights[0][key] - weights[1][key]).abs().max()) for key in weights[0]),
    }
