# SPDX-License-Identifier: Apache-2.0
"""What the finished parts of an experiment depend on, as fingerprints: for its ``made_with``."""

from unified_agent.experiments import Conditions
from unified_agent.language.subgoals import SENTENCES
from unified_agent.policy.checkpoint import Policy
from unified_agent.training.runs import weights_identity
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector


def eyes(conditions: Conditions) -> dict:
    """Of the CLIP that judges sub-goals: its weights, and the threshold of every sentence."""
    clip = Clip.load(conditions.clip, "cpu")
    return {"clip": clip.fingerprint, "thresholds": Detector(clip, SENTENCES).thresholds.tolist()}


def hands(conditions: Conditions) -> dict:
    """Of the policy that acts."""
    return {"policy": weights_identity(Policy.load(conditions.policy, "cpu").network.state_dict())}
