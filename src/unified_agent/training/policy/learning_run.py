# SPDX-License-Identifier: Apache-2.0
"""A learning run from its pieces: plans, collectors, buffer, and the checkpoint at the end."""

from pathlib import Path

import torch

from unified_agent.language.planner import Planner
from unified_agent.sim import tasks
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.collect_and_infer import CollectAndInfer, LearningSettings
from unified_agent.training.policy.collector import SENTENCES
from unified_agent.training.policy.crew import Crew, Equipment, LocalCrew
from unified_agent.training.policy.train_policy import measure_skills
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

POLICY = "policy"


class LearningRun:
    """Everything that ``unified-agent learn`` needs.

    Args:
        settings: how to learn.
        out: folder of the run.
        buffer: folder of the lifelong buffer; None: ``out/buffer``.
        buffer_limit: GiB.
        planner: back end; "none" takes each task's own plan.
        clip: spec of the model that says what came true.
        randomise: random looks at every start.
        collectors: processes.
        worlds: of each collector.
        ray: "local" or the address of a Ray cluster; None: processes on this machine.
        pictures: whether the buffer keeps frames; an experiment that never looks at them is faster without.
        command: written on the card.

    Attributes:
        plans: task's name -> the sentences to pursue, in order.
    """

    def __init__(
        self,
        settings: LearningSettings,
        out: Path,
        buffer: Path | None = None,
        buffer_limit: float = 8.0,
        planner: str = "none",
        clip: str = "default",
        randomise: bool = False,
        collectors: int = 2,
        worlds: int = 4,
        ray: str | None = None,
        pictures: bool = True,
        command: str = "",
    ) -> None:
        self._settings, self._out, self._command = settings, out, command
        self._buffer = Buffer(buffer or out / "buffer", int(buffer_limit * 2**30))
        self._equipment = Equipment(settings.arm, clip, worlds, randomise, pictures)
        self._collectors, self._ray, self._clip = collectors, ray, clip
        self.plans = _plans(settings.tasks(), planner)

    def learn(self, reuse: bool = False) -> dict:
        """Learn to the end, write the checkpoint, and return its card.

        Args:
            reuse: begin with what the episodes that lie in the buffer already teach about these plans.
        """
        # A network this small gains nothing from more, loses a lot to whatever else the machine does, and would not
        # give the same run on another machine.
        torch.set_num_threads(1)
        thresholds = Detector(Clip.load(self._clip, "cpu"), SENTENCES).thresholds
        crew = self._crew()
        try:
            run = CollectAndInfer(self._settings, self.plans, crew, thresholds, self._out, self._buffer, reuse)
            progress = run.run()
        finally:
            crew.close()
        policy = run.policy
        policy.card = {
            "command": self._command,
            "arm": self._settings.arm,
            "task": self._settings.task,
            "trained_on": f"{progress.actions} picks and places of its own, successes as CLIP saw them",
            "actions": progress.actions,
            "episodes_done": sum(row["episodes_done"] for row in progress.rounds),
            "reused_demonstrations": run.reused,
            "success": progress.measured[-1]["success"],
            "measured": progress.measured,
        }
        if not self._settings.whole_task:
            policy.card["first_action_success"] = measure_skills(policy, self._settings.arm, episodes=20, seed=10_000)
        policy.save(self._out / POLICY)
        return policy.card

    def _crew(self) -> Crew:
        if self._ray is None:
            return LocalCrew(self._collectors, self._equipment)
        from unified_agent.training.policy.ray_crew import RayCrew

        return RayCrew(self._collectors, self._equipment, self._ray)


def _plans(wanted: list[tasks.Task], planner: str) -> dict[str, tuple[str, ...]]:
    if planner == "none":
        return {task.name: tuple(goal.sentence for goal in task.plan) for task in wanted}
    writer = Planner.load(planner)
    return {task.name: tuple(goal.sentence for goal in writer.plan(task.instruction).subgoals) for task in wanted}
