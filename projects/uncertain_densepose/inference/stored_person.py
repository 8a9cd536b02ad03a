"""A person of a file: its pixels are known, the network's maps are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch

from ..distributions import split_covariance
from ..structures import PointPredictions
from ..surface.metric import ChartMetric
from .dense_person import DensePerson, about_centres, part_centres_uv

NETWORK_SIDE = 112
"""Cells along each side of a box in DensePose's heads, which a file does not tell."""


class StoredPerson(DensePerson):
    """A person that was read from a file, for all that can be done with a predicted one but fusion.

    Args:
        arrays: what `Person.tensors` names, as NumPy arrays; None for what is not predicted.
        image_size: height and width of the image in pixels.
        metric: of the surface that the model predicts.
    """

    def __init__(
        self,
        arrays: Mapping[str, np.ndarray | None],
        image_size: tuple[int, int],
        metric: ChartMetric,
    ):
        self.arrays = arrays
        self.image_size = image_size
        self.metric = metric
        self.box_xyxy = self._stored("box").astype(np.float32)
        self.score = float(self._stored("score"))

    def _stored(self, name: str) -> np.ndarray:
        values = self.arrays[name]
        if values is None:
            raise KeyError(name)
        return values

    @property
    def window(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1: the maps cover columns x0..x1-1 and rows y0..y1-1 of the image."""
        x0, y0, x1, y1 = self._stored("window").tolist()
        return x0, y0, x1, y1

    @cached_property
    def _pixels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        part = self._stored("part").astype(np.int64)
        return part, self._stored("uv").astype(np.float32), self.arrays["covariance_uv"]

    @property
    def has_uncertainty(self) -> bool:
        """Whether covariances are stored."""
        return self.arrays["covariance_uv"] is not None

    @property
    def part_probability(self) -> np.ndarray:
        """(h, w) float32 probability of the shown part, 0..1, NaN on background."""
        return self._stored("part_probability")

    @property
    def shared_covariance(self) -> np.ndarray | None:
        """(25, K, K) float32 covariance of the error that the pixels of a chart share, or None."""
        return self.arrays["shared_covariance"]

    @property
    def cell_px(self) -> np.ndarray:
        """(2,) width and height in pixels of a cell of the maps, if those had `NETWORK_SIDE`."""
        return (self.box_xyxy[2:] - self.box_xyxy[:2]) / NETWORK_SIDE

    def bands(self, max_pixels: int) -> Iterator[DensePerson]:
        """The person itself, whose maps are in memory."""
        return iter([self])

    def at(self, xy_image: np.ndarray, part: np.ndarray | None = None) -> PointPredictions:
        """The values of the pixels that positions of the image lie in.

        At pixel centres they are those of the predicted person, up to rounding.

        Args:
            xy_image: (P, 2) pixels. Positions outside the window read its nearest pixel.
            part: (P,) charts 1..24, which the pixels must show.

        Returns:
            The values at the P points, on the CPU; 0 on background.

        Raises:
            ValueError: a pixel shows another chart. Its values in this one are not stored.
        """
        x0, y0, x1, y1 = self.window
        shown, uv, covariance = self._pixels
        pixel = np.floor(np.asarray(xy_image, dtype=np.float64)).astype(np.int64) - [x0, y0]
        if x0 == x1 or y0 == y1:
            # Nothing to read: one pixel of background.
            shown, uv = np.zeros((1, 1), np.int64), np.zeros((1, 1, 2), np.float32)
            covariance = None if covariance is None else np.zeros((1, 1, 2, 2), np.float32)
        column, row = np.clip(pixel, 0, np.array(shown.shape[::-1]) - 1).T
        found = shown[row, column]
        if part is not None and (found != part).any():
            raise ValueError("a file of people has values in the charts that pixels show alone")
        points = PointPredictions(
            torch.from_numpy(found), torch.from_numpy(np.nan_to_num(uv[row, column]))
        )
        if covariance is None:
            return points
        return self._with_noise(points, np.nan_to_num(covariance[row, column]))

    def _with_noise(self, points: PointPredictions, covariance_uv: np.ndarray) -> PointPredictions:
        """Points with the noise model of which (P, 2, 2) are the marginal covariances.

        The errors of their own have what the shared error leaves of these.
        """
        own = torch.from_numpy(covariance_uv).double()
        total = own.diagonal(dim1=-2, dim2=-1).sum(dim=-1)
        if self.shared_covariance is not None:
            shared = torch.from_numpy(self.shared_covariance)[points.part]
            points = replace(points, shared_covariance=shared)
            if not points.shares_offset:
                points = about_centres(points, part_centres_uv(self.part, self.uv))
            own = own - points.double().joint_distribution().covariance()
        elements = torch.stack([own[:, 0, 0], own[:, 0, 1], own[:, 1, 1]])
        variance, direction = split_covariance(elements)
        # The difference is known to the rounding of the file.
        variance = variance.maximum(torch.finfo(torch.float32).eps * total)
        return replace(points, variance=variance.float(), direction=direction.T.float())
