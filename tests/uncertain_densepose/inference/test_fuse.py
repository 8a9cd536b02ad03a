"""Fusing points, maps and people: parts that disagree, correlated models, what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.uncertain_densepose.inference.people_factory import cell_centres, linear_person, maps_of
from tests.uncertain_densepose.inference.random_fields import (
    dense_covariance,
    random_group,
    random_points,
)
from tests.uncertain_densepose.structures.random_maps import assert_same_maps, covariance, make_maps
from uncertain_densepose.inference.fusion import FUSION_RULES, FusionError, part_weights
from uncertain_densepose.inference.fusion.predictions import fuse_maps, fuse_people, fuse_points
from uncertain_densepose.structures.chart_averaging import average_chart_maps

PRODUCTS = [name for name, rule in FUSION_RULES.items() if rule.is_product]


def two_models(kind="full"):
    group = random_group(0)
    return [random_points(kind, group, seed) for seed in (1, 2)], group


def agreeing(maps, seed=9):
    """The same maps with the segmentation of another seed, so that models agree on the parts."""
    other = make_maps("mse", boxes=len(maps), side=maps.side, seed=seed, dtype=maps.u.dtype)
    return replace(maps, coarse_segm=other.coarse_segm, fine_segm=other.fine_segm)


def test_a_weight_is_the_probability_relative_to_the_surest_model_s():
    probability = torch.tensor([[0.8, 0.5, 0.04, 0.0], [0.4, 0.5, 0.5, 0.3], [0.05, 0.5, 0.5, 0.3]])
    weight = part_weights(probability.log())
    expected = torch.tensor([[1, 1, 0, 0], [0.5, 1, 1, 1], [0, 1, 1, 1]]).double()
    torch.testing.assert_close(weight, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("rule", FUSION_RULES)
def test_a_model_that_sees_another_part_does_not_enter(rule):
    points, group = two_models()
    sure, blind = torch.zeros(len(group)), torch.full((len(group),), -20.0)
    found = fuse_points(points, group, rule, torch.stack([sure, blind]))
    alone = fuse_points(points[:1], group, rule)
    torch.testing.assert_close(found.mean_uv, alone.mean_uv)
    torch.testing.assert_close(found.covariance(), alone.covariance())


@pytest.mark.parametrize("rule", PRODUCTS)
def test_correlated_models_are_as_sure_as_models_of_equal_covariances_may_be(rule):
    points, group = two_models()
    same = [replace(points[0], mean_uv=one.mean_uv) for one in (*points, points[0])]
    found = fuse_points(same, group, rule, correlation=0.4)
    free = fuse_points(same, group, rule)
    torch.testing.assert_close(found.mean_uv, free.mean_uv)
    # The mean of three errors of covariance C, each pair of covariance 0.4 C.
    torch.testing.assert_close(dense_covariance(found), (1 + 2 * 0.4) * dense_covariance(free))
    single = fuse_points(same[:1], group, rule)
    torch.testing.assert_close(found.covariance(), single.covariance() * (1 + 2 * 0.4) / 3)


@pytest.mark.parametrize("rule", PRODUCTS)
def test_the_covariance_bounds_that_of_models_with_correlated_errors(rule):
    """e_k = C_k^½ ε_k with correlation ρ between the ε_k: the fused error's exact covariance."""
    points, group = two_models()
    rho, fields = 0.5, [fuse_points([one], group, rule) for one in points]
    if rule == "joint":
        covariances = [dense_covariance(field) for field in fields]
    else:
        covariances = [torch.block_diag(*field.covariance()) for field in fields]
    roots = [torch.linalg.inv(torch.linalg.cholesky(c)) for c in covariances]
    fused = torch.linalg.inv(sum(r.T @ r for r in roots))
    cross = roots[0].T @ roots[1]
    exact = fused + rho * fused @ (cross + cross.T) @ fused
    stated = fuse_points(points, group, rule, correlation=rho)
    slack = dense_covariance(stated) - exact
    assert torch.linalg.eigvalsh(slack).min() > -1e-12


