# SPDX-License-Identifier: Apache-2.0
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from unified_agent.training.reward.environments import EnvironmentFault, EnvSettings
from unified_agent.training.reward.episodes import play
from unified_agent.training.reward.workers import Workers

PARENT = """
import time
from unified_agent.training.reward.environments import EnvSettings
from unified_agent.training.reward.workers import Workers
if __name__ == "__main__":
    workers = Workers(EnvSettings("CartPole-v1"), 2, 2)
    print(*(process.pid for process in workers._processes), flush=True)
    time.sleep(60)
"""


def test_environments_of_unequal_length_are_played_side_by_side():
    seeds = list(range(10))
    with Workers(EnvSettings("odd_environments:Odd/Short-v0"), 3, 2) as workers:
        plays = play(workers, seeds, lambda seen: np.zeros(len(seen), int), at_once=3)
        alone = [play(workers, [seed], lambda seen: np.zeros(len(seen), int))[0] for seed in seeds]
    assert len({len(episode) for episode in plays}) > 3
    for episode, other in zip(plays, alone, strict=True):
        assert np.array_equal(episode.observations, other.observations)


def test_a_fault_in_a_process_is_told_here():
    with (
        pytest.raises(EnvironmentFault, match="no finite number"),
        Workers(EnvSettings("odd_environments:Odd/Blind-v0"), 2, 2) as workers,
    ):
        workers.reset({0: 1, 1: 2})


def test_a_process_that_dies_is_told():
    with Workers(EnvSettings("odd_environments:Odd/Line-v0"), 1, 1) as workers:
        os.kill(workers._processes[0].pid, signal.SIGKILL)
        with pytest.raises(EnvironmentFault, match="died"):
            workers.reset({0: 1})


def test_the_processes_end_with_a_killed_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        children = [int(word) for word in parent.stdout.readline().split()]
        assert len(children) == 2 and all(map(alive, children))
        parent.kill()
    begin = time.monotonic()
    while any(map(alive, children)) and time.monotonic() - begin < 10:
        time.sleep(0.05)
    assert not any(map(alive, children))


def alive(process: int) -> bool:
    status = Path(f"/proc/{process}/status")
    return status.exists() and "zombie" not in status.read_text()
