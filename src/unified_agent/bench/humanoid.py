# SPDX-License-Identifier: Apache-2.0
"""What lean pictures of the humanoid cost beside MuJoCo's default ones, and how alike the two are."""

import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from unified_agent.folders import write_whole
from unified_agent.robot.physics import mujoco
from unified_agent.sim.humanoid import scene
from unified_agent.sim.humanoid.pictures import HumanoidPictures

_STEPS = (1, 60, 120, 180, 300, 500)
"""Physics steps after the start at which both are drawn: upright, falling, and on the floor."""


def humanoid_profile(size: int = 224, rounds: int = 2, picture: Path | None = None) -> dict:
    """Pictures a CPU second of both, in turn within one run, and how much the lean ones differ.

    Args:
        size: height and width, pixels.
        rounds: times that every state is drawn by each.
        picture: a file for some of them, the lean ones above: to see for oneself.

    Returns:
        ``lean_per_cs``, ``default_per_cs`` and their ``ratio``; ``physics_per_cs``, decisions of 15 ms;
        ``mean_difference``, of a channel, of 255; ``ssim``, the mean structural similarity of the grey pictures.
    """
    models = {lean: scene.build(lean) for lean in (True, False)}
    states = _states(models[True])
    data = {lean: mujoco.MjData(model) for lean, model in models.items()}
    cameras = {lean: HumanoidPictures(model, data[lean], (size, size), lean) for lean, model in models.items()}
    spent, drawn = {True: 0.0, False: 0.0}, {True: [], False: []}
    try:
        for camera in cameras.values():
            camera.take()
        for turn in range(rounds):
            for state in states:
                for lean, camera in cameras.items():
                    mujoco.mj_setState(models[lean], data[lean], state, mujoco.mjtState.mjSTATE_PHYSICS)
                    mujoco.mj_forward(models[lean], data[lean])
                    began = time.process_time()
                    frame = camera.take()
                    spent[lean] += time.process_time() - began
                    if turn == 0:
                        drawn[lean].append(frame)
    finally:
        for camera in cameras.values():
            camera.close()
    if picture is not None:
        _, file = cv2.imencode(".png", np.vstack([np.hstack(row[::2]) for row in drawn.values()])[..., ::-1])
        write_whole(picture, file.tobytes())
    pairs = [(np.asarray(a, float), np.asarray(b, float)) for a, b in zip(drawn[True], drawn[False], strict=True)]
    return {
        "lean_per_cs": rounds * len(states) / spent[True],
        "default_per_cs": rounds * len(states) / spent[False],
        "ratio": spent[False] / spent[True],
        "physics_per_cs": _physics(models[True]),
        "mean_difference": float(np.mean([np.abs(lean - default).mean() for lean, default in pairs])),
        "ssim": float(np.mean([similarity(_grey(lean), _grey(default)) for lean, default in pairs])),
    }


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Structural similarity of two grey pictures in [0, 255], shape (H, W): 1 where they are the same.

    Wang et al. 2004, equation 13, with its Gaussian window of deviation 1.5 and its constants.
    """

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(x, (11, 11), 1.5)

    one, two = mean(first), mean(second)
    variances = mean(first**2) - one**2, mean(second**2) - two**2
    covariance = mean(first * second) - one * two
    small, smaller = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * one * two + small) * (2 * covariance + smaller)
    return float((above / ((one**2 + two**2 + small) * (sum(variances) + smaller))).mean())


def _states(model) -> list[np.ndarray]:
    """Of a fall with random torques."""
    data, rng, states = mujoco.MjData(model), np.random.default_rng(0), []
    size = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_PHYSICS)
    for step in range(_STEPS[-1]):
        data.ctrl[:] = rng.uniform(*model.actuator_ctrlrange.T)
        mujoco.mj_step(model, data)
        if step + 1 in _STEPS:
            states.append(np.empty(size))
            mujoco.mj_getState(model, data, states[-1], mujoco.mjtState.mjSTATE_PHYSICS)
    return states


def _physics(model, decisions: int = 200) -> float:
    data, began = mujoco.MjData(model), time.process_time()
    for _ in range(decisions):
        mujoco.mj_step(model, data, nstep=5)
    return decisions / (time.process_time() - began)


def _grey(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture.astype(np.uint8)).convert("L"), float)
