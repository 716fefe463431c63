# SPDX-License-Identifier: Apache-2.0
"""Frames in, scores of sentences out. Knows no simulator and no ROS."""
