"""What every detected person has: dense correspondences at the pixels of its window.

Shapes: h, w are the height and width in pixels of the person's window: the image pixels whose
centres lie in the box. On background, and where the network's coordinates are not finite, `part` is
0 and values are NaN.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch

from ..structures import PointPredictions
from ..surface import NUM_PARTS
from ..surface.metric import ChartMetric, rms_sigma_uv

MAX_PIXELS = 1 << 21
"""Of a person whose maps are computed at once where bands will do, which takes about 0.3 GB."""

REAL_MAPS = ("uv", "covariance_uv", "sigma_uv", "sigma_cm", "part_probability")
"""The real-valued maps of a :class:`Person`, NaN on background."""


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


class DensePerson(ABC):
    """A person whose maps are known, from a network or from a file.

    Attributes:
        box_xyxy: (4,) float32 edges x0, y0, x1, y1 in pixels of the image.
        score: confidence of the detection, 0..1.
        image_size: height and width of the image in pixels.
        metric: the surface's metric, which converts chart units to centimetres.
    """

    box_xyxy: np.ndarray
    score: float
    image_size: tuple[int, int]
    metric: ChartMetric

    @property
    @abstractmethod
    def window(self) -> tuple[int, int, int, int]:
        """x0, y0, x1, y1: the maps cover columns x0..x1-1 and rows y0..y1-1 of the image."""

    @property
    @abstractmethod
    def part_probability(self) -> np.ndarray:
        """(h, w) float32 probability of the shown part, 0..1, NaN on background."""

    @property
    @abstractmethod
    def _pixels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """`part`, `uv` and `covariance_uv` of the window."""

    @abstractmethod
    def at(self, xy_image: np.ndarray, part: np.ndarray | None = None) -> PointPredictions:
        """The prediction at positions (P, 2) of the image, pixels, on the CPU; in the charts `part`
        (P,) if given, else in the predicted ones."""

    def part_and_uv_at(self, xy_image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Part (P,) and uv (P, 2) float32 of :meth:`at`."""
        points = self.at(xy_image)
        return points.part.numpy(), points.mean_uv.float().numpy()

    @abstractmethod
    def bands(self, max_pixels: int) -> Iterator[DensePerson]:
        """The person in bands of rows, from the top, of at most `max_pixels` or one row."""

    @property
    @abstractmethod
    def has_uncertainty(self) -> bool:
        """Whether the model predicts uncertainty; if not, covariances and sigmas are None."""

    @property
    @abstractmethod
    def shared_covariance(self) -> np.ndarray | None:
        """(25, K, K) float32 covariance of the error that the pixels of a chart share, or None.

        Row 0, background, is meaningless. See `ChartMaps.shared_covariance` for K and units.
        """

    @property
    @abstractmethod
    def cell_px(self) -> np.ndarray:
        """(2,) width and height in pixels of a cell of the network's maps."""

    @property
    def window_slices(self) -> tuple[slice, slice]:
        """Rows and columns of the window: ``image[person.window_slices]`` is (h, w, ...)."""
        x0, y0, x1, y1 = self.window
        return slice(y0, y1), slice(x0, x1)

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
        """(h, w) float32 standard deviation per tangent direction, cm (`rms_sigma_cm`)."""
        return self._on_foreground(self.metric.sigma_cm, ())

    @cached_property
    def covariance_cm2(self) -> np.ndarray | None:
        """(h, w, 3, 3) float32 covariance on the neutral body's surface, cm², of rank 2."""
        return self._on_foreground(self.metric.covariance_cm2, (3, 3))

    def _on_foreground(self, function, value_shape: tuple[int, ...]) -> np.ndarray | None:
        if self.covariance_uv is None:
            return None
        values = np.full(self.part.shape + value_shape, np.nan, dtype=np.float32)
        shown = self.part > 0
        values[shown] = function(self.part[shown], self.uv[shown], self.covariance_uv[shown])
        return values

    def tensors(self, frame: str = "box") -> dict[str, torch.Tensor | None]:
        """All values of the person as plain CPU tensors.

        Args:
            frame: "box" for maps of the window, "image" for maps of the whole image.

        Returns:
            `box` (4,) float32 pixels x0, y0, x1, y1; `score` () float32; `window` (4,) int64, the
            columns x0..x1-1 and rows y0..y1-1 that the maps cover; the maps `part` (h, w) uint8,
            `mask` (h, w) bool, and float32 with NaN off the mask `uv` (h, w, 2), `sigma_uv` (h, w),
            `covariance_uv` (h, w, 2, 2), `sigma_cm` (h, w), `part_probability` (h, w);
            `shared_covariance` (25, K, K) float32. What the model does not predict is None.

        Raises:
            ValueError: there is no such frame.
        """
        if frame not in FRAMES:
            raise ValueError(f"frame must be one of {', '.join(FRAMES)}, not {frame!r}")
        maps = {"part": self.part.astype(np.uint8), "mask": self.part > 0}
        maps |= {name: getattr(self, name) for name in REAL_MAPS}
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
        return f"{type(self).__name__}(box_xyxy=[{box}], score={self.score:.3f})"


def _in_image(person: DensePerson, values: np.ndarray | None) -> np.ndarray | None:
    """A map of the window extended to the whole image with NaN, 0 or False."""
    if values is None:
        return None
    empty = np.nan if values.dtype.kind == "f" else 0
    whole = np.full((*person.image_size, *values.shape[2:]), empty, dtype=values.dtype)
    whole[person.window_slices] = values
    return whole


FRAMES: dict[str, Callable[[DensePerson, np.ndarray | None], np.ndarray | None]] = {
    "box": lambda person, values: values,
    "image": _in_image,
}
"""How :meth:`DensePerson.tensors` converts a map, by name of the frame."""
