"""Corrections by a user: a few true correspondences move the rest of their part.

The error z_g that the points of a part share has, given the clicks on that part, a Gaussian
posterior in closed form. It moves every other point of the part and narrows it; at a clicked point
itself the click tells of the point's own error as well (`PartCorrelatedUV.given_measured`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch

from ..distributions import PartCorrelatedUV, SharedErrorPosterior, basis_of_size
from ..errors import UserError
from ..structures import ChartMaps, PointPredictions
from ..surface import NUM_PARTS
from .person import Person, part_centres_uv

CLICK_SIGMA_UV = 0.005
"""Standard deviation of a click's coordinates in each direction, chart units: some 2 mm on a chart
of half a metre, about what a careful user can point at."""


class ClickError(UserError, ValueError):
    """A click that cannot be used; the message names it and says why."""


class Click(NamedTuple):
    """What a user knows of one pixel.

    Attributes:
        x, y: position in the image, pixels; pixel (0, 0) covers [0, 1]².
        part: chart 1..24. u, v: chart units.
    """

    x: float
    y: float
    part: int
    u: float
    v: float


@dataclass(frozen=True, eq=False)
class ConditionedPerson(Person):
    """A person whose maps were moved by clicks.

    `at` reads the moved maps; the pixel maps show what is known of the clicked pixels besides.

    Attributes:
        informed: (N,) bool, the clicks on a pixel that showed their part, which moved that part.
        row, column: (N,) int64, the clicked pixels in the person's window.
        clicked_part: (N,) int64. clicked_uv: (N, 2) chart units. clicked_covariance_uv: (N, 2, 2)
            chart units²: what the maps show at them.
    """

    informed: np.ndarray
    row: np.ndarray
    column: np.ndarray
    clicked_part: np.ndarray
    clicked_uv: np.ndarray
    clicked_covariance_uv: np.ndarray

    @cached_property
    def _pixels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        part, uv, covariance = super()._pixels
        at = self.row, self.column
        part[at], uv[at] = self.clicked_part, self.clicked_uv
        if covariance is not None:
            covariance[at] = self.clicked_covariance_uv
        return part, uv, covariance


def condition(
    person: Person, clicks: Sequence[Click], click_sigma_uv: float = CLICK_SIGMA_UV
) -> ConditionedPerson:
    """A person, given the true correspondences of a few pixels.

    A click on a pixel that shows the click's part moves all that is read in the part's chart, and
    narrows it; other parts stay. A click on a pixel that shows another part, or background,
    corrects that pixel alone: the model's coordinates there are of another chart, so that how far
    they are off says nothing of this one. A model whose points are independent has nothing that
    could move, and only clicked pixels change.

    Args:
        person: of a model with a variance.
        clicks: on different pixels.
        click_sigma_uv: standard deviation of the clicks in each direction, chart units; 0 for
            exact ones.

    Raises:
        ClickError: the model has no variance, or the person has taken clicks already; a click lies
            outside the person's window, on the pixel of another, or has a part or coordinates that
            do not exist.
    """
    if isinstance(person, ConditionedPerson):
        raise ClickError("the person has taken clicks already; give all of them to the first one")
    if not person.has_uncertainty:
        raise ClickError("the model has no noise model, so that nothing follows from clicks")
    row, column = _clicked_pixels(person, clicks)
    part = np.array([click.part for click in clicks], dtype=np.int64)
    uv = np.array([(click.u, click.v) for click in clicks], dtype=np.float64).reshape(-1, 2)
    informed = person.part[row, column] == part
    covariance = np.tile(click_sigma_uv**2 * np.eye(2), (len(clicks), 1, 1))

    x0, y0, _, _ = person.window
    centre = np.stack([column + x0, row + y0], axis=-1)[informed] + 0.5
    # The charts are the groups.
    points = person.at(centre, part[informed]).double()
    prior = points.joint_distribution(torch.from_numpy(part[informed]))
    target_uv = torch.from_numpy(uv[informed])
    found = prior.given_measured(torch.arange(len(target_uv)), target_uv, click_sigma_uv)
    posterior = prior.posterior(target_uv, sigma_uv=click_sigma_uv)
    shown = uv.copy()
    shown[informed] = found.mean_uv.numpy()
    covariance[informed] = found.covariance().numpy()
    return ConditionedPerson(
        box_xyxy=person.box_xyxy,
        score=person.score,
        maps=_moved(person, np.unique(part[informed]).tolist(), posterior),
        image_size=person.image_size,
        metric=person.metric,
        informed=informed,
        row=row,
        column=column,
        clicked_part=part,
        clicked_uv=shown,
        clicked_covariance_uv=covariance,
    )


def condition_points(
    points: PointPredictions,
    group: torch.Tensor,
    index: torch.Tensor,
    target_uv: torch.Tensor,
    click_sigma_uv: float = CLICK_SIGMA_UV,
) -> PartCorrelatedUV:
    """Predictions at points, given the true coordinates of some of them.

    Args:
        points: P predictions with a variance; points of a group carry the same shared covariance.
        group: (P,) int64 in 0..G-1, the pair of person and part of each point.
        index: (N,) int64, distinct clicked points.
        target_uv: (N, 2) their coordinates, chart units.
        click_sigma_uv: standard deviation of `target_uv` in each direction, chart units.

    Returns:
        All P points in float64, the clicked ones among them.
    """
    joint = points.double().joint_distribution(group)
    return joint.given_measured(index, target_uv.double(), click_sigma_uv)


def _clicked_pixels(person: Person, clicks: Sequence[Click]) -> tuple[np.ndarray, np.ndarray]:
    """Row and column (N,) int64 in the window of each click's pixel.

    Raises:
        ClickError: see :func:`condition`.
    """
    x0, y0, x1, y1 = person.window
    found: dict[tuple[int, int], int] = {}
    for number, click in enumerate(clicks):
        name = f"click {number} at ({click.x}, {click.y})"
        if click.part not in range(1, NUM_PARTS + 1):
            raise ClickError(f"{name}: part {click.part} is not one of 1..{NUM_PARTS}")
        if not (0 <= click.u <= 1 and 0 <= click.v <= 1):
            raise ClickError(f"{name}: u = {click.u}, v = {click.v} are not in 0..1")
        if not (x0 <= click.x < x1 and y0 <= click.y < y1):
            window = f"x {x0}..{x1}, y {y0}..{y1}"
            raise ClickError(f"{name}: outside the person's pixels, {window}")
        pixel = int(click.y) - y0, int(click.x) - x0
        if pixel in found:
            raise ClickError(f"{name}: on the same pixel as click {found[pixel]}; give one of them")
        found[pixel] = number
    row, column = np.array(list(found), dtype=np.int64).reshape(-1, 2).T
    return row, column


def _moved(person: Person, parts: list[int], posterior: SharedErrorPosterior) -> ChartMaps:
    """The maps with the charts `parts` moved and narrowed to what is known of their errors."""
    z, shared = posterior.mean, posterior.covariance
    maps, size = person.maps, z.shape[-1]
    if maps.shared_covariance is None or size == 0:
        return maps
    centres = torch.from_numpy(part_centres_uv(person.part, person.uv))
    u, v, covariance = maps.u.clone(), maps.v.clone(), maps.shared_covariance.clone()
    for part in parts:
        mean = torch.stack([maps.u[0, part], maps.v[0, part]], dim=-1).cpu().double()
        one_group = torch.zeros(mean[..., 0].numel(), dtype=torch.int64)
        basis = basis_of_size(size)(mean.reshape(-1, 2), one_group, 1, centres[part])
        moved = mean + (basis @ z[part]).reshape(mean.shape)
        u[0, part], v[0, part] = moved.to(u).unbind(dim=-1)
        covariance[0, part] = _about_moved_shape(shared[part], z[part]).to(covariance)
    return replace(maps, u=u, v=v, shared_covariance=covariance)


def _about_moved_shape(shared: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """The covariance (K, K) of a shared error about a shape that was moved by z (K,).

    Turning by θ and growing by α takes c to c' = (1 + α) c + θ J c, so that [J c' | c'] is
    [J c | c] Q with Q = [[1 + α, θ], [-θ, 1 + α]]. The same error in the basis of c' has the
    covariance Q⁻¹ S Q⁻ᵀ.
    """
    if len(z) == 2:
        return shared
    angle, growth = z[2].item(), z[3].item()
    change = torch.eye(4, dtype=shared.dtype)
    change[2:, 2:] = torch.tensor([[1 + growth, angle], [-angle, 1 + growth]])
    inverse = torch.linalg.inv(change)
    return inverse @ shared @ inverse.T
