# SPDX-License-Identifier: Apache-2.0
"""What a language model is shown before it writes a plan."""

from unified_agent.language.grammar import END
from unified_agent.language.plan import Plan
from unified_agent.language.refusal import REASONS

_SETTING = (
    "A robot arm works at a table with a red, a green and a blue object. "
    "Write the steps of each instruction, one a line, or refuse it when it is not about these objects."
)
_EXAMPLES = (
    ("Stack the red object on the blue object", "red/blue"),
    ("Pick up the green one, please", "green"),
    ("Tell me a story about the sea", "chat"),
    ("Put the green block under the red block", "red/green"),
    ("Build a tower: red at the bottom, blue in the middle, green on top", "blue/red green/blue"),
    ("Put the yellow cup on the shelf", "unknown"),
    ("Take the blue object off the green one and lay it on the table", "blue/table"),
)


def tuned(instruction: str) -> str:
    """For a model that was fine-tuned on plans: the instruction alone."""
    return f"{instruction}\nPlan:\n"


def with_examples(instruction: str, separator: str) -> str:
    """For a model off the shelf: the setting and in-context examples (as in the Unified Agent paper) first."""
    parts = [_SETTING]
    for said, meant in _EXAMPLES:
        lines = [REASONS[meant][0]] if meant in REASONS else [*str(Plan.of_moves(meant)).splitlines(), END]
        parts.append(f"Instruction: {said}\nPlan:{separator}{separator.join(lines)}")
    return "\n\n".join([*parts, f"Instruction: {instruction}\nPlan:{separator}"])
