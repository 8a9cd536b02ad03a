"""Corrections by a user: a few true correspondences ("clicks") move the rest of their part.

Given the clicks on a part, the error z_g that its points share has a Gaussian posterior in closed
form, which moves every other point of the part and narrows its covariance. A clicked point itself
also learns about its own error (`PartCorrelatedUV.given_measured`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, singledispatch
from typing import NamedTuple, overload

import numpy as np
import torch

from ..distributions import PartCorrelatedUV, SharedErrorPosterior, basis_of_size
from ..errors import UserError
from ..structures import ChartMaps, PointPredictions
from ..surface import NUM_PARTS
from ..surface.metric import ChartMetric
from .dense_person import DensePerson, part_centres_uv
from .person import Person
from .stored_person import StoredPerson

CLICK_SIGMA_UV = 0.005
"""Standard deviation of a click in each chart direction, chart units: about 2 mm on a chart of half
a metre, what a careful user can hit."""


class ClickError(UserError, ValueError):
    """A click that cannot be used. The message names it and says why."""


class Click(NamedTuple):
    """The true correspondence of one pixel.

    Attributes:
        x, y: position in the image, pixels; pixel (0, 0) covers [0, 1]².
        part: chart 1..24. u, v: chart units.
    """

    x: float
    y: float
    part: int
    u: float
    v: float


@dataclass(frozen=True, eq=False, repr=False)
class ConditionedPerson(Person):
    """A person whose maps were moved by N clicks.

    `at` reads the moved maps; the pixel maps also have what is known at the clicked pixels.

    Attributes:
        informed: (N,) bool, whether the click's pixel showed the click's part, and so moved it.
        row, column: (N,) int64 of the clicked pixels in the person's window.
        clicked_part: (N,) int64, clicked_uv: (N, 2) chart units and clicked_covariance_uv:
            (N, 2, 2) chart units², the values of the pixel maps there.
    """

    informed: np.ndarray
    row: np.ndarray
    column: np.ndarray
    clicked_part: np.ndarray
    clicked_uv: np.ndarray
    clicked_covariance_uv: np.ndarray

    def bands(self, max_pixels: int) -> Iterator[Person]:
        """Itself: clicked pixels have values of their own."""
        return iter([self])

    @cached_property
    def _pixels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        part, uv, covariance = super()._pixels
        at = self.row, self.column
        part[at], uv[at] = self.clicked_part, self.clicked_uv
        if covariance is not None:
            covariance[at] = self.clicked_covariance_uv
        return part, uv, covariance


class ConditionedStoredPerson(StoredPerson):
    """A person of a file whose pixels were moved by N clicks.

    Attributes:
        informed: (N,) bool, see :class:`ConditionedPerson`.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray | None],
        image_size: tuple[int, int],
        metric: ChartMetric,
        informed: np.ndarray,
    ):
        super().__init__(arrays, image_size, metric)
        self.informed = informed


@dataclass(frozen=True)
class _Clicks:
    """What N clicks are, and what is known at their pixels; see :class:`ConditionedPerson`."""

    informed: np.ndarray
    row: np.ndarray
    column: np.ndarray
    clicked_part: np.ndarray
    clicked_uv: np.ndarray
    clicked_covariance_uv: np.ndarray


@overload
def condition(
    person: Person, clicks: Sequence[Click], click_sigma_uv: float = ...
) -> ConditionedPerson: ...


@overload
def condition(
    person: StoredPerson, clicks: Sequence[Click], click_sigma_uv: float = ...
) -> ConditionedStoredPerson: ...


def condition(person, clicks, click_sigma_uv=CLICK_SIGMA_UV):
    """Condition a person on the true correspondences of a few pixels.

    A click on a pixel that shows the click's part moves and narrows that whole part, and no other.
    A click on a pixel that shows another part, or background, corrects that pixel only: the model
    predicts it in another chart, so the click says nothing about errors in this one. With
    independent errors only the clicked pixels change.

    Args:
        person: predicted by a model with a variance, or read from a file with one.
        clicks: on distinct pixels.
        click_sigma_uv: standard deviation of the clicks in each direction, chart units; 0 if they
            are exact.

    Returns:
        A person of the same kind.

    Raises:
        ClickError: the model has no variance; the person is conditioned already; or a click is
            outside the person's window, on the same pixel as another, or not on a chart.
    """
    if isinstance(person, ConditionedPerson | ConditionedStoredPerson):
        raise ClickError("the person is conditioned already; give all clicks at once")
    if not person.has_uncertainty:
        raise ClickError("the model has no noise model, so clicks cannot move anything")
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
    known = _Clicks(informed, row, column, part, shown, covariance)
    return _conditioned(person, np.unique(part[informed]).tolist(), posterior, known)


