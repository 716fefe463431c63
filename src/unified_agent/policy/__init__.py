# SPDX-License-Identifier: Apache-2.0
"""The network that acts, and its checkpoints. Knows no simulator and no ROS."""
