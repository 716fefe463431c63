# SPDX-License-Identifier: Apache-2.0
"""A learning run from its pieces: plans, collectors, buffer, and the checkpoint at the end."""

from dataclasses import asdict
from pathlib import Path

import torch
from tqdm import tqdm

from unified_agent import __version__
from unified_agent.errors import UserError, in_range
from unified_agent.folders import OwnFolder
from unified_agent.language.planner import Planner
from unified_agent.language.subgoals import SENTENCES
from unified_agent.robot.arm import Arm
from unified_agent.sim import tasks
from unified_agent.training.policy.buffer import GIB, MOST, Buffer
from unified_agent.training.policy.collect_and_infer import MAY_CHANGE, CollectAndInfer, LearningSettings, Progress
from unified_agent.training.policy.collector import MOST_WORLDS
from unified_agent.training.policy.crew import Crew, Equipment, LocalCrew, SoloCrew, check_collectors
from unified_agent.training.policy.experience import Provenance
from unified_agent.training.policy.recall import Recall
from unified_agent.training.policy.train_policy import measure_skills
from unified_agent.training.runs import arm_identity, claim
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

KIND = "learning run"
POLICY = "policy"


class LearningRun:
    """Everything that ``unified-agent learn`` needs.

    Args:
        settings: how to learn.
        out: folder of the run.
        buffer: folder of the lifelong buffer; None: ``out/buffer``.
        buffer_limit: GiB; None: what the buffer keeps, or the default for a new one.
        planner: back end; "none" takes each task's own plan.
        clip: spec of the model that says what came true.
        randomise: random looks at every start.
        collectors: processes.
        worlds: of each collector.
        ray: "local" or the address of a Ray cluster; None: processes on this machine.
        pictures: whether the buffer keeps frames; an experiment that never looks at them is faster without.
        command: written on the card.
        reuse: begin with what the episodes that lie in the buffer already teach about these plans.
        solo: collect in this process: for many runs side by side. ``collectors`` is not used then.
        skills: measure at the end how often one action makes each sub-goal true, for the card.
        rescore: with ``reuse``: score the frames of episodes that were seen with another CLIP anew.

    Attributes:
        plans: task's name -> the sentences to pursue, in order.
    """

    def __init__(
        self,
        settings: LearningSettings,
        out: Path,
        buffer: Path | None = None,
        buffer_limit: float | None = None,
        planner: str = "none",
        clip: str = "default",
        randomise: bool = False,
        collectors: int = 2,
        worlds: int = 4,
        ray: str | None = None,
        pictures: bool = True,
        command: str = "",
        reuse: bool = False,
        rescore: bool = False,
        solo: bool = False,
        skills: bool = True,
    ) -> None:
        if rescore and not reuse:
            raise UserError("Scoring anew (--rescore) is for old episodes: give --reuse as well.")
        if buffer_limit is not None and not 1 / GIB <= buffer_limit <= MOST / GIB:
            raise UserError(f"The buffer's limit is more than 0 GiB and at most {MOST // GIB:,}, not {buffer_limit}.")
        in_range("worlds", worlds, 1, MOST_WORLDS)
        check_collectors(collectors, ray)
        self._settings, self._out, self._command = settings, out, command
        self._buffer, self._limit = buffer, None if buffer_limit is None else int(buffer_limit * GIB)
        self._equipment = Equipment(settings.arm, clip, worlds, randomise, pictures)
        self._collectors, self._ray, self._planner = collectors, ray, planner
        self._solo, self._skills = solo, skills
        self._reuse, self._rescore = reuse, rescore
        self._arm = Arm.load(settings.arm)
        self._model = Clip.load(clip, "cpu")
        self._detector = Detector(self._model, SENTENCES)
        self.plans = _plans(settings.tasks(), planner)

    def learn(self) -> dict:
        """Learn to the end, write the checkpoint, and return its card.

        Raises:
            UserError: the folder holds a run of other settings, is being written to, or cannot be written.
        """
        # A network this small gains nothing from more, loses a lot to whatever else the machine does, and would not
        # give the same run on another machine.
        torch.set_num_threads(1)
        seen_with = Provenance(self._model.fingerprint, tuple(self._detector.thresholds.tolist()), self._arm.name)
        made_with = self._made_with(seen_with)
        inside = self._out / "buffer"
        own_buffer = self._buffer is None or self._buffer.resolve() == inside.resolve()
        buffer = None if own_buffer else Buffer(self._buffer, self._limit)
        if self._reuse:
            made_with["buffer"] = "its own" if buffer is None else buffer.identity
        with claim(self._out, KIND, made_with, MAY_CHANGE) as own:
            own.place(POLICY)
            buffer = buffer or Buffer(own.place(inside.name), self._limit)
            crew = self._crew()
            try:
                reuse = Recall(seen_with, self._detector if self._rescore else None) if self._reuse else None
                run = CollectAndInfer(
                    self._settings, self.plans, crew, self._detector.thresholds, own, buffer, reuse, seen_with
                )
                progress = run.run()
            finally:
                crew.close()
            policy = run.policy
            policy.card = self._card(own, progress, buffer)
            if self._skills and not self._settings.whole_task:
                policy.card["first_action_success"] = measure_skills(policy, self._settings.arm, episodes=20)
            policy.save(own.path / POLICY)
        if buffer.deleted[0]:
            tqdm.write(f"{buffer.folder}: {buffer.deleted[0]} files ({buffer.deleted[1]} bytes) made room.")
        return policy.card

    def _made_with(self, seen_with: Provenance) -> dict:
        """Everything that the policy depends on. How many collectors and worlds there are is not among it."""
        return {
            **asdict(self._settings),
            "arm": arm_identity(self._arm),
            "clip": seen_with.clip,
            "thresholds": dict(zip(SENTENCES, seen_with.thresholds, strict=True)),
            "planner": self._planner,
            "plans": self.plans,
            "randomise": self._equipment.randomise,
            "pictures": self._equipment.pictures,
            "reuse": self._reuse,
            "rescore": self._rescore,
        }

    def _card(self, own: OwnFolder, progress: Progress, buffer: Buffer) -> dict:
        return {
            "command": self._command,
            "version": __version__,
            "arm": self._arm.name,
            "task": self._settings.task,
            "trained_on": f"{progress.actions} picks and places of its own, successes as CLIP saw them",
            "actions": progress.actions,
            "last_updates": progress.last_updates,
            "episodes_done": sum(row["episodes_done"] for row in progress.rounds),
            "reused_demonstrations": progress.reused,
            "old_episodes": progress.left_out,
            "buffer_files_skipped": len(buffer.skipped),
            "success": progress.measured[-1]["success"],
            "measured": progress.measured,
            "made_with": own.settings,
        }

    def _crew(self) -> Crew:
        if self._solo:
            return SoloCrew(self._equipment)
        if self._ray is None:
            return LocalCrew(self._collectors, self._equipment)
        from unified_agent.training.policy.ray_crew import RayCrew

        return RayCrew(self._collectors, self._equipment, self._ray)


def _plans(wanted: list[tasks.Task], planner: str) -> dict[str, tuple[str, ...]]:
    if planner == "none":
        return {task.name: tuple(goal.sentence for goal in task.plan) for task in wanted}
    writer = Planner.load(planner)
    return {task.name: tuple(goal.sentence for goal in writer.plan(task.instruction).subgoals) for task in wanted}
