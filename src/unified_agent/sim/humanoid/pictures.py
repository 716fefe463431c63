# SPDX-License-Identifier: Apache-2.0
"""Pictures of the humanoid, as MuJoCo draws where nothing is said, or lean: the same to the eye, many times as fast."""

import numpy as np

from unified_agent.robot.physics import mujoco
from unified_agent.sim.camera import renderer_of
from unified_agent.sim.humanoid.scene import CAMERA, SUN

_SHADE = (0.29, 0.28, 0.27, 1.0)
_FLAT, _ABOVE = 1e-3, 0.002
"""How thin a shadow is, of what throws it, and how high above the floor it lies, metres."""


class HumanoidPictures:
    """Renders a model of `scene.build`; in the thread that asked first.

    A software renderer spends nine tenths of a picture on the map of shadows, on reflections and on smooth edges. Lean
    pictures have none of these: their shadows are the limbs once more, flattened onto the floor along the light.

    Args:
        size: (height, width) in pixels.
        lean: as ``scene.build`` was told.
    """

    def __init__(self, model, data, size: tuple[int, int], lean: bool = True) -> None:
        self._data, self._lean = data, lean
        self._renderer = renderer_of(model, size)
        # p - (p_z / l_z) l is where the light l through p meets the floor.
        self._flatten = np.eye(3) - np.outer(SUN, (0, 0, 1)) / SUN[2]
        self._flatten[2] = (0, 0, _FLAT)

    def take(self) -> np.ndarray:
        """RGB, uint8, (height, width, 3)."""
        self._renderer.update_scene(self._data, CAMERA)
        if self._lean:
            scene = self._renderer.scene
            scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
            scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
            self._add_shadows(scene)
        return self._renderer.render()

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def _add_shadows(self, scene) -> None:
        for number in range(scene.ngeom):
            limb = scene.geoms[number]
            if limb.type == mujoco.mjtGeom.mjGEOM_PLANE:
                continue
            position = self._flatten @ limb.pos + (0, 0, _ABOVE)
            shape = (self._flatten @ limb.mat).ravel()
            shadow = scene.geoms[scene.ngeom]
            mujoco.mjv_initGeom(shadow, limb.type, limb.size, position, shape, _SHADE)
            shadow.size[:] = limb.size  # which initGeom takes for those of a model's geom
            scene.ngeom += 1
