"""What a camera makes of the light: exposure, lens, movement, noise, its software, JPEG."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from .light import LUMINANCE
from .sensor import encode_jpeg
from .textures import linear_to_srgb

_METERED = 0.2
"""Mean linear luminance of a picture that is exposed as metered."""


@dataclasses.dataclass(frozen=True)
class PhotoSensor:
    """A camera of any kind, from a good one on a tripod to an old phone at night.

    Attributes:
        stops: exposure beside the metered one, in factors of two.
        warmth: logarithm of red's gain, minus that of blue's; what white balance left over.
        tint: logarithm of green's gain.
        vignette: share of light that the corners lose, in [0, 1].
        lens_px: standard deviation of the lens blur, pixels.
        defocus_px: radius of a point out of focus, pixels.
        motion_px, motion_rad: length of the path of a point during exposure, and its direction.
        shrink: the sensor's pixels are this many times as large as the picture's.
        shot_noise, read_noise: the variance of the noise at linear value x is
            ``shot_noise ** 2 * x + read_noise ** 2``.
        contrast: exponent-like gain around the middle; 1 leaves it.
        saturation: gain of the difference from grey.
        sharpening: gain of the unsharp mask.
        jpeg_qualities: 1..100, of one encoding after the other.
    """

    stops: float
    warmth: float
    tint: float
    vignette: float
    lens_px: float
    defocus_px: float
    motion_px: float
    motion_rad: float
    shrink: float
    shot_noise: float
    read_noise: float
    contrast: float
    saturation: float
    sharpening: float
    jpeg_qualities: tuple[int, ...]

    @property
    def blur_px(self) -> float:
        """Standard deviation of all blur together, per axis, pixels."""
        # Of a disc r / 2, of a line along its direction l / sqrt(12), of a square a / sqrt(12).
        variances = (
            self.lens_px**2,
            self.defocus_px**2 / 4,
            self.motion_px**2 / 24,
            (self.shrink**2 - 1) / 12,
        )
        return float(np.sqrt(sum(variances)))

    def shoot(self, linear: np.ndarray, rng: np.random.Generator) -> bytes:
        """The JPEG file of (H, W, 3) linear RGB; ``rng`` draws the noise."""
        picture = self.develop(linear, rng)
        file = b""
        for quality in self.jpeg_qualities:
            file = encode_jpeg(picture, quality)
            bgr = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
            picture = np.ascontiguousarray(np.asarray(bgr)[:, :, ::-1])
        return file

    def develop(self, linear: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(H, W, 3) uint8 sRGB of (H, W, 3) linear RGB, before JPEG; ``rng`` draws the noise."""
        height, width = linear.shape[:2]
        image = self._optics(self._exposed(linear.astype(np.float32)))
        size = max(round(width / self.shrink), 8), max(round(height / self.shrink), 8)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        image = image + self._noise(image, rng)
        image = cv2.resize(self._encoded(image), (width, height), interpolation=cv2.INTER_CUBIC)
        if self.sharpening > 0:
            smooth = cv2.GaussianBlur(image, (0, 0), 1.0)
            image = image + self.sharpening * (image - smooth)
        return np.clip(image * 255 + 0.5, 0, 255).astype(np.uint8)

    def _exposed(self, linear: np.ndarray) -> np.ndarray:
        luminance = linear @ LUMINANCE
        # Lamps and sky do not count in full, or everything before a window were black.
        metered = np.minimum(luminance, 6 * max(float(np.median(luminance)), 1e-6)).mean()
        gain = _METERED / max(float(metered), 1e-6) * 2**self.stops
        colour = np.exp([self.warmth / 2, self.tint, -self.warmth / 2])
        height, width = luminance.shape
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        falloff = 1 - self.vignette * (x**2 + y**2) / 2
        exposed = linear * (gain * colour).astype(np.float32)
        # A full well holds no more, so that the sun's glare stays small.
        return np.minimum(exposed, 6.0) * falloff[..., None].astype(np.float32)

    def _optics(self, image: np.ndarray) -> np.ndarray:
        image = cv2.GaussianBlur(image, (0, 0), max(self.lens_px, 0.05))
        for kernel in (_disc(self.defocus_px), _path(self.motion_px, self.motion_rad)):
            if kernel.size > 1:
                image = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
        return image

    def _noise(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        spread = np.sqrt(self.shot_noise**2 * np.maximum(image, 0) + self.read_noise**2)
        return spread * rng.standard_normal(image.shape, dtype=np.float32)

    def _encoded(self, image: np.ndarray) -> np.ndarray:
        """sRGB in [0, 1] with a shoulder, contrast and saturation."""
        image = np.maximum(image, 0)
        encoded = linear_to_srgb(image * (1 + image / 9) / (1 + image))
        # The shoulder takes light from the middle, which a camera's curve gives back.
        encoded = 1.06 * encoded
        encoded = 0.45 + self.contrast * (encoded - 0.45)
        grey = (encoded @ LUMINANCE)[..., None]
        return np.clip(grey + self.saturation * (encoded - grey), 0, 1).astype(np.float32)


def sample_photo_sensor(rng: np.random.Generator) -> PhotoSensor:
    """A random camera. Most are good; one picture in five is moved, one in six out of focus."""
    noisy = rng.random() < 0.3
    second = (int(rng.integers(50, 96)),) if rng.random() < 0.25 else ()
    return PhotoSensor(
        stops=float(np.clip(rng.normal(0.0, 0.55), -1.8, 1.5)),
        warmth=float(rng.normal(0.0, 0.14)),
        tint=float(rng.normal(0.0, 0.03)),
        vignette=float(rng.uniform(0.0, 0.45) if rng.random() < 0.5 else 0.0),
        lens_px=float(rng.uniform(0.3, 0.7)),
        defocus_px=float(rng.uniform(0.5, 2.2) if rng.random() < 0.16 else 0.0),
        motion_px=float(rng.uniform(1.0, 6.0) if rng.random() < 0.2 else 0.0),
        motion_rad=float(rng.uniform(0, np.pi)),
        shrink=float(rng.uniform(1.0, 2.2) if rng.random() < 0.35 else 1.0),
        shot_noise=float(rng.uniform(0.015, 0.05) if noisy else rng.uniform(0.003, 0.02)),
        read_noise=float(rng.uniform(0.003, 0.012) if noisy else rng.uniform(0.0005, 0.004)),
        contrast=float(np.clip(rng.normal(1.05, 0.12), 0.75, 1.4)),
        saturation=float(np.clip(rng.normal(1.05, 0.2), 0.0, 1.6)) if rng.random() > 0.04 else 0.0,
        sharpening=float(rng.uniform(0.2, 1.2) if rng.random() < 0.5 else 0.0),
        jpeg_qualities=(int(np.clip(rng.normal(80, 15), 30, 95)), *second),
    )


def _disc(radius_px: float) -> np.ndarray:
    """The image of a point out of focus: (K, K) float32, of sum 1."""
    return _kernel(radius_px, lambda x, y: np.hypot(x, y) <= radius_px)


def _path(length_px: float, direction_rad: float) -> np.ndarray:
    """The image of a point that moves evenly along a line: (K, K) float32, of sum 1."""
    cosine, sine = np.cos(direction_rad), np.sin(direction_rad)
    return _kernel(
        length_px / 2,
        lambda x, y: (
            (np.abs(x * cosine + y * sine) <= length_px / 2)
            & (np.abs(y * cosine - x * sine) <= 0.5)
        ),
    )


def _kernel(reach_px: float, covers) -> np.ndarray:
    """The share of each pixel that a shape covers, by 7 x 7 samples; a single 1 for no reach."""
    if reach_px <= 0:
        return np.ones((1, 1), np.float32)
    half = int(np.ceil(reach_px))
    fine = (np.arange((2 * half + 1) * 7) + 0.5) / 7 - half - 0.5
    inside = covers(fine[None, :], fine[:, None]).astype(np.float32)
    inside = inside.reshape(2 * half + 1, 7, 2 * half + 1, 7).mean(axis=(1, 3))
    return (inside / inside.sum()).astype(np.float32)
