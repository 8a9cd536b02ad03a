"""Finished images on disk: each with its annotations in a shard, both written whole or not at all.

A shard is gzipped JSON: ``image``, ``annotations``, and length and CRC-32 of the JPEG file. Damage
to either file is found on reading (gzip has a CRC of its own), and the image is then made again.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path

from uncertain_densepose.atomic_file import replacing

from .presets import SPLITS

IMAGE_FOLDER, SHARD_FOLDER = "images", "shards"


def image_name(split: str, index: int) -> str:
    """File name of an image, relative to the folder of images."""
    return f"{split}/{index:06d}.jpg"


def image_path(root: Path, split: str, index: int) -> Path:
    """Where an image of the data set at ``root`` is."""
    return root / IMAGE_FOLDER / image_name(split, index)


def shard_path(root: Path, split: str, index: int) -> Path:
    """Where its annotations are."""
    return root / SHARD_FOLDER / split / f"{index:06d}.json.gz"


def make_folders(root: Path) -> None:
    """Create the folders of images and shards."""
    for folder in (IMAGE_FOLDER, SHARD_FOLDER):
        for split in SPLITS:
            (root / folder / split).mkdir(parents=True, exist_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there with all of its content, or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_shard(
    root: Path, split: str, index: int, jpeg: bytes, image: dict, annotations: list[dict]
) -> None:
    """Store a finished image; the shard comes last, so that its presence means completion."""
    write_atomically(image_path(root, split, index), jpeg)
    shard = {
        "jpeg_bytes": len(jpeg),
        "jpeg_crc32": zlib.crc32(jpeg),
        "image": image,
        "annotations": annotations,
    }
    content = json.dumps(shard, separators=(",", ":")).encode()
    # A fixed time stamp: the same shard is the same bytes.
    write_atomically(shard_path(root, split, index), gzip.compress(content, 6, mtime=0))


def read_shard(root: Path, split: str, index: int) -> dict | None:
    """The shard of an image; None if it or its image is missing or damaged."""
    try:
        content = gzip.decompress(shard_path(root, split, index).read_bytes())
        jpeg = image_path(root, split, index).read_bytes()
    except (FileNotFoundError, gzip.BadGzipFile, EOFError, zlib.error):
        return None
    try:
        shard = json.loads(content)
    except ValueError:
        return None
    whole = len(jpeg) == shard["jpeg_bytes"] and zlib.crc32(jpeg) == shard["jpeg_crc32"]
    return shard if whole else None


def remove_leftovers(root: Path) -> None:
    """Delete temporary files of a run that was killed while writing."""
    for path in root.rglob("*.part"):
        path.unlink(missing_ok=True)
