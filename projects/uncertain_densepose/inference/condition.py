"""Corrections by a user: a few true correspondences move the rest of their part.

The error z_g that the points of a part share has, given the clicks on that part, a Gaussian
posterior in closed form (`PartCorrelatedUV.condition`). It moves every other point i of the part by
E_i z̄ and narrows it to D_i + E_i S E_iᵀ. At a clicked point itself the click tells of the point's
own error as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch

from ..distributions import PartCorrelatedUV
from ..errors import UserError
from ..structures import ChartMaps, PointPredictions
from ..surface import NUM_PARTS
from .part_field import PartField, basis_about
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
        part[at], uv[at], covariance[at] = (
            self.clicked_part,
            self.clicked_uv,
            self.clicked_covariance_uv,
        )
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
    field = PartField.of(person.at(centre, part[informed]), torch.from_numpy(part[informed]))
    every = torch.arange(len(field.group))
    field, z = given_clicks(field, every, torch.from_numpy(uv[informed]), click_sigma_uv)
    shown = uv.copy()
    shown[informed] = field.mean_uv.numpy()
    covariance[informed] = field.covariance().numpy()
    return ConditionedPerson(
        box_xyxy=person.box_xyxy,
        score=person.score,
        maps=_moved(person, np.unique(part[informed]).tolist(), z, field.shared_covariance),
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
) -> PartField:
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
    return given_clicks(PartField.of(points, group), index, target_uv, click_sigma_uv)[0]


def given_clicks(
    field: PartField, index: torch.Tensor, target_uv: torch.Tensor, click_sigma_uv: float
) -> tuple[PartField, torch.Tensor]:
    """A field, given some of its points up to a noise of N(0, σ² I).

    With z̄, S the posterior of the shared errors, every point moves by E_i z̄. A clicked point moves
    by K (t - m_i - E_i z̄) more, K = D_i (D_i + σ² I)⁻¹ its own gain, and keeps the own covariance
    (I - K) D_i and the basis (I - K) E_i.

    Args:
        field: of P points, D positive definite. index: (N,) int64, distinct.
        target_uv: (N, 2) t, chart units. click_sigma_uv: σ, chart units.

    Returns:
        The field, exact with all its correlations, and z̄ (G, K).
    """
    target_uv = target_uv.double()
    noise = click_sigma_uv**2 * torch.eye(2, dtype=torch.float64)
    own, basis = field.own_covariance[index], field.basis[index]
    clicked = replace(
        field,
        mean_uv=field.mean_uv[index],
        own_covariance=own + noise,
        basis=basis,
        group=field.group[index],
    )
    z, shared = _shared_error_given(clicked, target_uv)
    mean = field.mean_uv + (field.basis @ z[field.group][:, :, None]).squeeze(-1)
    gain = own @ torch.linalg.inv(own + noise)
    left = torch.eye(2, dtype=torch.float64) - gain
    of_click = mean[index] + (gain @ (target_uv - mean[index])[:, :, None]).squeeze(-1)
    moved = replace(
        field,
        mean_uv=mean.index_copy(0, index, of_click),
        own_covariance=field.own_covariance.index_copy(0, index, left @ own),
        shared_covariance=shared,
        basis=field.basis.index_copy(0, index, left @ basis),
    )
    return moved, z


def _shared_error_given(
    field: PartField, target_uv: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean (G, K) and covariance (G, K, K) of z, given all points of a field."""
    num_groups, size = field.num_groups, field.basis.shape[-1]
    if size == 0:
        return field.mean_uv.new_zeros(num_groups, 0), field.shared_covariance
    # Points of mean 0 whose bases are rows of the identity: two coordinates of z each.
    rows = torch.eye(size).to(field.basis).reshape(-1, 2, size)
    num_probes = num_groups * len(rows)
    variance, direction = field.own_terms()
    both = PartCorrelatedUV(
        torch.cat([field.mean_uv, field.mean_uv.new_zeros(num_probes, 2)]),
        torch.cat([variance, variance.new_ones(num_probes)]),
        torch.cat([direction, direction.new_zeros(num_probes, 2)]),
        field.shared_covariance,
        torch.cat([field.group, torch.arange(num_groups).repeat_interleave(len(rows))]),
        torch.cat([field.basis, rows.repeat(num_groups, 1, 1)]),
    )
    probes = both.condition(torch.arange(len(target_uv)), target_uv)
    return probes.mean_uv.reshape(num_groups, size), probes.shared_covariance


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


def _moved(person: Person, parts: list[int], z: torch.Tensor, shared: torch.Tensor) -> ChartMaps:
    """The maps with the charts `parts` moved by z (G, K) and narrowed to `shared` (G, K, K)."""
    maps, size = person.maps, z.shape[-1]
    if size == 0:
        return maps
    centres = torch.from_numpy(part_centres_uv(person.part, person.uv))
    u, v, covariance = maps.u.clone(), maps.v.clone(), maps.shared_covariance.clone()
    for part in parts:
        mean = torch.stack([maps.u[0, part], maps.v[0, part]], dim=-1).cpu().double()
        basis = basis_about(mean.reshape(-1, 2), centres[part], size)
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
