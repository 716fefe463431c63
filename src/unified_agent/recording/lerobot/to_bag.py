# SPDX-License-Identifier: Apache-2.0
"""An episode of a LeRobot dataset as a recording, as if this package's recorder had written it."""

import re
from pathlib import Path

import numpy as np

from unified_agent import topics
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.facts import EpisodeFacts
from unified_agent.recording.images import IMAGE
from unified_agent.recording.lerobot.reader import DatasetReader
from unified_agent.recording.lerobot.rows import JOINT_STATE, STRING

# Time of the first moment: a stamp of zero means "not stamped".
START = NANO
MICRO = 1_000_000


def to_bag(dataset: DatasetReader, number: int, folder: Path) -> int:
    """Write ``/camera/<name>/image_raw``, ``/joint_states``, ``/instruction`` and ``/episode`` of an episode.

    How an episode ended a dataset does not tell: its end is recorded, without a result.

    Args:
        folder: new.

    Returns:
        Its moments.

    Raises:
        NoDataset: a file of the episode is missing or broken; the folder is gone then.
    """
    types = common_types().types
    task, moments, last = dataset.task(number), 0, START
    with BagWriter(folder) as bag:
        for name in (topics.INSTRUCTION, topics.EPISODE):
            bag.add_topic(name, STRING)
        bag.add_topic(topics.JOINT_STATES, JOINT_STATE)
        images = {camera: topics.image(re.sub(r"\W+", "_", camera)) for camera in dataset.cameras}
        for topic in images.values():
            bag.add_topic(topic, IMAGE)

        def say(topic: str, text: str, time: int) -> None:
            bag.write(topic, encode(types[STRING](data=text)), time)

        say(topics.INSTRUCTION, task, START)
        say(topics.EPISODE, f"start {task}", START)
        for row in dataset.rows(number):
            # Datasets keep their times in 32 bits: what is below a microsecond is noise.
            last = START + round(row.seconds * MICRO) * (NANO // MICRO)
            stamp = types["builtin_interfaces/msg/Time"](sec=last // NANO, nanosec=last % NANO)
            if row.state is not None:
                header, none = types["std_msgs/msg/Header"](stamp=stamp, frame_id=""), np.zeros(0)
                joints = types[JOINT_STATE](header, list(dataset.joints), row.state, none, none)
                bag.write(topics.JOINT_STATES, encode(joints), last)
            for camera, frame in row.frames.items():
                header = types["std_msgs/msg/Header"](stamp=stamp, frame_id=camera)
                height, width = frame.shape[:2]
                image = types[IMAGE](header, height, width, "rgb8", 0, 3 * width, frame.reshape(-1))
                bag.write(images[camera], encode(image), last)
            moments += 1
        say(topics.EPISODE, "end", last)
        EpisodeFacts(task, start=START / NANO, end=last / NANO).write(folder)
    return moments
