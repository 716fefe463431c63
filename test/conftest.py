# SPDX-License-Identifier: Apache-2.0
"""ROS in tests: a domain of their own on this machine only, so that no running graph is disturbed or heard."""

import os

# Above 101, domains collide with the ports that the system hands out.
os.environ["ROS_DOMAIN_ID"] = str(20 + os.getpid() % 80)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
