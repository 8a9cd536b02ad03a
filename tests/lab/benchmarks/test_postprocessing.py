"""The benchmark of the pixels of a detection: both ways give the same maps."""

import numpy as np
import pytest

from lab.benchmarks.postprocessing import (
    SHOWN_SHARE,
    dense_pixels,
    postprocessing_rows,
    random_maps,
    winning_pixels,
)

SIZE = (90, 60)


@pytest.mark.parametrize("size", [SIZE, SIZE[::-1]])
def test_the_long_way_gives_the_same_pixels(size):
    maps = random_maps(side=28)
    found, expected = winning_pixels(maps, size, True), dense_pixels(maps, size, True)
    assert found.keys() == expected.keys()
    expected = {name: values.numpy() for name, values in expected.items()}
    assert 0.9 * SHOWN_SHARE < expected["mask"].mean() < 1.1 * SHOWN_SHARE
    # Two scores may be equal to rounding at a pixel.
    same = found["part"] == expected["part"]
    assert same.mean() > 0.999
    for name, tolerance in {
        "uv": 1e-5,
        "covariance_uv": 1e-8,
        "sigma_uv": 1e-6,
        "part_probability": 1e-5,
    }.items():
        np.testing.assert_allclose(
            found[name][same], expected[name][same], atol=tolerance, rtol=1e-5
        )


def test_the_random_person_has_many_parts_and_unlike_pixels():
    pixels = dense_pixels(random_maps(side=28), SIZE, True)
    assert len(pixels["part"].unique()) > 15
    for name in ("uv", "sigma_uv", "part_probability"):
        assert pixels[name][pixels["mask"]].std() > 1e-3


def test_rows_tell_the_cost_of_each_way_for_each_window():
    rows = postprocessing_rows(repeats=1, windows=[SIZE, (20, 30)], side=14)
    assert [row["height x width"] for row in rows] == ["90 x 60"] * 5 + ["20 x 30"] * 5
    for alone, dense, winning, dense_probability, winning_probability in (rows[:5], rows[5:]):
        assert alone["/ resampling"] == dense["/ dense"] == dense_probability["/ dense"] == 1
        assert winning["/ dense"] == pytest.approx(winning["ms"] / dense["ms"])
        assert winning_probability["/ dense"] == pytest.approx(
            winning_probability["ms"] / dense_probability["ms"]
        )
        assert winning["/ resampling"] == pytest.approx(winning["ms"] / alone["ms"])
