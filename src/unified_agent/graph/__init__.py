# SPDX-License-Identifier: Apache-2.0
"""Graphs of nodes: what is started together, and how it is followed."""
