"""The pictures of labelled people, cut out once for all noise worlds of a data set.

A crop is the annotated box, stretched to a square by RoIAlign, as a pooler of RoI heads would.
"""

from __future__ import annotations

import logging
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from detectron2.layers import ROIAlign
from pycocotools import mask as mask_api
from tqdm import tqdm

from uncertain_densepose.archives import ArchiveError, open_npz
from uncertain_densepose.atomic_file import replacing
from uncertain_densepose.data.picture_file import in_channel_order, read_image
from uncertain_densepose.structures.point_annotations import MASK_SIZE

logger = logging.getLogger(__name__)

CACHE_VERSION = 2
"""Changes whenever the same annotations and images give other crops."""


@dataclass(frozen=True)
class Crops:
    """The pictures of N people.

    Attributes:
        annotation_id, image_id: (N,) int64.
        image: (N, S, S, 3) uint8 RGB.
        coarse_segm: (N, S, S) uint8, coarse part 0..14 at the centre of each pixel (`dp_masks`).
    """

    annotation_id: np.ndarray
    image_id: np.ndarray
    image: np.ndarray
    coarse_segm: np.ndarray

    def __len__(self) -> int:
        return len(self.annotation_id)

    @property
    def side(self) -> int:
        """S, pixels."""
        return self.image.shape[1]


@dataclass(frozen=True)
class CropSource:
    """One person to cut out.

    Attributes:
        annotation_id, image_id: of the annotation file.
        file: path of the picture.
        box: XYWH, pixels.
        masks: `dp_masks`, 14 run-length encodings of 256 x 256 over the box, or [] each.
    """

    annotation_id: int
    image_id: int
    file: Path
    box: tuple[float, ...]
    masks: list


def load_crops(cache: Path, people: Sequence[CropSource], side: int) -> Crops:
    """The crops of people, from the cache if it holds exactly these, else cut out and kept there.

    Args:
        cache: path of the `.npz`; its folder is made if need be.
        people: those of one image in succession.
        side: S, pixels.

    Raises:
        FileNotFoundError: a picture is missing.
        ImageError: a picture is damaged.
    """
    key = _cache_key(people, side)
    crops = _read(cache, key)
    if crops is None:
        crops = cut_out(people, side)
        _write(cache, crops, key)
    return crops


def cut_out(people: Sequence[CropSource], side: int) -> Crops:
    """Cut people out of their pictures; arguments and errors as for :func:`load_crops`."""
    align = ROIAlign((side, side), 1.0, sampling_ratio=0, aligned=True)
    image = np.empty((len(people), side, side, 3), dtype=np.uint8)
    file: Path | None = None
    for index, person in enumerate(tqdm(people, desc="crops", unit="person", disable=None)):
        if person.file != file:
            file = person.file
            pixels = in_channel_order(read_image(file), "RGB")
            picture = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))).float()
        x, y, width, height = person.box
        box = torch.tensor([[0, x, y, x + width, y + height]], dtype=torch.float32)
        crop = align(picture[None], box)[0].round().clamp(0, 255)
        image[index] = crop.byte().numpy().transpose(1, 2, 0)
    return Crops(
        annotation_id=np.array([p.annotation_id for p in people], dtype=np.int64),
        image_id=np.array([p.image_id for p in people], dtype=np.int64),
        image=image,
        coarse_segm=np.stack([_coarse_segm(p.masks, side) for p in people]),
    )


def _coarse_segm(masks: list, side: int) -> np.ndarray:
    """(side, side) uint8 coarse parts, read at the centres of cells."""
    cell = ((np.arange(side) + 0.5) / side * MASK_SIZE).astype(np.int64)
    segm = np.zeros((side, side), dtype=np.uint8)
    for part, mask in enumerate(masks, start=1):
        if mask:
            segm[mask_api.decode(mask)[np.ix_(cell, cell)] > 0] = part
    return segm


def _cache_key(people: Sequence[CropSource], side: int) -> np.ndarray:
    """(2,) int64 that tells other people, boxes, pictures or sizes from these."""
    crc = zlib.crc32(f"{CACHE_VERSION} {side}".encode())
    for person in people:
        size = os.path.getsize(person.file)
        text = f"{person.annotation_id} {person.box} {person.file.name} {size} {person.masks}"
        crc = zlib.crc32(text.encode(), crc)
    return np.array([len(people), crc], dtype=np.int64)


def _read(cache: Path, key: np.ndarray) -> Crops | None:
    if not cache.exists():
        return None
    try:
        with open_npz(cache) as file:
            if np.array_equal(file["key"], key):
                return Crops(**{field.name: file[field.name] for field in fields(Crops)})
            reason = "belongs to other annotations"
    except (KeyError, ArchiveError, OSError) as error:
        reason = f"is damaged ({error})"
    logger.warning(f"{cache} {reason}; it is made again")
    return None


def _write(cache: Path, crops: Crops, key: np.ndarray) -> None:
    """Write the cache atomically, even if two processes do it at once."""
    arrays = {field.name: getattr(crops, field.name) for field in fields(Crops)}
    with replacing(cache) as temporary:
        np.savez(temporary, key=key, **arrays)
