# SPDX-License-Identifier: Apache-2.0
"""An arm is data (a URDF and a YAML file): kinematics, trajectories and pick/place motions."""
