"""Pixels of a window read all at once, against reading each of them."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from lab.benchmarks.postprocessing import random_maps
from uncertain_densepose.inference.window_reading import WindowReader
from uncertain_densepose.structures import ChartMaps, PointPredictions

COLUMNS, ROWS = torch.linspace(-0.1, 1.05, 41), torch.linspace(0.02, 0.9, 67)


def one_by_one(maps: ChartMaps) -> PointPredictions:
    """The slow twin: `ChartMaps.sample` at every pixel, in float64."""
    maps = maps.to(torch.float64)
    y, x = torch.meshgrid(ROWS.double(), COLUMNS.double(), indexing="ij")
    xy_box = torch.stack([x, y], dim=-1).flatten(0, 1)
    return maps.sample(torch.zeros(len(xy_box), dtype=torch.int64), xy_box)


def noise(maps: ChartMaps, coarse_channels: int) -> ChartMaps:
    """The maps with scores that differ from cell to cell, so that hardly any cells agree."""
    generator = torch.Generator().manual_seed(1)
    side = maps.side
    return dataclasses.replace(
        maps,
        coarse_segm=torch.randn(1, coarse_channels, side, side, generator=generator),
        fine_segm=torch.randn(1, 25, side, side, generator=generator),
    )


SMOOTH = random_maps(side=28)
WITHOUT = dict.fromkeys(["variance", "direction", "shared_covariance"])
MAPS = {
    "smooth": SMOOTH,
    "noise": noise(SMOOTH, 2),
    "noise, 15 coarse channels": noise(SMOOTH, 15),
    "no noise model": dataclasses.replace(SMOOTH, **WITHOUT),
    "one cell": random_maps(side=1, patches=1),
}


@pytest.mark.parametrize("maps", MAPS.values(), ids=MAPS.keys())
def test_it_is_what_each_pixel_reads(maps):
    reader = WindowReader(maps, COLUMNS, ROWS)
    pixel, found = reader.shown(slice(0, len(ROWS)))
    expected = one_by_one(maps)
    assert torch.equal(pixel, expected.part.nonzero()[:, 0])
    assert 0 < len(pixel)
    expected = expected[pixel]
    assert torch.equal(found.part, expected.part)
    for field in ("mean_uv", "variance", "direction", "shared_covariance"):
        values, twin = getattr(found, field), getattr(expected, field)
        if twin is None:
            assert values is None
        else:
            torch.testing.assert_close(values, twin.float(), rtol=1e-5, atol=1e-6)


def test_some_pixels_are_decided_without_scores_and_some_by_them():
    """Both ways are taken above: few cells agree on noise, and many do on smooth maps."""
    for name, low, high in (("smooth", 0.3, 0.95), ("noise", 0.0, 0.05)):
        reader = WindowReader(MAPS[name], COLUMNS, ROWS)
        agreed = (reader._fine.on_grid(reader._x, reader._y) >= 0).float().mean()
        assert low <= agreed <= high


def test_some_rows_are_a_part_of_all_rows():
    reader = WindowReader(SMOOTH, COLUMNS, ROWS)
    pixel, found = reader.shown(slice(0, len(ROWS)))
    first, last = (reader.shown(rows) for rows in (slice(0, 30), slice(30, 90)))
    assert torch.equal(torch.cat([first[0], last[0]]), pixel)
    pieces = PointPredictions.cat([first[1], last[1]])
    assert torch.equal(pieces.part, found.part)
    # The end of an array may be computed by other instructions than its middle.
    torch.testing.assert_close(pieces.mean_uv, found.mean_uv, rtol=1e-6, atol=1e-7)
