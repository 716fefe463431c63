# SPDX-License-Identifier: Apache-2.0
"""Colours of what is drawn of a recording, RGB."""

BACKGROUND = (18, 20, 24)
TEXT = (225, 228, 232)
FAINT = (130, 136, 145)
TRUE = (90, 200, 120)
CURRENT = (250, 190, 80)
LOW = (95, 130, 190)
