# SPDX-License-Identifier: Apache-2.0
"""A node that was started by a launch ends with it, however the launch ends (Linux)."""

import ctypes
import os
import signal
import sys
from contextlib import suppress

# Process id of the launch that started this node; set by the launch files.
VARIABLE = "UNIFIED_AGENT_PARENT"
_PR_SET_PDEATHSIG = 1


def signal_when_it_dies() -> None:
    """Let the kernel send this process SIGTERM when its parent is gone; nothing where the kernel is not Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def end_with_it() -> bool:
    """Tie this process to the one named in ``UNIFIED_AGENT_PARENT``.

    ``ros2 launch`` passes no SIGTERM on to what it started, and nobody can pass on a SIGKILL. A process between the two
    (a launch prefix such as gdb) gets in the way of it: then nothing is tied.

    Returns:
        False where it is gone already: there is nothing to start for.
    """
    parent = os.environ.get(VARIABLE, "")
    if not parent.isdigit():
        return True
    if os.getppid() == int(parent):
        signal_when_it_dies()
        return os.getppid() == int(parent)
    with suppress(PermissionError):
        try:
            os.kill(int(parent), 0)
        except ProcessLookupError:
            return False
    return True
