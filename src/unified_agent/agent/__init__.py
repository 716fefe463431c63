# SPDX-License-Identifier: Apache-2.0
"""Carrying out a plan: which sub-goal, which action, and what came of it."""
