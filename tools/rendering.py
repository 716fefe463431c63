# SPDX-License-Identifier: Apache-2.0
"""Exit 0 when this machine can render with no display, as MuJoCo does with MUJOCO_GL=egl; say why when it cannot."""

import ctypes
import sys

EGL_PLATFORM_DEVICE_EXT = 0x313F
MOST_DEVICES = 16


def problem() -> str:
    """What is missing for EGL on a device without a display; empty when nothing is."""
    try:
        egl = ctypes.CDLL("libEGL.so.1")
        ctypes.CDLL("libGL.so.1")
    except OSError as error:
        return str(error)
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    addresses = [egl.eglGetProcAddress(name) for name in (b"eglQueryDevicesEXT", b"eglGetPlatformDisplayEXT")]
    if not all(addresses):
        return "this EGL does not list devices"
    query = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(addresses[0])
    display_of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(addresses[1])
    devices, count = (ctypes.c_void_p * MOST_DEVICES)(), ctypes.c_int()
    query(MOST_DEVICES, devices, ctypes.byref(count))
    egl.eglInitialize.argtypes = [ctypes.c_void_p] * 3
    displays = [display_of(EGL_PLATFORM_DEVICE_EXT, device, None) for device in devices[: count.value]]
    if any(display and egl.eglInitialize(display, None, None) for display in displays):
        return ""
    return f"EGL found {count.value} devices and could start none"


if __name__ == "__main__":
    sys.exit(problem() or 0)
