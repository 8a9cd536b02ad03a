"""Finished images on disk, each with its annotations in a shard; both are written atomically.

A shard is gzipped JSON: ``image`` and ``annotations``. A copy may have been cut short: that shows
at its end, and the image is then made again.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from uncertain_densepose.atomic_file import replacing

from .presets import SPLITS

IMAGE_FOLDER, SHARD_FOLDER = "images", "shards"
_MAX_BYTES = 64 * 2**20
"""Of an unpacked shard; one has some 100 KB."""

JPEG_END = b"\xff\xd9"
"""The marker that closes a JPEG file and, by the format, occurs nowhere else in its picture."""


def image_name(split: str, index: int) -> str:
    """File name of an image, relative to the folder of images."""
    return f"{split}/{index:06d}.jpg"


def image_path(root: Path, split: str, index: int) -> Path:
    """Where an image of the data set at ``root`` is."""
    return root / IMAGE_FOLDER / image_name(split, index)


def shard_path(root: Path, split: str, index: int) -> Path:
    """Where the annotations of an image of the data set at ``root`` are."""
    return root / SHARD_FOLDER / split / f"{index:06d}.json.gz"


def make_folders(root: Path) -> None:
    """Create the folders of images and shards."""
    for folder in (IMAGE_FOLDER, SHARD_FOLDER):
        for split in SPLITS:
            (root / folder / split).mkdir(parents=True, exist_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that appears complete or does not appear."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_shard(
    root: Path, split: str, index: int, jpeg: bytes, image: dict, annotations: list[dict]
) -> None:
    """Store a finished image; the shard is written last, so its presence means completion.

    Args:
        root: folder of the data set. split, index: which image.
        jpeg: the file's bytes.
        image, annotations: COCO's records, without ids.
    """
    write_atomically(image_path(root, split, index), jpeg)
    shard = {"image": image, "annotations": annotations}
    content = json.dumps(shard, separators=(",", ":")).encode()
    # A fixed time stamp: the same shard is the same bytes.
    write_atomically(shard_path(root, split, index), gzip.compress(content, 6, mtime=0))


def read_shard(root: Path, split: str, index: int) -> dict | None:
    """The shard of an image; None if it or its image is missing, cut short or far too large."""
    if not ends_with(image_path(root, split, index), JPEG_END):
        return None
    try:
        with gzip.open(shard_path(root, split, index)) as file:
            content = file.read(_MAX_BYTES + 1)
        return json.loads(content) if len(content) <= _MAX_BYTES else None
    except (FileNotFoundError, gzip.BadGzipFile, EOFError, ValueError, zlib.error):
        return None


def ends_with(path: Path, end: bytes) -> bool:
    """Whether the file exists and its last bytes are ``end``."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - len(end)))
            return file.read() == end
    except FileNotFoundError:
        return False
