# SPDX-License-Identifier: Apache-2.0
"""The four results of the Unified Agent paper, each as a command: ``unified-agent experiment NAME``."""

NAMES = {
    "exploration": "steps to success against the task's sparseness, with and without sub-goals",
    "reuse": "tasks in sequence, with and without the experience of those before",
    "scheduling": "new instructions from skills that were learnt one by one",
    "video": "a video of someone else stacking, done again by the robot",
}
