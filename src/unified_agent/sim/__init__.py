# SPDX-License-Identifier: Apache-2.0
"""The MuJoCo world, and the environment and tasks in it."""

ENVIRONMENT = "unified_agent/StackObjects-v0"


def register() -> None:
    """Make the environment known to ``gymnasium.make``; called by Gymnasium through the package's entry point."""
    from gymnasium.envs import registration

    if ENVIRONMENT not in registration.registry:
        registration.register(ENVIRONMENT, entry_point="unified_agent.sim.env:StackObjects")