def test_a_single_model_at_a_point_has_no_one_to_be_correlated_with():
    points, group = two_models("indep_aniso")
    log_probability = torch.zeros(2, len(group))
    log_probability[1, ::2] = -20
    found = fuse_points(points, group, "inverse_covariance", log_probability, correlation=0.5)
    torch.testing.assert_close(
        found.covariance()[::2], fuse_points(points[:1], group).covariance()[::2]
    )


def test_what_cannot_be_fused_is_said():
    points, group = two_models()
    bare = [replace(one, variance=None) for one in points]
    other = [points[0], replace(points[1], part=points[1].part + 1)]
    maps = make_maps(side=3), make_maps(side=4)
    strangers = [linear_person((0, 0, 9, bottom), (9, 9)) for bottom in (8, 9)]
    for call, message in (
        (lambda: fuse_points(points, group, "vote"), "no fusion rule 'vote'; use one of average"),
        (lambda: fuse_points(points, group, correlation=1.0), r"in \[0, 1\), not 1.0"),
        (lambda: fuse_points([], group), "no predictions"),
        (lambda: fuse_points(bare, group, "joint"), "'joint' needs models with a variance"),
        (lambda: fuse_points(points, group, "average", correlation=0.1), "takes no correlation"),
        (lambda: fuse_points(other, group), "different points or charts"),
        (lambda: fuse_maps(maps), "different boxes, sides"),
        (lambda: fuse_people(strangers), "fuse people with different boxes"),
    ):
        with pytest.raises(FusionError, match=message):
            call()


