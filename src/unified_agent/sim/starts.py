# SPDX-License-Identifier: Apache-2.0
"""Seeds of random starts by what they are for: what is learnt from is never what is measured on.

Whatever learns, or is taught, takes seeds below `MEASURING`: those that people give, and all that are made from them.
A start depends on nothing but its seed, so that two seeds share one only by the chance that two draws are the same.
"""

from unified_agent.errors import in_range

MEASURING, EVALUATION, _END = 2**61, 2**62, 2**63 - 1
"""The first seed to measure with while something learns, and the first to evaluate what was learnt with."""


def measuring(number: int) -> int:
    """Of a measurement while something learns: the curve that a person may choose a checkpoint by."""
    in_range("number of a start", number, 0, EVALUATION - MEASURING - 1)
    return MEASURING + number


def evaluation(number: int) -> int:
    """Of the evaluation of what is finished."""
    in_range("number of a start", number, 0, _END - EVALUATION)
    return EVALUATION + number
