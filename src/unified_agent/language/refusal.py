# SPDX-License-Identifier: Apache-2.0
"""An instruction that is not answered with a plan, and why."""

from unified_agent.errors import UserError
from unified_agent.language.subgoals import OBJECTS

MAX_CHARACTERS = 1000
_KNOWN = f"It grasps, stacks and puts on the table the {', '.join(OBJECTS[:-1])} and {OBJECTS[-1]} objects."
# What the language model may write in place of a plan -> what the person is told.
REASONS = {
    "chat": ("refused: not a request", f"it does not ask the robot to move the objects. {_KNOWN}"),
    "unknown": ("refused: unknown object", f"it needs an object or a place that is not here. {_KNOWN}"),
    "impossible": ("refused: impossible", "it asks for something that cannot be true in the world."),
    "action": ("refused: other action", f"it asks for something the robot cannot do. {_KNOWN}"),
    "unclear": ("refused: unclear", "it does not say which object goes where. Name the objects by their colours."),
    "nothing": ("refused: nothing to do", "it asks for nothing to be done."),
}


class Refusal(UserError):
    """The instruction is refused; the message is the reason.

    Attributes:
        reason: a key of ``REASONS``, "input" for text that was not given to the model, or "check" for a plan
            that the model wrote and ``plan.check`` found impossible.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def check_text(instruction: str) -> str:
    """The instruction with its white space made single spaces, before any model reads it.

    Raises:
        Refusal: it is empty, longer than ``MAX_CHARACTERS`` or contains control characters.
    """
    if not instruction.strip():
        raise Refusal("input", "The instruction is empty: say what should be done with the objects.")
    if len(instruction) > MAX_CHARACTERS:
        raise Refusal("input", f"The instruction has {len(instruction)} characters; at most {MAX_CHARACTERS} are read.")
    odd = next((c for c in instruction if not c.isprintable() and c not in "\t\n\r"), None)
    if odd is not None:
        raise Refusal("input", f"The instruction contains the control character {odd!r}: send plain text.")
    return " ".join(instruction.split())
