"""People whose pictures say where on the body every pixel lies, and how noisy its label will be.

A network has nothing to learn but to read colours, so that what is left of its errors is small
beside the noise of the labels, and what holds of a noise model can be seen after seconds. Red is u,
green is v, and blue how hard the person is to label, the half of the scale of all of a person's
groups that a picture shows. A crop is a grid of patches, always of the same parts, right ones
facing their left twins; torso charts are left out, whose coordinates change in a mirror.
"""

import dataclasses

import numpy as np
import torch

from lab.experiments.crop_sets import CropLabels, CropSet
from synthetic_people.worlds import WORLDS
from synthetic_people.worlds.base import TruePoints
from synthetic_people.worlds.scales import typical_sigma_uv
from uncertain_densepose.structures.geometry import DP_EXTENT
from uncertain_densepose.surface import FINE_TO_COARSE, FLIP_PARTS

PATCHES, PATCH_SIDE = 4, 16
SIDE = PATCHES * PATCH_SIDE
POINTS_PER_PATCH = 16
RIGHT = np.array([3, 6, 7, 9, 11, 13, 16, 18]).reshape(PATCHES, PATCHES // 2)
PARTS = np.concatenate([RIGHT, FLIP_PARTS[RIGHT][:, ::-1]], axis=1).ravel()
SPLITS = {"train": 2400, "validation": 150, "test": 200}
SEED = 0

DIFFICULTY_SD = 0.5
"""Of the logarithm of sigma_g as rendered, over people."""


def make_sets(world: str) -> tuple[CropSet, CropSet, CropSet]:
    """Training, validation and test people with the labels of a noise world."""
    first_id = np.cumsum([0, *SPLITS.values()])
    return tuple(
        _make_set(world, range(start, start + count))
        for start, count in zip(first_id, SPLITS.values(), strict=False)
    )


def _make_set(world: str, ids: range) -> CropSet:
    people = [_draw(world, annotation_id) for annotation_id in ids]
    images, segms, labels = zip(*people, strict=True)
    names = [f.name for f in dataclasses.fields(CropLabels) if f.name != "first"]
    points = {name: torch.cat([one[name] for one in labels]) for name in names}
    first = torch.arange(len(people) + 1) * PATCHES**2 * POINTS_PER_PATCH
    return CropSet(torch.stack(images), torch.stack(segms), CropLabels(first=first, **points))


def _draw(world: str, annotation_id: int) -> tuple[torch.Tensor, torch.Tensor, dict]:
    """The picture, the coarse parts and the labels of a person."""
    rng = np.random.default_rng([SEED, annotation_id])
    # Coordinates of a patch rise or fall along its sides, from one end to another.
    low, high = rng.uniform(0.2, 0.8, (2, PATCHES**2, 2))
    place = (np.arange(PATCH_SIDE) + 0.5) / PATCH_SIDE
    at = np.stack(np.meshgrid(place, place), axis=-1)
    uv_of_pixels = low[:, None, None] + (high - low)[:, None, None] * at

    # Away from the edge, where the map of a part mixes with its neighbour's.
    inside = rng.uniform(0.2, 0.8, (PATCHES**2, POINTS_PER_PATCH, 2))
    uv = (low[:, None] + (high - low)[:, None] * inside).reshape(-1, 2)
    patch = np.arange(PATCHES**2).repeat(POINTS_PER_PATCH)
    corner = np.stack([patch % PATCHES, patch // PATCHES], axis=1)
    xy = DP_EXTENT * (corner + inside.reshape(-1, 2)) / PATCHES

    difficulty = rng.normal()
    rendered_sigma = typical_sigma_uv()[PARTS] * np.exp(DIFFICULTY_SD * difficulty)
    count = len(patch)
    truth = TruePoints(
        annotation_id=annotation_id,
        part=PARTS[patch],
        uv=uv,
        variance=np.full(count, 1e-4),
        direction=0.01 * rng.normal(size=(count, 2)),
        rendered_shared_variance=rendered_sigma[patch] ** 2,
    )
    label = WORLDS[world](None).relabel(truth, SEED)
    blue = np.full((*uv_of_pixels.shape[:-1], 1), 0.5 + difficulty / 6)
    colour = np.clip(np.concatenate([uv_of_pixels, blue], axis=-1), 0, 1)
    image = torch.from_numpy(np.round(255 * colour).astype(np.uint8))
    segm = torch.from_numpy(FINE_TO_COARSE[PARTS].astype(np.uint8))[:, None, None, None]
    labels = {
        "xy": torch.from_numpy(xy).float(),
        "part": torch.from_numpy(label.part),
        "uv": torch.from_numpy(label.uv).float(),
        "part_true": torch.from_numpy(truth.part),
        "uv_true": torch.from_numpy(uv).float(),
        "shared_variance": torch.from_numpy(label.noise["shared_variance"]).float(),
    }
    return (
        _assembled(image).permute(2, 0, 1),
        _assembled(segm.expand(-1, *at.shape[:2], 1))[..., 0],
        labels,
    )


def _assembled(patches: torch.Tensor) -> torch.Tensor:
    """(S, S, C) of the patches (16, s, s, C), row by row."""
    grid = patches.unflatten(0, (PATCHES, PATCHES)).permute(0, 2, 1, 3, 4)
    return grid.reshape(SIDE, SIDE, -1).contiguous()
