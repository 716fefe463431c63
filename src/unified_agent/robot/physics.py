# SPDX-License-Identifier: Apache-2.0
"""MuJoCo, imported with a way of rendering that needs no screen.

MuJoCo picks its OpenGL platform from ``MUJOCO_GL`` when it is first imported, so every
module of this package imports it from here.
"""

import ctypes
import os
import sys

from unified_agent.errors import UserError

INSTALL = "sudo apt-get install -y libegl1 libgl1 libgl1-mesa-dri libosmesa6"
"""What brings OpenGL without a screen to Debian and Ubuntu."""


def _platform() -> str:
    """The first headless OpenGL platform whose library loads: "egl", "osmesa" or "disable" (physics only)."""
    for name, library in (("egl", "libEGL.so.1"), ("osmesa", "libOSMesa.so.8")):
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        return name
    return "disable"


if sys.platform == "linux" and "MUJOCO_GL" not in os.environ:
    os.environ["MUJOCO_GL"] = _platform()

try:
    import mujoco
except (ImportError, AttributeError, RuntimeError) as error:
    raise UserError(
        f"MuJoCo cannot start with MUJOCO_GL={os.environ.get('MUJOCO_GL')} ({error}). "
        f"Leave MUJOCO_GL unset, or install what it needs: {INSTALL}"
    ) from error

__all__ = ["INSTALL", "mujoco"]
