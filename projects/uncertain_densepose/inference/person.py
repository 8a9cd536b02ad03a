"""One detected person, with dense correspondences at image resolution.

Shapes: h, w are the height and width in pixels of the person's window: the image pixels whose
centres lie in the box. On background, and where the network's coordinates are not finite, `part` is
0 and values are NaN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
import torch
from detectron2.structures import Instances

from ..structures import ChartMaps, PointPredictions, image_to_box_xy
from ..structures.bilinear import axis_taps
from ..surface import NUM_PARTS
from ..surface.metric import ChartMetric, rms_sigma_uv
from .part_probability import probability_at
from .window_reading import WindowReader, grid_corners

POINTS_PER_READ = 1 << 17
"""Points read from the maps at once; bounds the memory of large boxes."""

REAL_MAPS = ("uv", "covariance_uv", "sigma_uv", "sigma_cm", "part_probability")
"""The real-valued maps of a :class:`Person`, NaN on background; see `Person.real_map`."""


def pixel_window(box_xyxy: np.ndarray, image_size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The pixels of an image whose centres lie in a box.

    Args:
        box_xyxy: (4,) pixels; pixel (0, 0) covers [0, 1]², its centre is (0.5, 0.5).
        image_size: height and width in pixels.

    Returns:
        x0, y0, x1, y1: columns x0..x1-1 and rows y0..y1-1. Empty (x0 == x1 or y0 == y1) if the box
        contains no pixel centre of the image.
    """
    height, width = image_size
    edge = np.ceil(np.asarray(box_xyxy, dtype=np.float64) - 0.5)
    x0, x1 = np.clip(edge[[0, 2]], 0, width).astype(int).tolist()
    y0, y1 = np.clip(edge[[1, 3]], 0, height).astype(int).tolist()
    return x0, y0, max(x0, x1), max(y0, y1)


