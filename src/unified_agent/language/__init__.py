# SPDX-License-Identifier: Apache-2.0
"""Sub-goals, plans and the language model that writes them. Knows no torch at import time, no ROS, no robot."""
