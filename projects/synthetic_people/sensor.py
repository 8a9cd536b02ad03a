"""From light to an 8-bit picture: exposure, lens blur, noise."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import cv2
import numpy as np

from .textures import linear_to_srgb


class PictureSensor(Protocol):
    """What turns light into a picture."""

    @property
    def blur_px(self) -> float:
        """Standard deviation of its blur, pixels; labels are the worse for it."""

    def shoot(self, linear: np.ndarray, rng: np.random.Generator) -> bytes:
        """The JPEG file of (H, W, 3) linear RGB; ``rng`` draws the noise."""


@dataclasses.dataclass(frozen=True)
class Sensor:
    """Attributes:
    exposure: factor on linear light.
    blur_px: standard deviation of the lens blur, pixels.
    noise: standard deviation of the noise, in units of the 8-bit range's 1.
    jpeg_quality: 1..100.
    """

    exposure: float
    blur_px: float
    noise: float
    jpeg_quality: int

    def shoot(self, linear: np.ndarray, rng: np.random.Generator) -> bytes:
        """See `PictureSensor`."""
        return encode_jpeg(expose(linear, self, rng), self.jpeg_quality)


def sample_sensor(rng: np.random.Generator) -> Sensor:
    """One in three pictures is clearly blurred; blur grows to 1.6 pixels."""
    blurred = rng.random() < 0.35
    return Sensor(
        exposure=float(np.exp(rng.normal(0.3, 0.25))),
        blur_px=float(rng.uniform(0.6, 1.6) if blurred else rng.uniform(0.25, 0.6)),
        noise=float(rng.uniform(0.002, 0.02)),
        jpeg_quality=int(rng.integers(72, 96)),
    )


def expose(linear: np.ndarray, sensor: Sensor, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) uint8 sRGB of (H, W, 3) linear RGB; ``rng`` draws the sensor's noise."""
    blurred = cv2.GaussianBlur(linear.astype(np.float32), (0, 0), sensor.blur_px)
    # A shoulder keeps bright cloth from burning out.
    scaled = sensor.exposure * blurred
    encoded = linear_to_srgb(scaled / (1 + 0.25 * scaled))
    grain = rng.normal(0.0, sensor.noise, size=encoded.shape)
    return np.clip((encoded + grain) * 255 + 0.5, 0, 255).astype(np.uint8)


def encode_jpeg(image: np.ndarray, quality: int) -> bytes:
    """The bytes of a JPEG file of an (H, W, 3) uint8 RGB image; quality 1..100."""
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise RuntimeError("OpenCV could not encode a JPEG image")
    return data.tobytes()
