# SPDX-License-Identifier: Apache-2.0
from unified_agent.bench.relabel import damage_profile


def test_damaged_recordings_are_read_as_far_as_they_go_or_refused_with_a_reason():
    found = damage_profile(bags=15)
    assert sum(found[kind] for kind in ("whole", "lossy", "refused")) == 15
    assert found["crashed"] == found["unsaid"] == found["half"] == 0
