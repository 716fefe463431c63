# SPDX-License-Identifier: Apache-2.0
"""The one error a user's mistake raises, in every room."""

import difflib
import math
from collections.abc import Iterable


class UserError(Exception):
    """A mistake that the user can mend.

    Its message says what was expected, what came and what to do; the command line
    and the nodes print it without a traceback. Rooms derive their own errors from it.
    """


def nearest(name: str, options: Iterable[str]) -> str:
    """A sentence to end an error with: the nearest right name, then all of them."""
    options = sorted(options)
    close = difflib.get_close_matches(name, options, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}Known: {', '.join(options)}."


SEEDS = 2**31 - 1
"""The largest seed."""


def in_range(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Make sure that a number that the user gave can be used.

    Args:
        name: of the option or setting.
        low, high: the smallest and the largest that can.

    Raises:
        UserError: it is smaller or larger, or no number (NaN).
    """
    if not low <= value <= high:
        most = "or more" if high == math.inf else f"to {high:,}"
        raise UserError(f"'{name}' must be {low:,} {most}, not {value}.")


def first_line(error: BaseException, most: int = 200) -> str:
    """The first line of what another library raised, at most so long; its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:most]
