"""A pinhole camera, and random ones that look at a scene.

World: z up, metres. Camera: x right, y down, z forward, metres. Image: x right, y down, pixels, the
centre of the first pixel at (0.5, 0.5).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .geometry import normalised, rotation_about_z


@dataclasses.dataclass(frozen=True, eq=False)
class Camera:
    """``x_image ~ K (R x_world + t)``.

    Attributes:
        width, height: pixels.
        K: (3, 3) float64 intrinsics, pixels.
        R: (3, 3) float64 rotation from world to camera.
        t: (3,) float64, metres.
    """

    width: int
    height: int
    K: np.ndarray
    R: np.ndarray
    t: np.ndarray

    @staticmethod
    def looking_at(
        position: np.ndarray,
        target: np.ndarray,
        *,
        focal_px: float,
        width: int,
        height: int,
        target_px: tuple[float, float] | None = None,
        roll_rad: float = 0.0,
    ) -> Camera:
        """A camera at ``position`` that sees ``target`` near ``target_px``.

        Args:
            position, target: (3,) world, metres; not one above the other.
            focal_px: focal length in pixels.
            width, height: image size in pixels; the principal point is its centre.
            target_px: where the target should appear (exactly so without roll, on the axes through
                the centre); the image centre when left out.
            roll_rad: turn about the optical axis.
        """
        centre = np.array([width / 2, height / 2])
        forward = normalised(np.asarray(target, dtype=np.float64) - position)
        rotation = _upright(forward)
        if target_px is not None:
            x, y = (np.asarray(target_px) - centre) / focal_px
            rotation = _about_camera_axes(np.arctan(y), -np.arctan(x)) @ rotation
        rotation = rotation_about_z(roll_rad) @ rotation
        intrinsics = np.array(
            [[focal_px, 0.0, centre[0]], [0.0, focal_px, centre[1]], [0.0, 0.0, 1.0]]
        )
        return Camera(width, height, intrinsics, rotation, -rotation @ np.asarray(position))

    @property
    def centre(self) -> np.ndarray:
        """(3,) position of the pinhole in the world, metres."""
        return -self.R.T @ self.t

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """(..., 3) camera coordinates, metres, of (..., 3) world points, metres; z is the depth."""
        return np.asarray(points, dtype=np.float64) @ self.R.T + self.t

    def project(self, points: np.ndarray) -> np.ndarray:
        """(..., 2) pixels of (..., 3) world points, metres, in front of the camera."""
        image = self.to_camera(points) @ self.K.T
        return image[..., :2] / image[..., 2:]

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """(N, 3) float32 world directions through (N, 2) pixels, one metre of depth long."""
        x = (pixels - self.K[:2, 2]) / self.K[[0, 1], [0, 1]]
        directions = np.concatenate([x, np.ones((len(x), 1))], axis=1) @ self.R
        return np.ascontiguousarray(directions, dtype=np.float32)

    def pixel_centres(self) -> np.ndarray:
        """(height * width, 2) pixels, row by row."""
        y, x = np.mgrid[: self.height, : self.width]
        return np.stack([x.ravel(), y.ravel()], axis=1) + 0.5


def _upright(forward: np.ndarray) -> np.ndarray:
    right = normalised(np.cross(forward, [0.0, 0.0, 1.0]))
    return np.stack([right, np.cross(forward, right), forward])


def _about_camera_axes(x_rad: float, y_rad: float) -> np.ndarray:
    cx, sx, cy, sy = np.cos(x_rad), np.sin(x_rad), np.cos(y_rad), np.sin(y_rad)
    # Turning the camera moves the target the other way, hence the transposes.
    about_x = np.array([[1, 0, 0], [0, cx, sx], [0, -sx, cx]])
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    return about_x @ about_y


def sample_camera(
    rng: np.random.Generator, *, stature_m: float, close_up_share: float, width: int, height: int
) -> Camera:
    """A camera in front (-y) of a person of the given stature who stands at the world's origin.

    All but the close-ups see the whole person, 50 to 98 % of the image high. Focal
    lengths are those of a 24 to 70 mm lens, eye heights go from a child's to a raised arm's.
    """
    longer = max(width, height)
    focal = rng.uniform(0.75, 1.9) * longer
    if rng.random() < 1 - close_up_share:
        share, centre_y = rng.uniform(0.5, 0.98), rng.normal(0.5, 0.03)
        aim = 0.5 * stature_m
    else:
        share, centre_y = rng.uniform(0.98, 1.5), rng.normal(0.5, 0.06)
        aim = rng.uniform(0.5, 0.75) * stature_m
    distance = max(focal * stature_m / (share * height), 1.3)
    eye = rng.uniform(0.5, 2.3)
    # Far away, a low or high camera would see little but ground or sky otherwise.
    lift = min(distance * np.tan(np.radians(28)), abs(eye - aim)) * np.sign(eye - aim)
    return Camera.looking_at(
        np.array([0.0, -distance, max(aim + lift, 0.3)]),
        np.array([0.0, 0.0, aim]),
        focal_px=focal,
        width=width,
        height=height,
        target_px=(rng.normal(0.5, 0.13) * width, centre_y * height),
        roll_rad=np.radians(rng.normal(0.0, 2.5)),
    )


def sample_portrait_camera(
    rng: np.random.Generator, *, keypoints: np.ndarray, width: int, height: int
) -> Camera:
    """A camera in front (-y) of somebody that shows head and shoulders, or down to the hips.

    Args:
        rng: draws it.
        keypoints: (17, 3) COCO keypoints of the person, metres.
        width, height: of the image, pixels.
    """
    head, hips = keypoints[:5].mean(axis=0), keypoints[11:13].mean(axis=0)
    trunk = float(np.linalg.norm(head - hips))
    down = rng.uniform(0.15, 0.75)
    target = head + down * (hips - head)
    focal = rng.uniform(0.9, 2.4) * max(width, height)
    distance = max(focal * trunk * (2 * down + rng.uniform(0.25, 0.6)) / height, 0.7)
    lift = distance * np.tan(np.radians(rng.normal(2.0, 8.0)))
    eye = target + np.array([0.0, -distance, lift])
    eye[2] = max(eye[2], 0.3)
    return Camera.looking_at(
        eye,
        target,
        focal_px=focal,
        width=width,
        height=height,
        target_px=(rng.normal(0.5, 0.1) * width, rng.normal(0.5, 0.06) * height),
        roll_rad=np.radians(rng.normal(0.0, 3.0)),
    )
