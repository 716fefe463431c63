# SPDX-License-Identifier: Apache-2.0
"""The planner node: turns an instruction, or a video of what is wanted, into a plan, or refuses it with the reason."""

import queue
import threading
import time
from pathlib import Path

from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.language.plan import Plan
from unified_agent.nodes import qos, shell
from unified_agent.nodes.parameters import Spec

WAIT_PERIOD = 0.2
VIDEOS = (".mp4", ".mkv", ".mov", ".avi", ".webm")
"""An instruction that ends like this is the path of a video on the machine of this node."""


class PlannerNode(shell.AgentNode):
    """Loads the language model and plans in a thread of its own; the newest instruction wins."""

    PARAMETERS = (
        Spec("planner", "smollm2", "Language model: 'smollm2' (ships, offline) or hf:<model id or folder>."),
        Spec("clip_model", "default", "CLIP that watches a video given as an instruction; see the captioner's."),
        Spec("device", "auto", "Where the language model computes.", options=("auto", "cpu", "cuda")),
        Spec("threads", 2, "CPU threads of the language model.", low=1, high=256),
        Spec("instruction", "", "Given once, when the other nodes are ready; empty: wait for /instruction."),
    )

    def __init__(self, **options):
        super().__init__("planner", **options)
        self._instructions: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._seconds = 0.0
        self._loaded = threading.Event()
        self._plan = self.offer(qos.PLAN)
        self._instruction = self.offer(qos.INSTRUCTION)
        self.listen(qos.INSTRUCTION, self._on_instruction)
        self._acted = False
        self.listen(qos.EPISODE, self._on_episode, qos.STORY)
        if self.settings["instruction"]:
            self._waiting = self.create_timer(WAIT_PERIOD, self._give_instruction, clock=self.steady)
        self.report(shell.OK, f"loading {self.settings['planner']}")
        self.in_thread(self._work)

    def figures(self) -> dict[str, object]:
        """The time that the last plan took."""
        return {"model": self.settings["planner"], "planning time": f"{self._seconds:.2f} s"}

    def close(self) -> None:
        """Let the thread end."""
        self._instructions.put(None)

    def _on_instruction(self, message: String) -> None:
        self._instructions.put(message.data)

    def _on_episode(self, message: String) -> None:
        self._acted = True

    def _give_instruction(self) -> None:
        """The ``instruction`` parameter, once a policy and a captioner are there to hear of it."""
        there = self.count_publishers(qos.SUBGOAL.name) and self.count_publishers(qos.SCORES.name)
        connected = all(
            publisher.get_subscription_count() >= self.count_subscribers(publisher.topic_name) > 0
            for publisher in (self._plan, self._instruction)
        )
        if not (self._loaded.is_set() and there and connected):
            return
        self.destroy_timer(self._waiting)
        if self._acted:
            # A planner that was started again must not make the arm do it again.
            self.report(shell.WARN, "ready; the parameter 'instruction' is not given: an episode was begun before")
        else:
            self._instruction.publish(String(data=self.settings["instruction"]))

    def _work(self) -> None:
        import torch

        from unified_agent.device import torch_device
        from unified_agent.language.planner import Planner

        torch.set_num_threads(self.settings["threads"])
        planner = Planner.load(self.settings["planner"], device=torch_device(self.settings["device"]))
        self._loaded.set()
        self.report(shell.OK, "ready")
        while (instruction := self._newest()) is not None:
            self._answer(planner, instruction)

    def _newest(self) -> str | None:
        """The newest instruction, waiting for one; None at the end."""
        newest = self._instructions.get()
        while newest is not None and not self._instructions.empty():
            newest = self._instructions.get()
        return newest

    def _answer(self, planner, instruction: str) -> None:
        self.report(shell.OK, f"planning: {instruction[:200]}")
        started = time.monotonic()
        try:
            said = instruction.strip()
            plan = self._watch(said) if said.lower().endswith(VIDEOS) else planner.plan(instruction)
        except UserError as error:
            self._seconds = time.monotonic() - started
            # The reason first: who reads the empty plan will ask for it.
            self.report(shell.WARN, f"refused: {error}")
            self._plan.publish(String(data=""))
            return
        self._seconds = time.monotonic() - started
        self._plan.publish(String(data="\n".join(goal.sentence for goal in plan.subgoals)))
        self.report(shell.OK, f"planned {len(plan.subgoals)} sub-goals in {self._seconds:.1f} s")

    def _watch(self, path: str) -> Plan:
        from unified_agent.vision import watching
        from unified_agent.vision.clip import Clip

        clip = Clip.load(self.settings["clip_model"], self.settings["device"])
        return watching.plan_in(Path(path).expanduser(), clip)


def main() -> None:
    """The program ``planner``."""
    shell.program("planner", PlannerNode)


if __name__ == "__main__":
    main()
