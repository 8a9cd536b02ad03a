"""From maps to pixels: reading the winning chart against resampling every channel."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch.nn import functional as F

from uncertain_densepose.inference.person import Person
from uncertain_densepose.structures import ChartMaps

from .batches import NUM_CHARTS
from .branch import NUM_COARSE_CHANNELS
from .options import WINDOWS
from .timing import Timing, interleaved

SHOWN_SHARE = 0.5
"""How much of a box its person fills."""

Pixels = dict[str, np.ndarray | torch.Tensor]


def random_maps(
    side: int = 112, device: torch.device | str = "cpu", patches: int = 8, seed: int = 0
) -> ChartMaps:
    """Maps of one box as the model `full` gives them: an ellipse of smooth random fields.

    Args:
        side: S, cells along a side.
        device: where they lie.
        patches: random values along a side, between which the fields are interpolated.
        seed: of the random values.
    """
    generator = torch.Generator().manual_seed(seed)

    def fields(count: int) -> torch.Tensor:
        coarse = torch.randn(1, count, patches, patches, generator=generator)
        return F.interpolate(coarse, size=(side, side), mode="bicubic").to(device)

    channels = NUM_CHARTS + 1
    place = (torch.arange(side, device=device) + 0.5) / side - 0.5
    # An ellipse of radius r has the area π r².
    inside = SHOWN_SHARE / math.pi - (place[:, None] ** 2 + place**2)
    coarse = torch.stack([torch.zeros_like(inside)] * (NUM_COARSE_CHANNELS - 1) + [inside])
    return ChartMaps(
        coarse_segm=coarse[None],
        fine_segm=3 * fields(channels),
        u=fields(channels).sigmoid(),
        v=fields(channels).sigmoid(),
        variance=1e-3 * fields(channels).exp(),
        direction=0.03 * fields(2 * channels).view(1, 2, channels, side, side),
        shared_covariance=1e-3 * torch.eye(2, device=device).repeat(1, channels, 1, 1),
    )


def _noise(maps: ChartMaps) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Variance, direction and shared covariance of maps of the model `full`.

    Raises:
        ValueError: they are of another model.
    """
    variance, direction, shared = maps.variance, maps.direction, maps.shared_covariance
    if variance is None or direction is None or shared is None:
        raise ValueError("the maps are not of the model full")
    return variance, direction, shared


def resampled(maps: ChartMaps, size: tuple[int, int]) -> dict[str, torch.Tensor]:
    """All channels (C, h, w) of every field, by name; the two directions apart."""
    variance, direction, _ = _noise(maps)
    fields = {name: getattr(maps, name) for name in ("coarse_segm", "fine_segm", "u", "v")}
    fields |= {
        "variance": variance,
        "direction_u": direction[:, 0],
        "direction_v": direction[:, 1],
    }
    return {
        name: F.interpolate(field, size=size, mode="bilinear", align_corners=False)[0]
        for name, field in fields.items()
    }


def dense_pixels(maps: ChartMaps, size: tuple[int, int], probability: bool) -> Pixels:
    """The maps of a `Person` that fills a window, the long way: resample all, then choose.

    Args:
        maps: of one box and of the model `full` with a shared offset.
        size: h and w, pixels.
        probability: also compute `part_probability`.

    Returns:
        `part` (h, w), `mask`, `uv` (h, w, 2), `covariance_uv` (h, w, 2, 2), `sigma_uv`, and
        `part_probability`; NaN where the part is 0.
    """
    fields = resampled(maps, size)
    coarse, fine = fields.pop("coarse_segm"), fields.pop("fine_segm")
    part = torch.where(coarse.argmax(dim=0) > 0, fine.argmax(dim=0), 0)
    mask = part > 0
    u, v, s, r_u, r_v = (field.gather(0, part[None])[0] for field in fields.values())
    own = torch.stack([s + r_u**2, r_u * r_v, r_u * r_v, s + r_v**2], dim=-1)
    *_, shared = _noise(maps)
    covariance_uv = own.view(*size, 2, 2) + shared[0][part]
    found = {
        "uv": torch.stack([u, v], dim=-1),
        "covariance_uv": covariance_uv,
        "sigma_uv": (covariance_uv.diagonal(dim1=-2, dim2=-1).sum(dim=-1) / 2).sqrt(),
    }
    if probability:
        shown = fine.softmax(dim=0).gather(0, part[None])[0]
        found["part_probability"] = (1 - coarse.softmax(dim=0)[0]) * shown
    for values in found.values():
        values[~mask] = torch.nan
    return {"part": part, "mask": mask, **found}


def winning_pixels(maps: ChartMaps, size: tuple[int, int], probability: bool) -> Pixels:
    """What :func:`dense_pixels` gives, by a new `Person`."""
    height, width = size
    box = np.array([0, 0, width, height], dtype=np.float32)
    # Nothing here is in centimetres, so that no body surface is needed.
    person = Person(box, 1.0, maps, size, metric=None)  # type: ignore[arg-type]
    names = ["part", "uv", "covariance_uv", "sigma_uv"] + ["part_probability"] * probability
    found = {name: getattr(person, name) for name in names}
    return {**found, "mask": found["part"] > 0}


def steps_of(maps: ChartMaps, size: tuple[int, int]) -> dict[str, Callable[[], object]]:
    """The contestants by name."""
    return {
        "resampling alone": lambda: resampled(maps, size),
        "dense": lambda: dense_pixels(maps, size, False),
        "winning channel": lambda: winning_pixels(maps, size, False),
        "dense, with part_probability": lambda: dense_pixels(maps, size, True),
        "winning channel, with part_probability": lambda: winning_pixels(maps, size, True),
    }


def postprocessing_rows(
    repeats: int,
    windows: Sequence[tuple[int, int]] = WINDOWS,
    side: int = 112,
    device: torch.device | str = "cpu",
) -> list[dict]:
    """Measure what it takes to get part, mask, uv, covariance and sigma of one detection.

    Args:
        repeats: rounds of timing.
        windows: heights and widths, pixels.
        side: of the maps, cells; they have DensePose's 25 charts and 2 coarse channels.
        device: where the maps lie; pixels are given on the CPU.

    Returns:
        A row for each window and contestant. `ms`: the shortest time. `/ resampling`, `/ dense`:
        relative to the resampling of all channels alone, and with the choice of the winner and
        all that follows from it (and the probabilities, for the contestants that have them).
    """
    device = torch.device(device)
    maps = random_maps(side, device)
    rows = []
    for size in windows:
        timings = interleaved(steps_of(maps, size), repeats, device)
        rows += [_row(size, name, timings) for name in timings]
    return rows


def _row(size: tuple[int, int], name: str, timings: dict[str, Timing]) -> dict:
    timing, alone = timings[name], timings["resampling alone"]
    with_probability = name.endswith("part_probability")
    dense = timings["dense, with part_probability" if with_probability else "dense"]
    return {
        "height x width": "{} x {}".format(*size),
        "contestant": name,
        "ms": 1e3 * timing.minimum,
        "median ms": 1e3 * timing.median,
        "/ resampling": timing.minimum / alone.minimum,
        "/ dense": timing.minimum / dense.minimum,
    }