@pytest.mark.parametrize("kind", ["mse", "iid_iso", "indep_aniso", "full", "full_similarity"])
def test_the_average_of_models_that_agree_on_parts_is_that_of_test_time_augmentation(kind):
    maps = [agreeing(make_maps(kind, seed=seed, dtype=torch.float64)) for seed in (0, 1, 2)]
    expected = average_chart_maps(maps)
    assert_same_maps(fuse_maps(maps, "average"), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("rule", FUSION_RULES)
@pytest.mark.parametrize("kind", ["iid_iso", "indep_aniso", "full", "full_similarity"])
def test_maps_of_one_model_stay(rule, kind):
    maps = figure_maps(kind)
    found = fuse_maps([maps], rule)
    torch.testing.assert_close(found.u, maps.u)
    torch.testing.assert_close(found.fine_segm.argmax(1), maps.fine_segm.argmax(1))
    shown = shown_parts(maps)
    for part in shown:
        if rule != "inverse_covariance" and maps.shared_covariance is not None:
            torch.testing.assert_close(
                found.shared_covariance[:, part], maps.shared_covariance[:, part]
            )
            torch.testing.assert_close(
                covariance(found)[:, part], covariance(maps)[:, part], rtol=1e-5, atol=1e-8
            )
    assert (found.shared_covariance is None) == (
        maps.shared_covariance is None or rule == "inverse_covariance"
    )


def figure_maps(kind, seed=0, side=12):
    """One box whose halves show charts 2 and 3, with a noise model."""
    random = make_maps(kind, boxes=1, side=side, seed=seed, dtype=torch.float64)
    x, y = cell_centres(side)
    seen = maps_of(torch.where(x < 0.5, 2, 3), x, y)
    shift = 0.02 * torch.randn(2, 25, generator=torch.Generator().manual_seed(seed)).double()
    u, v = (
        m.double() + s[None, :, None, None] for m, s in zip((seen.u, seen.v), shift, strict=True)
    )
    return replace(
        random,
        coarse_segm=8 * seen.coarse_segm.double(),
        fine_segm=8 * seen.fine_segm.double(),
        u=u,
        v=v,
    )


def shown_parts(maps):
    return torch.unique(maps.fine_segm.argmax(1)).tolist()


def test_maps_are_fused_jointly_over_the_cells_that_show_a_chart():
    """The same as points at these cells, projected onto the maps' own kind of shared error."""
    maps = [figure_maps("full", seed) for seed in (1, 2)]
    found = fuse_maps(maps, "joint")
    cells = torch.stack(torch.meshgrid(torch.arange(12), torch.arange(12), indexing="xy"), -1)
    xy = (cells.reshape(-1, 2) + 0.5) / 12
    part = torch.where(xy[:, 0] < 0.5, 2, 3)
    box = torch.zeros(len(part), dtype=torch.int64)
    points = [one.sample(box, xy.double(), part) for one in maps]
    expected = fuse_points(points, part - 2, "joint")
    read = found.sample(box, xy.double())
    assert torch.equal(read.part, part)
    torch.testing.assert_close(read.mean_uv, expected.mean_uv, rtol=0, atol=1e-6)
    ratio = read.covariance().det() / expected.covariance().det()
    assert ratio.log().abs().median() < 0.1


def test_the_joint_rule_on_maps_moves_a_whole_part_to_the_model_of_the_smaller_shared_error():
    sure, doubtful = figure_maps("full", 1), figure_maps("full", 2)
    own = {"variance": torch.full_like(sure.variance, 1e-4), "direction": None}
    identity = torch.eye(2).double().expand(1, 25, 2, 2)
    sure = replace(sure, shared_covariance=1e-6 * identity, **own)
    doubtful = replace(doubtful, shared_covariance=1e-2 * identity, **own)
    found = fuse_maps([sure, doubtful], "joint")
    shown = sure.fine_segm.argmax(1)[0]
    for part in (2, 3):
        here = shown == part
        to_sure = (found.u - sure.u)[0, part][here].abs().max()
        apart = (doubtful.u - sure.u)[0, part][here].abs().min()
        assert to_sure < 0.01 * apart
        assert found.shared_covariance[0, part].diagonal().max() < 3e-6


def test_the_part_is_that_of_the_mean_probability_and_its_coordinates_of_those_that_see_it():
    x, y = cell_centres(8)
    variance = torch.full((8, 8), 1e-3)
    left = maps_of(torch.full((8, 8), 2), x, y, variance)
    right = maps_of(torch.full((8, 8), 3), x + 0.3, y, variance)

    # Two models say 3 with one half each, one says 2 with nearly all.
    def scaled(maps, factor):
        return replace(maps, coarse_segm=20 * maps.coarse_segm, fine_segm=factor * maps.fine_segm)

    people = [scaled(left, 20.0), scaled(right, 3.2), scaled(right, 3.2)]
    found = fuse_maps(people, "inverse_covariance")
    box = torch.zeros(1, dtype=torch.int64)
    read = found.sample(box, torch.tensor([[0.5, 0.5]]))
    assert read.part.item() == 2
    torch.testing.assert_close(read.mean_uv, torch.tensor([[0.5, 0.5]]))
    torch.testing.assert_close(read.variance, torch.tensor([1e-3]))
    surer = fuse_maps([people[0], *(scaled(right, 20.0) for _ in range(2))], "inverse_covariance")
    read = surer.sample(box, torch.tensor([[0.5, 0.5]]))
    assert read.part.item() == 3
    torch.testing.assert_close(read.mean_uv, torch.tensor([[0.8, 0.5]]))
    torch.testing.assert_close(read.variance, torch.tensor([5e-4]))


@pytest.mark.parametrize("rule", FUSION_RULES)
def test_no_boxes(rule):
    nobody = [make_maps(boxes=2, seed=seed)[:0] for seed in (0, 1)]
    assert len(fuse_maps(nobody, rule)) == 0


def test_people_of_the_same_box_become_one():
    box, size = (0.0, 0.0, 20.0, 20.0), (20, 20)
    first = linear_person(box, size, score=0.9)
    second = linear_person(box, size, score=0.7, derivative=((0.62, 0.0), (0.0, 0.6)))
    found = fuse_people([first, second], "inverse_covariance")
    assert found.score == pytest.approx(0.8)
    np.testing.assert_allclose(found.uv, (first.uv + second.uv) / 2, atol=1e-6)
    np.testing.assert_allclose(found.sigma_uv, first.sigma_uv / 2**0.5, rtol=1e-5)
    average = fuse_people([first, second], "average")
    assert (average.sigma_uv > first.sigma_uv - 1e-9).all()
