# SPDX-License-Identifier: Apache-2.0
"""An arm's URDF, read as data: bounded, and with nothing in it that reads or runs something elsewhere."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path, PurePosixPath

import numpy as np

from unified_agent import paths
from unified_agent.documents import read_text, shown
from unified_agent.errors import UserError

LIMIT, MESH_LIMIT = 8 * 2**20, 16 * 2**20
"""Bytes of a URDF, and of one mesh."""
MOST_LINKS, MOST_MESHES = 256, 256
MESHES = (".stl", ".obj")
_DEPTH = 64
# Of a URDF's root: what MuJoCo is given. The rest (transmissions, Gazebo's plugins, controllers) is for other programs.
_KEPT = ("link", "joint", "material", "mujoco")
# Of MuJoCo's own element: what says how the URDF is read. Its others load plugins and files.
_COMPILER = (
    "angle",
    "autolimits",
    "balanceinertia",
    "boundinertia",
    "boundmass",
    "discardvisual",
    "eulerseq",
    "fusestatic",
    "inertiafromgeom",
    "meshdir",
    "strippath",
)
_ELSEWHERE = ("include", "plugin", "extension", "model", "attach", "replicate", "asset")

Limits = tuple[float, float, float, float]
"""lower, upper, velocity, effort."""


class UrdfError(UserError):
    """A URDF that cannot be used."""


def read(path: Path) -> ElementTree.Element:
    """The root of a URDF with what describes the arm; its meshes by their paths relative to its folder.

    Raises:
        UrdfError: it is no such XML, too large, names entities, includes or plugins, or a mesh that is not beside it.
        BadDocument: it cannot be read.
    """
    text = read_text(path, LIMIT)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise UrdfError(f"{path} declares a document type or entities: a URDF needs none. Take them out.")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise UrdfError(f"{path} is not XML: {error}") from None
    if root.tag != "robot":
        raise UrdfError(f"{path} must hold a <robot>, not <{root.tag[:80]}>.")
    for child in list(root):
        if _is_elsewhere(child.tag):
            raise UrdfError(_refusal(path, child.tag))
        if child.tag not in _KEPT:
            root.remove(child)
    _refuse_elsewhere(root, path)
    _check_mujoco(root, path)
    if len(root.findall("link")) > MOST_LINKS or len(root.findall("joint")) > MOST_LINKS:
        raise UrdfError(f"{path} has more than {MOST_LINKS} links or joints: expected an arm.")
    _place_meshes(root, path)
    return root


def links_and_limits(root: ElementTree.Element, path: Path) -> tuple[list[str], dict[str, Limits]]:
    """Names of the links, and joint name -> limits, of those that have them.

    Raises:
        UrdfError: a limit is no number, or the lower one is above the upper.
    """
    limits = {}
    for joint in root.findall("joint"):
        name, limit = joint.get("name"), joint.find("limit")
        if limit is None or name is None:
            continue
        try:
            lower, upper, velocity, effort = (
                float(limit.get(key, "nan")) for key in ("lower", "upper", "velocity", "effort")
            )
        except ValueError as error:
            raise UrdfError(f"{path}: limits of joint {shown(name)}: {error}.") from None
        if not np.isfinite((lower, upper, velocity, effort)).all():
            continue
        if lower >= upper or velocity <= 0 or effort <= 0:
            raise UrdfError(
                f"{path}: the limits of joint {shown(name)} need lower below upper, velocity and effort above 0."
            )
        limits[name] = lower, upper, velocity, effort
    return [link.get("name", "") for link in root.findall("link")], limits


def _is_elsewhere(tag: str) -> bool:
    return tag.split("}")[-1].split(":")[-1] in _ELSEWHERE or "xacro" in tag


def _refusal(path: Path, tag: str) -> str:
    return (
        f"{path} has a <{tag[:80]}>: an arm is one file without plugins and includes. Write it out (xacro) and take "
        "them away."
    )


def _refuse_elsewhere(root: ElementTree.Element, path: Path) -> None:
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        if depth > _DEPTH:
            raise UrdfError(f"{path} is nested more than {_DEPTH} deep: expected a URDF.")
        for child in list(element):
            if not isinstance(child.tag, str) or child.tag == "texture":  # MuJoCo draws a URDF without
                element.remove(child)
            elif _is_elsewhere(child.tag):
                raise UrdfError(_refusal(path, child.tag))
            else:
                waiting.append((child, depth + 1))


def _check_mujoco(root: ElementTree.Element, path: Path) -> None:
    for section in root.findall("mujoco"):
        for child in section:
            if child.tag not in ("compiler", "option", "size"):
                raise UrdfError(f"{path}: <mujoco> may hold <compiler>, <option> and <size>, not <{child.tag[:80]}>.")
            if child.tag == "compiler" and (strange := [key for key in child.attrib if key not in _COMPILER]):
                raise UrdfError(
                    f"{path}: <compiler> may say {', '.join(_COMPILER)}, not '{strange[0][:80]}'. Take it away."
                )


def _place_meshes(root: ElementTree.Element, path: Path) -> None:
    folder = path.parent.resolve()
    compilers = [compiler for section in root.findall("mujoco") for compiler in section.findall("compiler")]
    directory = next((compiler.get("meshdir") for compiler in compilers if compiler.get("meshdir")), "")
    meshes = list(root.iter("mesh"))
    if len(meshes) > MOST_MESHES:
        raise UrdfError(f"{path} names {len(meshes)} meshes: expected at most {MOST_MESHES}.")
    for mesh in meshes:
        mesh.set("filename", _mesh(folder, directory, mesh.get("filename", ""), path))


def _mesh(folder: Path, directory: str, name: str, urdf: Path) -> str:
    """The path of a mesh relative to the URDF's folder: as it is given, else by its name alone, beside the URDF."""
    plain = name.removeprefix("file://").removeprefix("package://")
    given = [PurePosixPath(directory, plain), PurePosixPath(directory, PurePosixPath(plain).name)]
    for candidate in (*given, PurePosixPath(PurePosixPath(plain).name)):
        try:
            found = paths.inside(folder, str(candidate))
            if not found.is_file():
                continue
            size = found.stat().st_size
        except (UserError, OSError, ValueError):
            continue
        if found.suffix.lower() not in MESHES:
            raise UrdfError(f"{urdf}: the mesh {shown(name)} must be one of {', '.join(MESHES)}: convert it.")
        if size > MESH_LIMIT:
            raise UrdfError(f"{urdf}: the mesh {shown(name)} has {size} bytes: expected at most {MESH_LIMIT}.")
        return found.relative_to(folder).as_posix()
    raise UrdfError(f"{urdf}: there is no mesh {shown(name)} beside it: nothing outside its folder is read.")
