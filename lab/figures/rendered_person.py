"""A rendered person whose every pixel has a known place on the body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthetic_people.body_mesh import BodyMesh
from synthetic_people.camera import Camera
from synthetic_people.geometry import barycentric_mean
from synthetic_people.person import PersonMaker
from synthetic_people.presets import find_preset
from synthetic_people.render import Renderer
from synthetic_people.scene import sample_scene
from synthetic_people.sensor import expose, sample_sensor
from uncertain_densepose.surface import ChartLookup, uv_to_surface


@dataclass(frozen=True, eq=False)
class RenderedPerson:
    """One person in a picture of H x W pixels.

    Attributes:
        image: (H, W, 3) uint8, blue, green, red.
        part: (H, W) integer charts 1..24 that the pixels show, 0 elsewhere.
        uv: (H, W, 2) chart units, the truth; NaN where a pixel shows no skin.
        vertices: (V, 3) of the posed body, metres.
        camera: that sees it.
    """

    image: np.ndarray
    part: np.ndarray
    uv: np.ndarray
    vertices: np.ndarray
    camera: Camera

    def project(self, lookup: ChartLookup, part: np.ndarray, uv: np.ndarray) -> np.ndarray:
        """Where in the image points of the body would be seen if nothing hid them.

        Args:
            lookup: of the surface.
            part: (P,) charts 1..24. uv: (P, 2) chart units.

        Returns:
            (P, 2) pixels.
        """
        found = uv_to_surface(lookup, part, *np.asarray(uv, np.float64).T)
        corners = self.vertices[lookup.surface.faces[found.face]]
        return self.camera.project(barycentric_mean(corners, found.weights))


def render_person(maker: PersonMaker, seed: int, width: int, height: int) -> RenderedPerson:
    """A person of the preset `upright`, from seeds that no data set uses.

    Args:
        maker: of people of the embedded surface.
        seed: a number for each person.
        width, height: of the picture, pixels.
    """
    rng = np.random.default_rng([1000, seed])
    kind = find_preset("upright").scene
    scene = sample_scene(rng, maker, kind, width=width, height=height)
    renderer = Renderer(scene, maker.mesh)
    picture = expose(renderer.colour(), sample_sensor(rng), rng)
    seen = renderer.correspondences()
    part, uv = _correspondences(maker.mesh, seen.face, seen.weights)
    image = np.ascontiguousarray(picture[..., ::-1])
    return RenderedPerson(image, part, uv, scene.people[0].vertices, scene.camera)


def _correspondences(
    mesh: BodyMesh, face: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Charts and coordinates of faces (H, W), -1 where there is none, and weights (H, W, 3)."""
    uv = barycentric_mean(mesh.face_uv[face], weights)
    skin = (face >= 0) & np.isfinite(uv).all(axis=-1)
    uv[~skin] = np.nan
    return np.where(skin, mesh.face_part[face], 0), uv
