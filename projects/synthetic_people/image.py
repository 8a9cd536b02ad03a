"""One synthetic image and its annotations, from one random generator."""

from __future__ import annotations

import dataclasses

import numpy as np

from .annotate import annotate_person
from .backgrounds import Surroundings, painted_surroundings
from .body_mesh import BodyMesh
from .noise import LabelNoiseModel
from .person import PersonMaker
from .photo_sensor import sample_photo_sensor
from .render import NOBODY, Correspondences, Renderer
from .scene import Scene, sample_scene
from .scene_kind import SceneKind
from .sensor import PictureSensor, sample_sensor
from .street import sample_street, without_hidden

DENSE_SHARE = 0.9
"""Probability that a person has dense labels; in COCO some have none either."""

_LEAST_AREA_SHARE = 0.006
_LEAST_SIDE_PX = 10
_MAX_SCENES = 50


@dataclasses.dataclass(frozen=True, eq=False)
class SyntheticImage:
    """A finished image.

    Attributes:
        jpeg: the file's bytes.
        record: COCO's image record without ``id`` and ``file_name``, with ``camera``.
        annotations: COCO's annotations without ``id`` and ``image_id``.
    """

    jpeg: bytes
    record: dict
    annotations: list[dict]


def synthesise(
    rng: np.random.Generator,
    maker: PersonMaker,
    kind: SceneKind,
    *,
    width: int,
    height: int,
    noise_model: LabelNoiseModel | None = None,
    surroundings: Surroundings = painted_surroundings,
) -> SyntheticImage:
    """Draw scenes until everyone in one is visible; render, photograph and annotate it.

    Args:
        rng: draws all of it.
        maker: of people.
        kind: of scene.
        width, height: of the image, pixels.
        noise_model: the annotators; `LabelNoiseModel` with its defaults if left out.
        surroundings: what is around people.

    Raises:
        RuntimeError: no scene of `_MAX_SCENES` was good enough.
    """
    size = {"width": width, "height": height}
    sensor: PictureSensor
    if kind.street is None:
        scene, renderer, seen = _draw_group(rng, maker, kind, surroundings, **size)
        sensor = sample_sensor(rng)
    else:
        scene, renderer, seen = _draw_street(rng, maker, kind, surroundings, **size)
        sensor = sample_photo_sensor(rng)
    jpeg = sensor.shoot(renderer.colour(), rng)
    annotations = [
        annotate_person(
            index, scene, maker.mesh, renderer.body_caster, seen, sensor.blur_px,
            bool(rng.random() < DENSE_SHARE), noise_model or LabelNoiseModel(), rng,
        )
        for index in range(len(scene.people))
    ]  # fmt: skip
    return SyntheticImage(jpeg, size | {"camera": _camera_record(scene)}, annotations)


Drawn = tuple[Scene, Renderer, Correspondences]


def _draw_group(rng, maker, kind, surroundings, *, width: int, height: int) -> Drawn:
    """Scenes, until everybody in one is well visible."""
    for _ in range(_MAX_SCENES):
        scene = sample_scene(
            rng, maker, kind, width=width, height=height, surroundings=surroundings
        )
        renderer, seen = _look(scene, maker.mesh)
        if _all_well_visible(seen.person, len(scene.people)):
            return scene, renderer, seen
    raise RuntimeError(f"none of {_MAX_SCENES} random scenes showed all of its people")


def _draw_street(rng, maker, kind, surroundings, *, width: int, height: int) -> Drawn:
    """Scenes, until somebody in one is visible; the others leave."""
    for _ in range(_MAX_SCENES):
        scene = sample_street(
            rng, maker, kind, kind.street, surroundings, width=width, height=height
        )
        renderer, seen = _look(scene, maker.mesh)
        fewer = without_hidden(scene, seen.person)
        if len(fewer.people) == len(scene.people):
            return scene, renderer, seen
        if fewer.people:
            return fewer, *_look(fewer, maker.mesh)
    raise RuntimeError(f"none of {_MAX_SCENES} random scenes showed anybody")


def _look(scene: Scene, mesh: BodyMesh) -> tuple[Renderer, Correspondences]:
    renderer = Renderer(scene, mesh)
    return renderer, renderer.correspondences()


def _all_well_visible(person: np.ndarray, count: int) -> bool:
    """Everybody covers enough of the image, with a box of some size."""
    areas = np.bincount(person[person != NOBODY], minlength=count)
    if (areas < _LEAST_AREA_SHARE * person.size).any():
        return False
    for index in range(count):
        mask = person == index
        if min(mask.any(axis=0).sum(), mask.any(axis=1).sum()) < _LEAST_SIDE_PX:
            return False
    return True


def _camera_record(scene: Scene) -> dict:
    camera = scene.camera
    return {
        "K": np.round(camera.K, 6).tolist(),
        "R": np.round(camera.R, 8).tolist(),
        "t": np.round(camera.t, 6).tolist(),
    }
