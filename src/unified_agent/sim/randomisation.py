# SPDX-License-Identifier: Apache-2.0
"""Domain randomisation: what the cameras see changes, what it means does not."""

import colorsys

import numpy as np

from unified_agent.robot.physics import mujoco
from unified_agent.sim.scene import COLOURS

_CAMERA_POSITION = 0.012
_CAMERA_ROTATION = 0.008
_HUE = 0.03
"""Objects keep their hue, of a circle of 1: a red box stays red."""
_BRIGHTEST = 0.85


class Randomisation:
    """Draws lights, camera poses and colours around those of the model it was made with.

    Args:
        model: MuJoCo's.
        wide: whether cameras stand up to five times as far from their places, and the light may be a third of its own.
    """

    def __init__(self, model, wide: bool = False) -> None:
        self._model, self._wide = model, wide
        self._cam_pos, self._cam_quat = model.cam_pos.copy(), model.cam_quat.copy()
        self._light_dir, self._light_diffuse = model.light_dir.copy(), model.light_diffuse.copy()
        self._rgba = model.geom_rgba.copy()
        self._ambient = np.array(model.vis.headlight.ambient)
        self._diffuse = np.array(model.vis.headlight.diffuse)
        self._surroundings = [i for i in range(model.ngeom) if model.geom(i).name not in COLOURS]
        rim = [f"rim_{side}" for side in ("near", "far", "left", "right")]
        self._scenery = [[model.geom(name).id for name in part] for part in (["table"], ["mat"], rim)]

    def draw(self, rng: np.random.Generator) -> None:
        """A new look; sigmas of 12 mm and about 0.9 degrees for the cameras, unless wide."""
        model = self._model
        away, turned, bright = (
            (rng.uniform(1, 5), rng.uniform(1, 3), rng.uniform(0.35, 1.15)) if self._wide else [1] * 3
        )
        model.cam_pos[:] = self._cam_pos + away * rng.normal(0, _CAMERA_POSITION, self._cam_pos.shape)
        quaternions = self._cam_quat + turned * rng.normal(0, _CAMERA_ROTATION, self._cam_quat.shape)
        model.cam_quat[:] = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
        directions = self._light_dir + rng.normal(0, 0.35, self._light_dir.shape)
        model.light_dir[:] = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        tint = rng.uniform(0.92, 1.08, 3)
        model.light_diffuse[:] = self._light_diffuse * rng.uniform(0.5, 1.4, (len(directions), 1)) * tint * bright
        model.vis.headlight.ambient[:] = self._ambient * rng.uniform(0.6, 1.3) * bright
        model.vis.headlight.diffuse[:] = self._diffuse * rng.uniform(0.5, 1.5) * bright
        model.geom_rgba[:] = self._rgba
        for geom in self._surroundings:
            model.geom_rgba[geom, :3] = np.clip(self._rgba[geom, :3] * rng.uniform(0.85, 1.1), 0, 0.95)
        self._paint_scenery(rng)
        for name, colour in COLOURS.items():
            geom = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, name)
            if geom >= 0:
                model.geom_rgba[geom, :3] = _near(rng, colour)

    def _paint_scenery(self, rng: np.random.Generator) -> None:
        for part in self._scenery:
            # Dull: no patch of the table may look like an object.
            hue, saturation, brightness = rng.uniform(), rng.uniform(0.0, 0.3), rng.uniform(0.25, _BRIGHTEST)
            self._model.geom_rgba[part, :3] = colorsys.hsv_to_rgb(hue, saturation, brightness)


def _near(rng: np.random.Generator, colour: tuple[float, float, float]) -> tuple[float, float, float]:
    hue, saturation, brightness = colorsys.rgb_to_hsv(*colour)
    return colorsys.hsv_to_rgb(
        (hue + rng.uniform(-_HUE, _HUE)) % 1.0,
        np.clip(saturation * rng.uniform(0.8, 1.1), 0, 1),
        np.clip(brightness * rng.uniform(0.75, 1.15), 0, 0.95),
    )
