# SPDX-License-Identifier: Apache-2.0
"""The one error a user's mistake raises, in every room."""

import difflib
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
