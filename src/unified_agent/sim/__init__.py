# SPDX-License-Identifier: Apache-2.0
"""The MuJoCo world, and the environment and tasks in it."""

ENVIRONMENT, HUMANOID = "unified_agent/StackObjects-v0", "unified_agent/Humanoid-v0"


def register() -> None:
    """Make the environments known to ``gymnasium.make``; called by Gymnasium through the package's entry point."""
    from gymnasium.envs import registration

    if ENVIRONMENT not in registration.registry:
        registration.register(ENVIRONMENT, entry_point="unified_agent.sim.env:StackObjects")
    if HUMANOID not in registration.registry:
        humanoid = "unified_agent.sim.humanoid.env:Humanoid"
        registration.register(HUMANOID, entry_point=humanoid, max_episode_steps=100)
