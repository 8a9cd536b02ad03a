"""Chart maps at random, with the fields of any noise model."""

from dataclasses import fields

import torch

from uncertain_densepose.structures import ChartMaps

NOISE_FIELDS = {
    "mse": (),
    "iid_iso": ("variance",),
    "indep_aniso": ("variance", "direction"),
    "full": ("variance", "direction", "shared_covariance"),
    "full_similarity": ("variance", "direction", "shared_covariance"),
    "full, segmentation confidence": (
        "variance",
        "direction",
        "shared_covariance",
        "coarse_segm_confidence",
        "fine_segm_confidence",
    ),
}


def make_maps(noise_model="full", boxes=2, side=3, seed=0, coarse=15, dtype=torch.float32):
    """Predictions of `boxes` boxes; every number in them differs from the others."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)

    grid = (boxes, 25, side, side)
    size = 4 if noise_model == "full_similarity" else 2
    factor = normal(boxes, 25, size, size)
    noise = {
        "variance": 0.01 * normal(*grid).exp(),
        "direction": 0.2 * normal(boxes, 2, *grid[1:]),
        "shared_covariance": 0.01 * factor @ factor.transpose(-1, -2),
        "coarse_segm_confidence": normal(boxes, 1, side, side).exp(),
        "fine_segm_confidence": normal(boxes, 1, side, side).exp(),
    }
    return ChartMaps(
        coarse_segm=normal(boxes, coarse, side, side),
        fine_segm=normal(*grid),
        u=0.5 + 0.2 * normal(*grid),
        v=0.5 + 0.2 * normal(*grid),
        **{name: noise[name] for name in NOISE_FIELDS[noise_model]},
    )


def assert_same_maps(found, expected, **tolerance):
    """All fields agree; without tolerances they are equal in every bit."""
    tolerance = tolerance or {"rtol": 0, "atol": 0}
    for field in fields(ChartMaps):
        ours, theirs = getattr(found, field.name), getattr(expected, field.name)
        assert (ours is None) == (theirs is None), field.name
        if theirs is not None:
            torch.testing.assert_close(ours, theirs, msg=field.name, **tolerance)


def covariance(maps):
    """(N, 25, S, S, 2, 2) float64: s I + r rᵀ in every cell."""
    total = maps.variance.double()[..., None, None] * torch.eye(2, dtype=torch.float64)
    if maps.direction is None:
        return total
    r = maps.direction.double().movedim(1, -1)
    return total + r[..., :, None] * r[..., None, :]
