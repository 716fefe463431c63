# SPDX-License-Identifier: Apache-2.0
"""The humanoid of Gymnasium's own MJCF, dressed, on tiles under a sky, before a camera."""

from pathlib import Path

import gymnasium
import numpy as np

from unified_agent.errors import UserError
from unified_agent.robot.physics import mujoco
from unified_agent.sim.humanoid import textures
from unified_agent.sim.scene import LARGEST_IMAGE, look

CAMERA = "front"
_EYE, _LOOK_AT, _FIELD_OF_VIEW = np.array([3.1, 0.9, 1.35]), np.array([0.0, 0.0, 0.85]), 42.0
"""In metres and degrees: before the humanoid, which looks along x, a little to its left and above its middle."""
_TILE = 0.6
"""Edge, metres."""
_CLOTHES = {
    "torso1": "shirt",
    "uwaist": "shirt",
    "lwaist": "shirt",
    "uarm1": "shirt",
    "butt": "trousers",
    "thigh1": "trousers",
    "shin1": "trousers",
    "foot": "shoes",
    "head": "head",
    "larm": "skin",
    "hand": "skin",
}
"""What each geom wears, by its name without its side."""
SUN = np.array([-0.45, 0.3, -1.0])
"""Where its light goes."""


def source() -> Path:
    """Gymnasium's MJCF of the humanoid. Its module is not imported: that asks for libraries which drawing needs.

    Raises:
        UserError: this Gymnasium has none.
    """
    path = Path(gymnasium.__file__).parent / "envs" / "mujoco" / "assets" / "humanoid.xml"
    if not path.is_file():
        raise UserError(f"This Gymnasium ({gymnasium.__version__}) has no humanoid ({path}): install another >= 1.0.")
    return path


def build(lean: bool = True) -> "mujoco.MjModel":
    """The model of the scene: what moves is Gymnasium's, what is seen is ours.

    Args:
        lean: for `HumanoidPictures` that are lean: edges are not smoothed, and what is round has fewer faces. Otherwise
            as MuJoCo draws where nothing is said.
    """
    spec = mujoco.MjSpec.from_file(str(source()))
    for texture in list(spec.textures):
        spec.delete(texture)
    for light in list(spec.lights):
        spec.delete(light)
    _dress(spec)
    spec.delete(spec.material("geom"))
    _lay_floor(spec)
    _light(spec)
    spec.worldbody.add_camera(name=CAMERA, pos=_EYE, quat=look(_EYE, _LOOK_AT), fovy=_FIELD_OF_VIEW)
    getattr(spec.visual, "global").offheight, getattr(spec.visual, "global").offwidth = LARGEST_IMAGE
    if lean:
        spec.visual.quality.offsamples = 0
        spec.visual.quality.numslices, spec.visual.quality.numstacks = 20, 8
    return spec.compile()


def _dress(spec) -> None:
    _paint(spec, "shirt", textures.cloth((178, 52, 48), 2), 3.0)
    _paint(spec, "trousers", textures.cloth((46, 66, 110), 3), 3.0)
    _paint(spec, "shoes", textures.cloth((44, 40, 40), 7), 3.0)
    _paint(spec, "skin", textures.skin(), 1.0)
    _paint(spec, "head", textures.head(), 0.0)
    for geom in spec.geoms:
        worn = _CLOTHES.get(geom.name.removeprefix("left_").removeprefix("right_"))
        if worn:
            geom.material, geom.rgba = worn, (1, 1, 1, 1)


def _lay_floor(spec) -> None:
    _add_texture(spec, "tiles", mujoco.mjtTexture.mjTEXTURE_2D, textures.tiles())
    # The picture shows two tiles along each edge, and is repeated once in twice their size.
    material = spec.material("MatPlane")
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "tiles"
    material.texuniform, material.texrepeat = True, (1 / (2 * _TILE),) * 2
    material.reflectance, material.shininess, material.specular = 0.06, 0.3, 0.2
    spec.geom("floor").rgba = (1, 1, 1, 1)


def _light(spec) -> None:
    _add_texture(spec, "sky", mujoco.mjtTexture.mjTEXTURE_SKYBOX, textures.sky())
    spec.worldbody.add_light(
        pos=(2.0, -1.5, 4.0),
        dir=SUN,
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        diffuse=(0.55, 0.54, 0.5),
        specular=(0.1, 0.1, 0.1),
    )
    spec.visual.headlight.ambient = (0.38, 0.38, 0.4)
    spec.visual.headlight.diffuse = (0.28, 0.28, 0.28)
    spec.visual.headlight.specular = (0.05, 0.05, 0.05)


def _paint(spec, name: str, picture: np.ndarray, repeat: float) -> None:
    """A material of a picture on all six sides of a cube around a geom; of six below each other, one on each.

    Args:
        repeat: times a metre that the picture is repeated; 0: once a geom.
    """
    sides = picture if picture.shape[0] == 6 * picture.shape[1] else np.tile(picture, (6, 1, 1))
    _add_texture(spec, name, mujoco.mjtTexture.mjTEXTURE_CUBE, sides)
    material = spec.add_material(name=name, specular=0.1, shininess=0.2)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    if repeat:
        material.texuniform, material.texrepeat = True, (repeat, repeat)


def _add_texture(spec, name: str, kind, picture: np.ndarray) -> None:
    height, width = picture.shape[:2]
    spec.add_texture(name=name, type=kind, width=width, height=height, nchannel=3).data = picture.tobytes()
