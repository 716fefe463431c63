# SPDX-License-Identifier: Apache-2.0
import av

from unified_agent.recording.cameras import image_topics
from unified_agent.recording.film import film
from unified_agent.recording.reader import BagReader


def test_every_moment_is_drawn_with_the_scores_over_time_below(episode, tmp_path):
    reader = BagReader(episode)
    read = []
    assert film(reader, image_topics(reader), tmp_path / "film.mp4", rate=10, progress=read.append) == 20
    with av.open(str(tmp_path / "film.mp4")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 20
    assert frames[0].height > frames[0].width
    assert sum(read) == reader.size


def test_a_bag_without_words_and_scores_is_drawn_too(bag, tmp_path):
    reader = BagReader(bag)
    assert film(reader, image_topics(reader), tmp_path / "film.mp4") == 30