@singledispatch
def _conditioned(
    person: DensePerson, parts: list[int], posterior: SharedErrorPosterior, known: _Clicks
) -> DensePerson:
    """The person with the charts `parts` moved and narrowed, and the clicked pixels."""
    raise TypeError(f"a {type(person).__name__} cannot be conditioned")


@_conditioned.register
def _(
    person: Person, parts: list[int], posterior: SharedErrorPosterior, known: _Clicks
) -> ConditionedPerson:
    return ConditionedPerson(
        box_xyxy=person.box_xyxy,
        score=person.score,
        maps=_moved(person, parts, posterior),
        image_size=person.image_size,
        metric=person.metric,
        **vars(known),
    )


@_conditioned.register
def _(
    person: StoredPerson, parts: list[int], posterior: SharedErrorPosterior, known: _Clicks
) -> ConditionedStoredPerson:
    part, uv, covariance = (np.array(values) for values in person._pixels)
    shared = person.shared_covariance
    if shared is not None and parts:
        shared = shared.copy()
        for chart in parts:
            z = posterior.mean[chart]
            shared[chart] = _about_moved_shape(posterior.covariance[chart], z).numpy()
        row, column = np.nonzero(np.isin(part, parts))
        points = person.at(np.stack([column, row], axis=-1) + np.array(person.window[:2]) + 0.5)
        uv[row, column], covariance[row, column] = _moved_points(points.double(), posterior)
    at = known.row, known.column
    part[at], uv[at] = known.clicked_part, known.clicked_uv
    covariance[at] = known.clicked_covariance_uv
    kept = {name: person.arrays[name] for name in ("box", "score", "window", "part_probability")}
    moved = {"part": part, "uv": uv, "covariance_uv": covariance, "shared_covariance": shared}
    return ConditionedStoredPerson(kept | moved, person.image_size, person.metric, known.informed)


def _moved_points(
    points: PointPredictions, posterior: SharedErrorPosterior
) -> tuple[np.ndarray, np.ndarray]:
    """Means (P, 2) and marginal covariances (P, 2, 2) of points, given the posterior of the errors
    that their charts share; float64."""
    prior = points.joint_distribution()
    z, shared = posterior.mean[points.part], posterior.covariance[points.part]
    mean = points.mean_uv + (prior.basis @ z[:, :, None]).squeeze(-1)
    covariance = prior.own_covariance() + prior.basis @ shared @ prior.basis.mT
    return mean.numpy(), covariance.numpy()


def condition_points(
    points: PointPredictions,
    group: torch.Tensor,
    index: torch.Tensor,
    target_uv: torch.Tensor,
    click_sigma_uv: float = CLICK_SIGMA_UV,
) -> PartCorrelatedUV:
    """Condition predictions at points on the true coordinates of some of them.

    Args:
        points: P predictions with a variance; the shared covariance is the same within a group.
        group: (P,) int64 in 0..G-1, index of each point's pair of person and part.
        index: (N,) int64, distinct clicked points.
        target_uv: (N, 2) their true coordinates, chart units.
        click_sigma_uv: standard deviation of `target_uv` in each direction, chart units.

    Returns:
        The distribution of all P points, float64.
    """
    joint = points.double().joint_distribution(group)
    return joint.given_measured(index, target_uv.double(), click_sigma_uv)


def _clicked_pixels(person: DensePerson, clicks: Sequence[Click]) -> tuple[np.ndarray, np.ndarray]:
    """Row and column, each (N,) int64, of the clicks' pixels in the person's window.

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
            raise ClickError(f"{name}: u = {click.u}, v = {click.v} must be in 0..1")
        if not (x0 <= click.x < x1 and y0 <= click.y < y1):
            window = f"x {x0}..{x1}, y {y0}..{y1}"
            raise ClickError(f"{name}: outside the person's window, {window}")
        pixel = int(click.y) - y0, int(click.x) - x0
        if pixel in found:
            raise ClickError(f"{name}: on the same pixel as click {found[pixel]}; give one of them")
        found[pixel] = number
    row, column = np.array(list(found), dtype=np.int64).reshape(-1, 2).T
    return row, column


def _moved(person: Person, parts: list[int], posterior: SharedErrorPosterior) -> ChartMaps:
    """The maps with the charts `parts` moved and narrowed by the posterior of their errors."""
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
    """The covariance S (K, K) of a shared error, in the basis of the shape that z (K,) moved.

    Rotation by θ and growth by α take c to c' = (1 + α) c + θ J c, so that [J c' | c'] =
    [J c | c] Q with Q = [[1 + α, θ], [-θ, 1 + α]]. In the basis of c' the covariance is
    Q⁻¹ S Q⁻ᵀ.
    """
    if len(z) == 2:
        return shared
    angle, growth = z[2].item(), z[3].item()
    change = torch.eye(4, dtype=shared.dtype)
    change[2:, 2:] = torch.tensor([[1 + growth, angle], [-angle, 1 + growth]])
    inverse = torch.linalg.inv(change)
    return inverse @ shared @ inverse.T
