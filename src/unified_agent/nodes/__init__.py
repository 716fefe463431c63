# SPDX-License-Identifier: Apache-2.0
"""ROS 2 shells, one file a node, around the objects of the other rooms."""
