"""p(part) = p(person) p(part | person), of the scores interpolated at a point."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.inference.people_factory import figure_person, flat_metric
from uncertain_densepose.inference import Person, person
from uncertain_densepose.inference.part_probability import probability_at
from uncertain_densepose.structures import ChartMaps
from uncertain_densepose.structures.bilinear import axis_taps, corners_of

SIDE = 7


def random_maps(num_coarse: int, seed: int = 0) -> ChartMaps:
    generator = torch.Generator().manual_seed(seed)

    def scores(channels: int) -> torch.Tensor:
        return 3 * torch.randn(1, channels, SIDE, SIDE, generator=generator)

    return ChartMaps(scores(num_coarse), scores(25), torch.rand_like(scores(25)), scores(25))


def probability_of_part(maps, xy_box, part):
    """(P,) at positions (P, 2), fractions of the box."""
    corners = corners_of(*(axis_taps(along, maps.side) for along in xy_box.T), maps.side)
    return probability_at(maps, corners, part)


def interpolated(scores: np.ndarray, x: float, y: float) -> np.ndarray:
    """(C,) scores at a position of the map, cell by cell."""
    x, y = (min(max(position, 0), SIDE - 1) for position in (x, y))
    total = np.zeros(len(scores))
    for row in range(SIDE):
        for column in range(SIDE):
            weight = max(1 - abs(x - column), 0) * max(1 - abs(y - row), 0)
            total += weight * scores[:, row, column]
    return total


def softmax(scores: np.ndarray) -> np.ndarray:
    weights = [math.exp(score - scores.max()) for score in scores]
    return np.array(weights) / math.fsum(weights)


@pytest.mark.parametrize("num_coarse", [2, 15])
def test_it_is_the_product_of_the_two_segmentations(num_coarse):
    maps = random_maps(num_coarse)
    xy_box = torch.rand(40, 2, generator=torch.Generator().manual_seed(1))
    part = torch.arange(40) % 24 + 1
    found = probability_of_part(maps, xy_box, part)
    coarse, fine = maps.coarse_segm[0].double().numpy(), maps.fine_segm[0].double().numpy()
    for i, (x, y) in enumerate((xy_box.double().numpy() * SIDE - 0.5).tolist()):
        on_person = 1 - softmax(interpolated(coarse, x, y))[0]
        expected = on_person * softmax(interpolated(fine, x, y))[part[i]]
        assert float(found[i]) == pytest.approx(expected, rel=1e-4, abs=1e-7)


def test_no_other_part_is_likelier_than_the_one_that_is_shown():
    maps = random_maps(2)
    xy_box = torch.rand(200, 2, generator=torch.Generator().manual_seed(2))
    shown = maps.sample(torch.zeros(200, dtype=torch.int64), xy_box).part
    xy_box, shown = xy_box[shown > 0], shown[shown > 0]
    each = [probability_of_part(maps, xy_box, torch.full_like(shown, p)) for p in range(1, 25)]
    every = torch.stack(each, dim=1)
    assert len(shown) > 20
    assert torch.equal(every.argmax(dim=1) + 1, shown)
    assert (every.sum(dim=1) <= 1).all()


def test_a_map_of_a_person_has_it_at_pixel_centres(monkeypatch):
    maps = random_maps(2)
    box = np.array([2, 1, 12, 15], np.float32)
    subject = Person(box, 0.9, maps, (20, 16), flat_metric())
    row, column = np.nonzero(subject.part)
    assert 0 < len(row) < subject.part.size
    xy_box = torch.from_numpy((np.stack([column, row], axis=-1) + 0.5) / [10, 14]).float()
    expected = probability_of_part(maps, xy_box, torch.from_numpy(subject.part[row, column]))
    np.testing.assert_allclose(subject.part_probability[row, column], expected, rtol=1e-5)
    assert subject.part_probability.dtype == np.float32
    assert np.isnan(subject.part_probability[subject.part == 0]).all()
    monkeypatch.setattr(person, "POINTS_PER_READ", 7)
    pieces = Person(box, 0.9, maps, (20, 16), flat_metric())
    # The end of an array may be computed by other instructions than its middle.
    np.testing.assert_allclose(pieces.part_probability, subject.part_probability, rtol=1e-6)


def test_a_person_without_pixels_and_one_of_a_model_without_noise_have_it_too():
    outside = figure_person((30, 5, 40, 9), (20, 16))
    assert outside.part_probability.shape == outside.part.shape == (4, 0)
    certain = figure_person((0, 0, 16, 20), (20, 16), noise_model=False)
    assert np.isfinite(certain.part_probability[certain.part > 0]).all()


def test_log_probabilities_as_scores_give_the_probabilities():
    """As in maps that were averaged or fused."""
    maps = random_maps(2)
    logs = ChartMaps(maps.coarse_segm, maps.fine_segm.log_softmax(dim=1), maps.u, maps.v)
    centre, part = torch.full((1, 2), 0.5), torch.tensor([4])
    expected = probability_of_part(maps, centre, part)
    assert probability_of_part(logs, centre, part) == pytest.approx(float(expected), rel=1e-5)


def test_half_precision_scores_give_float32():
    maps = random_maps(2)
    centre, part = torch.full((1, 2), 0.5), torch.tensor([4])
    halved = probability_of_part(maps.to(torch.float16), centre, part)
    assert halved.dtype == torch.float32
    assert halved == pytest.approx(float(probability_of_part(maps, centre, part)), rel=0.02)
