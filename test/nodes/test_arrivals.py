# SPDX-License-Identifier: Apache-2.0
import time

import pytest

from unified_agent.nodes.arrivals import Arrivals


def arrived(arrivals: Arrivals, number: int | None = None, publisher: bytes = b"a", late: float = 0.0) -> None:
    info = {"source_timestamp": time.time_ns() - round(late * 1e9), "received_timestamp": 0}
    if number is not None:
        info |= {"publication_sequence_number": number, "publisher_gid": {"data": publisher}}
    arrivals.note(info)


def test_messages_between_others_are_missed_whoever_sent_them():
    arrivals = Arrivals()
    for publisher, number in ((b"a", 7), (b"b", 1), (b"a", 8), (b"a", 11), (b"b", 2), (b"a", 11), (b"b", 4)):
        arrived(arrivals, number, publisher)
    assert arrivals.missed == 2 + 1


def test_what_was_not_listened_to_is_not_missed():
    arrivals = Arrivals()
    arrived(arrivals, 1)
    arrivals.pause()
    arrived(arrivals, 100)
    assert arrivals.missed == 0


def test_without_numbers_nothing_is_counted():
    arrivals = Arrivals()
    for _ in range(3):
        arrived(arrivals)
    assert arrivals.missed == 0


@pytest.mark.parametrize("difference", [0.0, 3600.0, -3600.0])
def test_the_latest_message_counts_whatever_the_clocks_differ_by(difference):
    arrivals = Arrivals()
    for late in (0.0, 0.2, 3.8, 0.1):
        arrived(arrivals, late=late + difference)
    assert arrivals.late == pytest.approx(3.8, abs=0.1)
    arrivals.begin()
    arrived(arrivals, late=difference)
    assert arrivals.late == pytest.approx(0.0, abs=0.1)
