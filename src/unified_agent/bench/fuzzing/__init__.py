# SPDX-License-Identifier: Apache-2.0
"""Thousands of damaged and hostile inputs through the real commands."""
