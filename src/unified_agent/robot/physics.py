# SPDX-License-Identifier: Apache-2.0
"""MuJoCo, imported with a way of rendering that needs no screen.

MuJoCo picks its OpenGL platform from ``MUJOCO_GL`` when it is first imported, so every
module of this package imports it from here.
"""

import ctypes
import os
import sys


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

import mujoco  # noqa: E402

__all__ = ["mujoco"]
