# SPDX-License-Identifier: Apache-2.0
from unified_agent.bench.environment import env_profile


def test_most_of_the_environments_time_is_physics_and_it_outruns_real_time():
    profile = env_profile(episodes=3)
    assert 0.5 < profile["mj_step"] < 1.0
    assert profile["real_time_factor"] > 3
