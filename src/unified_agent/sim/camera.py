# SPDX-License-Identifier: Apache-2.0
"""The fixed cameras: pictures and calibration."""

import importlib.util
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from unified_agent.errors import UserError, nearest
from unified_agent.robot.physics import INSTALL, mujoco
from unified_agent.sim.scene import CAMERAS, LARGEST_IMAGE


class CameraError(UserError):
    """A camera or a size of image that cannot be had, or no way to render."""


@dataclass(frozen=True)
class PinholeCamera:
    """A pinhole camera without distortion.

    Attributes:
        size: (height, width) in pixels.
        matrix: intrinsics K in pixels, shape (3, 3).
        position: of the optical centre in base_link, metres, shape (3,).
        rotation: from the optical frame (x right, y down, z forward; REP 103) to base_link, shape (3, 3).
    """

    size: tuple[int, int]
    matrix: np.ndarray
    position: np.ndarray
    rotation: np.ndarray


class SceneCameras:
    """Renders the scene; every renderer belongs to the thread that asked for it first."""

    def __init__(self, model, data, size: tuple[int, int]) -> None:
        self._model, self._data = model, data
        self._size = _checked(size)
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}
        self._option = mujoco.MjvOption()

    def render(self, camera: str, size: tuple[int, int] | None = None) -> np.ndarray:
        """RGB, uint8, (height, width, 3)."""
        _known(camera)
        size = self._size if size is None else _checked(size)
        if size not in self._renderers:
            self._renderers[size] = renderer_of(self._model, size)
        renderer = self._renderers[size]
        renderer.update_scene(self._data, camera, self._option)
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        return renderer.render()

    def info(self, camera: str, size: tuple[int, int] | None = None) -> PinholeCamera:
        """Intrinsics and pose."""
        index = self._model.camera(_known(camera)).id
        height, width = self._size if size is None else _checked(size)
        focal = 0.5 * height / np.tan(np.radians(self._model.cam_fovy[index]) / 2)
        # MuJoCo's camera looks along -z with y up.
        rotation = self._data.cam_xmat[index].reshape(3, 3) * (1, -1, -1)
        return PinholeCamera(
            size=(height, width),
            matrix=np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]]),
            position=self._data.cam_xpos[index].copy(),
            rotation=rotation,
        )

    def close(self) -> None:
        """Free the renderers."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()


def renderer_of(model, size: tuple[int, int]) -> "mujoco.Renderer":
    """A renderer of pictures of (height, width) pixels; it belongs to the thread that asks for it.

    Raises:
        CameraError: there is no OpenGL.
    """
    _load_triton()
    try:
        return mujoco.Renderer(model, *size)
    except Exception as error:  # OpenGL platforms each fail in their own way.
        raise CameraError(f"There is no OpenGL to render with ({error}). Install it: {INSTALL}") from error


def _load_triton() -> None:
    """Software rendering loads Mesa's LLVM, after which importing triton (as open_clip does) with its own crashes."""
    if importlib.util.find_spec("triton"):
        with suppress(ImportError):
            importlib.import_module("triton")


def _known(camera: str) -> str:
    if camera not in CAMERAS:
        raise CameraError(f"There is no camera '{camera}'. {nearest(camera, CAMERAS)}")
    return camera


def _checked(size) -> tuple[int, int]:
    height, width = (int(side) for side in size)
    if not (0 < height <= LARGEST_IMAGE[0] and 0 < width <= LARGEST_IMAGE[1]):
        raise CameraError(
            f"An image of {height}x{width} (height x width) cannot be had: "
            f"1x1 to {LARGEST_IMAGE[0]}x{LARGEST_IMAGE[1]} can."
        )
    return height, width
