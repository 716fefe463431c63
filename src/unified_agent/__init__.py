# SPDX-License-Identifier: Apache-2.0
"""A language-centred agent for robot arms, simulated and real."""

__version__ = "0.1.0"