def part_centres_uv(part: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """The mean coordinates of the pixels of each part.

    Args:
        part: (h, w) integer charts 1..24, 0 background. uv: (h, w, 2) chart units.

    Returns:
        (25, 2) float64 chart units; 0.5, the centre of the chart, for parts without pixels.
    """
    shown = part > 0
    chart = part[shown]
    count = np.bincount(chart, minlength=NUM_PARTS + 1)
    sums = [np.bincount(chart, weights, minlength=NUM_PARTS + 1) for weights in uv[shown].T]
    mean = np.stack(sums, axis=-1) / np.maximum(count, 1)[:, None]
    return np.where(count[:, None] > 0, mean, 0.5)


def about_centres(points: PointPredictions, centre_uv: np.ndarray) -> PointPredictions:
    """The same predictions, with shared errors that rotate and scale about centres (25, 2)."""
    centre = torch.from_numpy(centre_uv).to(points.mean_uv)
    return replace(points, shared_centre_uv=centre[points.part])


@dataclass(frozen=True, eq=False)
class Person:
    """A detected person. All maps are computed on first access.

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
        xy_box = self._in_box(xy_image)
        index = torch.zeros(len(xy_box), dtype=torch.int64, device=xy_box.device)
        chart = None if part is None else self._charts(part)
        points = self.maps.sample(index, xy_box, chart).map(torch.Tensor.cpu)
        if points.shares_offset:
            return points
        return about_centres(points, self._centres_uv(self.part, self.uv))

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
    def window_slices(self) -> tuple[slice, slice]:
        """Rows and columns of the window: ``image[person.window_slices]`` is (h, w, ...)."""
        x0, y0, x1, y1 = self.window
        return slice(y0, y1), slice(x0, x1)

    @property
    def has_centimetres(self) -> bool:
        """Whether the surface is known; if not, what needs it raises a SurfaceFileError."""
        return self.metric.unknown is None

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

    @property
    def part(self) -> np.ndarray:
        """(h, w) int64 charts 1..24, 0 background."""
        return self._pixels[0]

    @property
    def uv(self) -> np.ndarray:
        """(h, w, 2) float32 chart units, NaN on background."""
        return self._pixels[1]

    @property
    def covariance_uv(self) -> np.ndarray | None:
        """(h, w, 2, 2) float32 marginal covariance in chart units², NaN on background."""
        return self._pixels[2]

    @cached_property
    def sigma_uv(self) -> np.ndarray | None:
        """(h, w) float32 standard deviation per chart direction, chart units (`rms_sigma_uv`)."""
        return None if self.covariance_uv is None else rms_sigma_uv(self.covariance_uv)

    @cached_property
    def sigma_cm(self) -> np.ndarray | None:
        """(h, w) float32 standard deviation per tangent direction, cm (`rms_sigma_cm`).

        Raises:
            SurfaceFileError: the surface is unknown.
        """
        return self._on_foreground(self.metric.sigma_cm, ())

    @cached_property
    def covariance_cm2(self) -> np.ndarray | None:
        """(h, w, 3, 3) float32 covariance on the neutral body's surface, cm², of rank 2.

        Raises:
            SurfaceFileError: the surface is unknown.
        """
        return self._on_foreground(self.metric.covariance_cm2, (3, 3))

    def _on_foreground(self, function, value_shape: tuple[int, ...]) -> np.ndarray | None:
        if self.covariance_uv is None:
            return None
        values = np.full(self.part.shape + value_shape, np.nan, dtype=np.float32)
        shown = self.part > 0
        values[shown] = function(self.part[shown], self.uv[shown], self.covariance_uv[shown])
        return values

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

    def real_map(self, name: str) -> np.ndarray | None:
        """One of `REAL_MAPS`; None for uncertainty that the model does not predict, and for
        centimetres where the surface is unknown."""
        if name == "sigma_cm" and not self.has_centimetres:
            return None
        values: np.ndarray | None = getattr(self, name)
        return values

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

    def tensors(self, frame: str = "box") -> dict[str, torch.Tensor | None]:
        """All values of the person as plain CPU tensors.

        Args:
            frame: "box" for maps of the window, "image" for maps of the whole image.

        Returns:
            `box` (4,) float32 pixels x0, y0, x1, y1; `score` () float32; `window` (4,) int64, the
            columns x0..x1-1 and rows y0..y1-1 that the maps cover; the maps `part` (h, w) uint8,
            `mask` (h, w) bool, and float32 with NaN off the mask `uv` (h, w, 2), `sigma_uv` (h, w),
            `covariance_uv` (h, w, 2, 2), `sigma_cm` (h, w), `part_probability` (h, w);
            `shared_covariance` (25, K, K) float32. What the model does not predict is None, and so
            is `sigma_cm` where the surface is unknown.

        Raises:
            ValueError: there is no such frame.
        """
        if frame not in FRAMES:
            raise ValueError(f"frame must be one of {', '.join(FRAMES)}, not {frame!r}")
        maps = {name: self.real_map(name) for name in REAL_MAPS}
        maps |= {"part": self.part.astype(np.uint8), "mask": self.part > 0}
        arrays = {
            "box": self.box_xyxy.astype(np.float32),
            "score": np.array(self.score, dtype=np.float32),
            "window": np.array(self.window if frame == "box" else (0, 0, *self.image_size[::-1])),
            "shared_covariance": self.shared_covariance,
            **{name: FRAMES[frame](self, values) for name, values in maps.items()},
        }
        return {k: None if v is None else torch.from_numpy(v) for k, v in arrays.items()}

    def __repr__(self) -> str:
        box = ", ".join(f"{edge:.1f}" for edge in self.box_xyxy)
        return f"Person(box_xyxy=[{box}], score={self.score:.3f})"


@dataclass(frozen=True, eq=False)
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


def _in_image(person: Person, values: np.ndarray | None) -> np.ndarray | None:
    """A map of the window extended to the whole image with NaN, 0 or False."""
    if values is None:
        return None
    empty = np.nan if values.dtype.kind == "f" else 0
    whole = np.full((*person.image_size, *values.shape[2:]), empty, dtype=values.dtype)
    whole[person.window_slices] = values
    return whole


FRAMES = {"box": lambda person, values: values, "image": _in_image}
"""How :meth:`Person.tensors` converts a map, by name of the frame."""


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
