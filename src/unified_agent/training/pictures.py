# SPDX-License-Identifier: Apache-2.0
"""Pictures in files, from anywhere: bounded, and none where a file holds none."""

from pathlib import Path

import numpy as np
from PIL import Image

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_LARGEST = 4096 * 4096


def pictures_in(folder: Path) -> list[Path]:
    """The files in a folder and those below it that are called pictures, in the order of their paths."""
    return [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS and path.is_file()]


def picture(path: Path) -> np.ndarray | None:
    """RGB, uint8, (H, W, 3); None for a file that holds no picture, or one that is too large."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > _LARGEST:
                return None
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
