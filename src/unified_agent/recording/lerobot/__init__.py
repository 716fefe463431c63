# SPDX-License-Identifier: Apache-2.0
"""Recordings as LeRobot datasets (LeRobotDataset v3.0), and back."""
