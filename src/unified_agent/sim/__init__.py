# SPDX-License-Identifier: Apache-2.0
"""The MuJoCo world that stands in for hardware, and its Gymnasium environment."""
