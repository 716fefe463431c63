# SPDX-License-Identifier: Apache-2.0
import numpy as np
from PIL import Image

from unified_agent.recording.cameras import image_topics
from unified_agent.recording.contact_sheet import TILE, contact_sheet
from unified_agent.recording.reader import BagReader


def test_the_sheet_shows_as_many_moments_as_asked_for(episode, tmp_path):
    reader = BagReader(episode)
    assert contact_sheet(reader, image_topics(reader), tmp_path / "sheet.png", moments=6) == 6
    picture = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert picture.shape[1] > 6 * TILE


def test_a_short_recording_shows_what_it_has(bag, tmp_path):
    reader = BagReader(bag)
    assert contact_sheet(reader, ("/camera/left/image_raw",), tmp_path / "sheet.png", moments=99) == 30
