# SPDX-License-Identifier: Apache-2.0
"""Gymnasium's humanoid in a scene that looks natural, and what the paper of CLIP rewards asks of it."""

BASELINE = "a humanoid robot"
TASKS = {
    "kneeling": "a humanoid robot kneeling",
    "lotus_position": "a humanoid robot sitting on the ground in the lotus position",
    "standing_up": "a humanoid robot standing up",
    "arms_raised": "a humanoid robot standing up, with both arms raised",
    "doing_the_splits": "a humanoid robot doing the splits",
    "hands_on_hips": "a humanoid robot standing up with its hands on its hips",
    "arms_crossed": "a humanoid robot standing up, with its arms crossed",
    "standing_on_one_leg": "a humanoid robot standing up on one leg",
}
"""Task -> its goal; ``BASELINE`` describes the scene without it (Rocamonde 2024, arXiv 2310.12921, section 4.3)."""
