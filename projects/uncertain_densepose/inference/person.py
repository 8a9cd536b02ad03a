"""One detected person, read at image resolution from the network's maps of its box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import torch
from detectron2.structures import Instances

from ..structures import ChartMaps, PointPredictions, image_to_box_xy
from ..structures.bilinear import axis_taps
from ..surface import NUM_PARTS
from ..surface.metric import ChartMetric
from .dense_person import DensePerson, about_centres, part_centres_uv, pixel_window
from .part_probability import probability_at
from .window_reading import WindowReader, grid_corners

POINTS_PER_READ = 1 << 17
"""Points read from the maps at once; bounds the memory of large boxes."""


@dataclass(frozen=True, eq=False, repr=False)
class Person(DensePerson):
    """A person that a network detected. All maps are computed on first access.

    Attributes:
        box_xyxy: (4,) float32 edges x0, y0, x1, y1 in pixels of the image.
        score: confidence of the detection, 0..1.
        maps: the network's prediction for this box, of length 1.
        image_size: height and width of the image in pixels.
        metric: the surface's metric, which converts chart units to centimetres.
    """

    box_xyxy: np.ndarray
    score: float
    maps: ChartMaps
    image_size: tuple[int, int]
    metric: ChartMetric

    def at(self, xy_image: np.ndarray, part: np.ndarray | None = None) -> PointPredictions:
        """The prediction at positions of the image.

        Args:
            xy_image: (P, 2) pixels, pixel centres at half integers. Positions outside the box read
                the nearest point of its border.
            part: (P,) charts 1..24 to read in; by default the predicted ones.

        Returns:
            The values at the P points, on the CPU. Shared errors that rotate and scale do so about
            the mean coordinates of the part's pixels.
        """
        points = self._points_at(xy_image, part)
        if points.shares_offset:
            return points
        return about_centres(points, self._centres_uv(self.part, self.uv))

    def part_and_uv_at(self, xy_image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Part (P,) and uv (P, 2) float32 of :meth:`at`, without the person's pixels."""
        points = self._points_at(xy_image, None)
        return points.part.numpy(), points.mean_uv.float().numpy()

    def _points_at(self, xy_image: np.ndarray, part: np.ndarray | None) -> PointPredictions:
        xy_box = self._in_box(xy_image)
        index = torch.zeros(len(xy_box), dtype=torch.int64, device=xy_box.device)
        chart = None if part is None else self._charts(part)
        return self.maps.sample(index, xy_box, chart).map(torch.Tensor.cpu)

    def _centres_uv(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """(25, 2) about which shared errors rotate and scale, of the maps of the window."""
        return part_centres_uv(part, uv)

    def _in_box(self, xy_image: np.ndarray) -> torch.Tensor:
        """Positions (P, 2) in pixels as fractions of the box, on the device of the maps."""
        device = self.maps.u.device
        xy = torch.as_tensor(np.asarray(xy_image, dtype=np.float32), device=device)
        return image_to_box_xy(xy, torch.as_tensor(self.box_xyxy, device=device))

    def _window_in_box(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Columns (w,) and rows (h,) of the window as fractions of the box."""
        x0, y0, x1, y1 = self.window
        length = max(x1 - x0, y1 - y0)
        along = np.array([x0, y0]) + np.arange(length)[:, None] + 0.5
        x, y = self._in_box(along).T
        return x[: x1 - x0], y[: y1 - y0]

    def _charts(self, part: np.ndarray) -> torch.Tensor:
        """Charts (...) as int64, on the device of the maps."""
        return torch.as_tensor(np.asarray(part), device=self.maps.u.device).long()

    @cached_property
    def window(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1: the maps cover columns x0..x1-1 and rows y0..y1-1 of the image."""
        return pixel_window(self.box_xyxy, self.image_size)

    @property
    def has_uncertainty(self) -> bool:
        """Whether the model predicts uncertainty; if not, covariances and sigmas are None."""
        return self.maps.variance is not None

    @cached_property
    def _pixels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """`part`, `uv` and `covariance_uv` of the window."""
        x0, y0, x1, y1 = self.window
        shape = y1 - y0, x1 - x0
        reader = WindowReader(self.maps, *self._window_in_box())
        reads = [reader.shown(rows) for rows in _bands(*shape)]
        pixel = torch.cat([pixel for pixel, _ in reads]).cpu()
        points = PointPredictions.cat([points for _, points in reads]).map(torch.Tensor.cpu)
        # A diverged network predicts no point on the body.
        if not points.mean_uv.isfinite().all():
            finite = points.mean_uv.isfinite().all(dim=-1)
            pixel, points = pixel[finite], points[finite]

        def window_map(values: torch.Tensor, elsewhere: float) -> np.ndarray:
            whole = values.new_full((shape[0] * shape[1], *values.shape[1:]), elsewhere)
            whole.index_copy_(0, pixel, values)
            return whole.view(*shape, *values.shape[1:]).numpy()

        part = window_map(points.part, 0)
        uv = window_map(points.mean_uv.float(), torch.nan)
        if self.has_uncertainty and not points.shares_offset:
            points = about_centres(points, self._centres_uv(part, uv))
        covariance = points.covariance()
        return part, uv, None if covariance is None else window_map(covariance.float(), torch.nan)

    @cached_property
    def part_probability(self) -> np.ndarray:
        """(h, w) float32 probability of the shown part, 0..1, NaN on background.

        See :func:`.part_probability.probability_at`.
        """
        part = self._charts(self.part)
        taps_x, taps_y = (axis_taps(along, self.maps.side) for along in self._window_in_box())
        values = torch.full(part.shape, torch.nan, device=part.device)
        for place in (part > 0).nonzero().split(POINTS_PER_READ):
            row, column = place.unbind(dim=1)
            corners = grid_corners(taps_x, taps_y, row, column, self.maps.side)
            values[row, column] = probability_at(self.maps, corners, part[row, column])
        return values.cpu().numpy()

    @property
    def cell_px(self) -> np.ndarray:
        """(2,) width and height in pixels of a cell of the network's maps."""
        return (self.box_xyxy[2:] - self.box_xyxy[:2]) / self.maps.side

    @property
    def shared_covariance(self) -> np.ndarray | None:
        """(25, K, K) float32 covariance of the error that the pixels of a chart share, or None.

        Row 0, background, is meaningless. See `ChartMaps.shared_covariance` for K and units.
        """
        shared = self.maps.shared_covariance
        return None if shared is None else shared[0].detach().float().cpu().numpy()

    def bands(self, max_pixels: int) -> Iterator[Person]:
        """The person in bands of rows, from the top, whose maps together are those of the window.

        They share nothing that they compute: a large person takes little memory band by band.

        Args:
            max_pixels: of a band, unless it is a single row.
        """
        x0, y0, x1, y1 = self.window
        step = max(max_pixels // max(x1 - x0, 1), 1)
        if step >= y1 - y0:
            return iter([self])
        rows = [(first, min(first + step, y1)) for first in range(y0, y1, step)]
        shared = self.maps.shared_covariance
        centre = np.full((NUM_PARTS + 1, 2), 0.5)
        if shared is not None and shared.shape[-1] > 2:
            sums, counts = np.zeros_like(centre), np.zeros((NUM_PARTS + 1, 1))
            for band in self._cut(rows, centre):
                count = np.bincount(band.part.ravel(), minlength=NUM_PARTS + 1)[:, None]
                sums += part_centres_uv(band.part, band.uv) * count
                counts += count
            centre = np.where(counts > 0, sums / np.maximum(counts, 1), 0.5)
        return self._cut(rows, centre)

    def _cut(self, rows: list[tuple[int, int]], centre_uv: np.ndarray) -> Iterator[Person]:
        own = {field.name: getattr(self, field.name) for field in fields(Person)}
        return (_Band(**own, rows=pair, centre_uv=centre_uv) for pair in rows)


@dataclass(frozen=True, eq=False, repr=False)
class _Band(Person):
    """Some rows of a person.

    Attributes:
        rows: y0 and y1 in the image, pixels.
        centre_uv: (25, 2) of the whole person, see `_centres_uv`.
    """

    rows: tuple[int, int]
    centre_uv: np.ndarray

    @cached_property
    def window(self) -> tuple[int, int, int, int]:
        x0, _, x1, _ = pixel_window(self.box_xyxy, self.image_size)
        return x0, self.rows[0], x1, self.rows[1]

    def _centres_uv(self, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        return self.centre_uv


def _bands(height: int, width: int) -> list[slice]:
    """The rows of a window in bands of at most `POINTS_PER_READ` pixels, or one row."""
    step = max(POINTS_PER_READ // max(width, 1), 1)
    return [slice(first, first + step) for first in range(0, max(height, 1), step)]


def people_from_instances(instances: Instances, metric: ChartMetric) -> list[Person]:
    """The people of a model's output, highest score first.

    Args:
        instances: a model's output "instances" in image coordinates, with `pred_boxes`, `scores`
            and `pred_densepose`.
        metric: of the surface that the model was trained on.

    Returns:
        One :class:`Person` per box.
    """
    boxes = instances.pred_boxes.tensor.detach().float().cpu().numpy()
    scores = instances.scores.detach().float().cpu().numpy()
    order = np.argsort(-scores, kind="stable").tolist()
    maps, image_size = instances.pred_densepose, instances.image_size
    return [Person(boxes[i], float(scores[i]), maps[i], image_size, metric) for i in order]
