"""Where photographers stand, what they aim at, and with which lens."""

from __future__ import annotations

import dataclasses

import numpy as np

from .camera import Camera
from .person import SyntheticPerson

FILM_WIDTH_MM = 36.0
_STEEPEST_RAD = np.radians(30)
_FARTHEST_M = 60.0
_HEAD, _SHOULDERS, _HIPS, _KNEES = slice(0, 5), slice(5, 7), slice(11, 13), slice(13, 15)


@dataclasses.dataclass(frozen=True)
class Shot:
    """One way of taking a picture of somebody.

    Attributes:
        top, bottom: keypoints whose mean heights bound what is aimed at; None for the whole body.
        share: least and greatest share of the picture's height that this takes up; drawn evenly on
            a logarithmic scale. Above 1 it is cut.
        nearest_m: the camera stands at least so far off.
        company: least and greatest number of other people.
        company_depth: nearest and farthest others, in depths of the one aimed at.
    """

    top: slice | None
    bottom: slice | None
    share: tuple[float, float]
    nearest_m: float
    company: tuple[int, int]
    company_depth: tuple[float, float]


SHOTS: dict[str, Shot] = {
    "whole": Shot(None, None, (0.5, 1.0), 1.2, (0, 2), (0.85, 1.8)),
    "far": Shot(None, None, (0.0, 0.5), 2.5, (0, 5), (0.7, 1.8)),
    "half": Shot(_HEAD, _HIPS, (0.55, 0.95), 0.7, (0, 3), (0.9, 2.5)),
    "portrait": Shot(_HEAD, _SHOULDERS, (0.25, 0.6), 0.5, (0, 2), (0.95, 4.0)),
    "crowd": Shot(_HEAD, _KNEES, (0.12, 0.7), 1.5, (3, 7), (0.7, 2.6)),
}
"""Kinds of shots. The least share of "far" is that of the least height in the picture."""


def aim(
    rng: np.random.Generator,
    person: SyntheticPerson,
    shot: Shot,
    *,
    focal_mm: tuple[float, float],
    least_share: float,
    width: int,
    height: int,
) -> Camera:
    """A camera in front (-y) of a person at the origin.

    Most lenses are a phone's or normal ones, few are long. The camera is mostly at the height of
    somebody's eyes, sometimes near the ground or above a crowd.

    Args:
        rng: draws it.
        person: whom it aims at.
        shot: what of the person it shows.
        focal_mm: shortest and longest focal length on 36 mm wide film.
        least_share: of the picture's height that the shot takes up.
        width, height: of the image, pixels.
    """
    crown, sole = float(person.vertices[:, 2].max()), float(person.vertices[:, 2].min())
    top = crown if shot.top is None else float(person.keypoints[shot.top, 2].mean()) + 0.12
    bottom = sole if shot.bottom is None else float(person.keypoints[shot.bottom, 2].mean())
    middle = (top + bottom) / 2
    # People bend, so that head and hips may be level.
    extent = max(top - bottom, 0.3 if shot.bottom is not None else 0.5)
    low = max(shot.share[0], min(least_share, shot.share[1]))
    share = _log_uniform(rng, low, shot.share[1])
    focal = _focal_mm(rng, *focal_mm) / FILM_WIDTH_MM * max(width, height)
    distance = focal * extent / (share * height)
    if distance > _FARTHEST_M:
        focal, distance = focal * _FARTHEST_M / distance, _FARTHEST_M
    distance = max(distance, shot.nearest_m)
    rise = np.clip(
        _eye_height(rng) - middle, *(distance * np.tan(_STEEPEST_RAD) * np.array([-1, 1]))
    )
    anchor = person.keypoints[_HEAD if shot.bottom == _SHOULDERS else slice(5, 13)].mean(axis=0)
    return Camera.looking_at(
        np.array([anchor[0], anchor[1] - distance, max(middle + rise, 0.15)]),
        np.array([anchor[0], anchor[1], middle]),
        focal_px=focal,
        width=width,
        height=height,
        target_px=(
            float(np.clip(rng.normal(0.5, 0.16), 0.1, 0.9)) * width,
            float(np.clip(rng.normal(0.5, 0.07), 0.3, 0.7)) * height,
        ),
        roll_rad=np.radians(rng.normal(0.0, 2.5)),
    )


def _focal_mm(rng: np.random.Generator, shortest: float, longest: float) -> float:
    return float(np.clip(np.exp(rng.normal(np.log(38.0), 0.6)), shortest, longest))


def _eye_height(rng: np.random.Generator) -> float:
    where = rng.random()
    if where < 0.12:
        return rng.uniform(0.3, 1.0)
    if where < 0.22:
        return rng.uniform(2.0, 4.5)
    return float(rng.normal(1.5, 0.2))


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
