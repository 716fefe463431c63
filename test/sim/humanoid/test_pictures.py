# SPDX-License-Identifier: Apache-2.0
import numpy as np

from unified_agent.robot.physics import mujoco
from unified_agent.sim.humanoid import scene
from unified_agent.sim.humanoid.pictures import HumanoidPictures

SIZE = (96, 96)


def drawn(lean):
    model = scene.build(lean)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    camera = HumanoidPictures(model, data, SIZE, lean)
    frame = camera.take().astype(float)
    camera.close()
    return frame


def test_lean_pictures_show_what_the_default_ones_show():
    assert np.abs(drawn(lean=True) - drawn(lean=False)).mean() < 3.0


def test_what_moves_is_gymnasiums_own_humanoid():
    theirs, ours = mujoco.MjModel.from_xml_path(str(scene.source())), scene.build()
    first, second = mujoco.MjData(theirs), mujoco.MjData(ours)
    for model, data in ((theirs, first), (ours, second)):
        data.ctrl[:] = 0.2
        mujoco.mj_step(model, data, nstep=50)
    assert np.array_equal(first.qpos, second.qpos)
