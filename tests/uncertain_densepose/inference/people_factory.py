"""Hand-made predictions: people whose maps are known functions, on a stand-in of a surface."""

from __future__ import annotations

import numpy as np
import torch

from uncertain_densepose.inference import ChartMetric, Person
from uncertain_densepose.structures import ChartMaps

CHARTS = 25


class FlatSurface:
    """24 flat charts, chart p with its own constant Jacobian, metres per chart unit."""

    def __init__(self, jacobian_m: np.ndarray):
        self._jacobian_m = jacobian_m

    def chart_jacobian(self) -> np.ndarray:
        return self._jacobian_m

    def geodesic_distance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """One centimetre between vertices of successive numbers."""
        apart = np.abs(np.asarray(a) - np.asarray(b)) * 0.01
        return np.where((np.asarray(a) < 0) | (np.asarray(b) < 0), np.inf, apart)


class FlatLookup:
    """Face p - 1 is chart p; vertex p * 1000 + 100 u counts along u in hundredths."""

    def face(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        return np.asarray(part) - 1

    def vertex(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        part, along = np.asarray(part), np.round(100 * np.asarray(uv)[..., 0]).astype(int)
        return np.where(part > 0, 1000 * part + along, -1)


def flat_metric(jacobian_m: np.ndarray | None = None) -> ChartMetric:
    """A metric of 24 flat charts; by default squares of half a metre.

    Args:
        jacobian_m: (24, 3, 2) metres per chart unit.
    """
    if jacobian_m is None:
        jacobian_m = np.tile(np.array([[0.5, 0], [0, 0], [0, 0.5]], np.float32), (24, 1, 1))
    return ChartMetric(FlatSurface(jacobian_m), FlatLookup())


def cell_centres(side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """x and y, (side, side), of a map's cells as fractions of the box."""
    centre = (torch.arange(side) + 0.5) / side
    return torch.meshgrid(centre, centre, indexing="xy")


def maps_of(
    part: torch.Tensor,
    u: torch.Tensor,
    v: torch.Tensor,
    variance: torch.Tensor | None = None,
    direction: torch.Tensor | None = None,
    shared_covariance: torch.Tensor | None = None,
) -> ChartMaps:
    """Maps of one box from (S, S) images; every chart carries the same u, v, s and r.

    Args:
        part: int64 charts, 0 background. u, v, variance: (S, S). direction: (2, S, S).
        shared_covariance: (25, 2, 2).
    """
    fine = torch.nn.functional.one_hot(part, CHARTS).permute(2, 0, 1).float()
    coarse = torch.stack([(part == 0).float(), (part > 0).float()])

    def every_chart(image: torch.Tensor) -> torch.Tensor:
        return image[None].expand(CHARTS, -1, -1)[None]

    return ChartMaps(
        coarse[None],
        fine[None],
        every_chart(u),
        every_chart(v),
        None if variance is None else every_chart(variance),
        None if direction is None else direction[None, :, None].expand(1, 2, CHARTS, -1, -1),
        None if shared_covariance is None else shared_covariance[None],
    )


def linear_person(
    box_xyxy: tuple[float, float, float, float],
    image_size: tuple[int, int],
    side: int = 16,
    part: int = 2,
    derivative: tuple[tuple[float, float], tuple[float, float]] = ((0.6, 0.0), (0.0, 0.6)),
    variance: float | None = 1e-3,
    score: float = 0.9,
) -> Person:
    """One chart all over the box: uv = 0.2 + derivative · (fraction of the box), Σ = variance I."""
    x, y = cell_centres(side)
    (u_x, u_y), (v_x, v_y) = derivative
    maps = maps_of(
        torch.full((side, side), part),
        0.2 + u_x * x + u_y * y,
        0.2 + v_x * x + v_y * y,
        None if variance is None else torch.full((side, side), variance),
    )
    box = np.array(box_xyxy, dtype=np.float32)
    return Person(box, score, maps, image_size, flat_metric())


def figure_person(
    box_xyxy: tuple[float, float, float, float],
    image_size: tuple[int, int],
    noise_model: bool = True,
    score: float = 0.9,
) -> Person:
    """A plump figure of head, torso, arms and legs, with coordinates that run along each."""
    x, y = cell_centres(56)
    part = torch.zeros(56, 56, dtype=torch.int64)
    part[((x - 0.5) / 0.16) ** 2 + ((y - 0.48) / 0.22) ** 2 < 1] = 2
    for side_sign, arm, leg, head in ((-1, 18, 9, 23), (1, 17, 10, 24)):
        own_half = (x - 0.5) * side_sign > 0
        part[(abs(x - 0.5 - 0.22 * side_sign) < 0.07) & (abs(y - 0.42) < 0.18)] = arm
        part[(abs(x - 0.5 - 0.09 * side_sign) < 0.075) & (abs(y - 0.82) < 0.16)] = leg
        part[(((x - 0.5) / 0.09) ** 2 + ((y - 0.15) / 0.11) ** 2 < 1) & own_half] = head
    u = x + 0.1 * torch.sin(6 * y)
    v = 1 - y + 0.1 * torch.cos(5 * x)
    if not noise_model:
        maps = maps_of(part, u, v)
    else:
        variance = 2e-4 + 4e-3 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
        direction = 0.06 * torch.stack([torch.sin(4 * y), torch.cos(4 * x)])
        shared = 3e-4 * torch.eye(2).expand(CHARTS, 2, 2)
        maps = maps_of(part, u, v, variance, direction, shared)
    return Person(np.array(box_xyxy, np.float32), score, maps, image_size, flat_metric())
