# SPDX-License-Identifier: Apache-2.0
"""The decision process, the network that acts and the pursuit of a plan. Knows no simulator and no ROS."""
