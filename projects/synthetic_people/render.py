"""Rendering a scene: what each pixel shows, and its colour.

One ray through each pixel's centre decides whose skin the pixel shows, and where on the surface:
these correspondences are exact. Colour is Lambertian with a lamp, a sky and shadows; pixels at
edges are averaged over four more rays.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .backdrop import Ground
from .body_mesh import BodyMesh
from .geometry import barycentric_mean, face_normals, normalised
from .ray_caster import Hits, RayCaster
from .scene import Scene
from .shadow import GroundShadow
from .volume.drape import BodyCaster

NOBODY = -1
_SUBPIXELS = np.array([[-0.125, -0.375], [0.375, -0.125], [0.125, 0.375], [-0.375, 0.125]])


@dataclasses.dataclass(frozen=True, eq=False)
class Correspondences:
    """Which point of whom each pixel's centre shows.

    Attributes:
        person: (H, W) int32 index into the scene's people, `NOBODY` elsewhere.
        face: (H, W) int32 face of the body mesh, -1 elsewhere.
        weights: (H, W, 3) float32 barycentric coordinates in that face.
        depth_m: (H, W) float32 depth in camera coordinates of whatever is seen first (person or
            thing, not the ground); inf where there is nothing.
    """

    person: np.ndarray
    face: np.ndarray
    weights: np.ndarray
    depth_m: np.ndarray


class Renderer:
    """Renders one scene.

    Args:
        scene: what to render.
        mesh: the body mesh of all its people.
    """

    def __init__(self, scene: Scene, mesh: BodyMesh) -> None:
        self._scene = scene
        self._mesh = mesh
        self._eye = scene.camera.centre.astype(np.float32)
        bodies = [(person.vertices, mesh.faces) for person in scene.people]
        props = [(prop.vertices, prop.faces) for prop in scene.props]
        # A closed body hides its own far side, so that rays from the camera never reach it.
        keep = [mesh.facing(p.vertices, p.face_normals, self._eye) for p in scene.people]
        worn = [(owner, drape) for owner, p in enumerate(scene.people) for drape in p.drapes]
        self._drapes = [drape for _, drape in worn]
        drapes = [(drape.vertices, drape.faces) for drape in self._drapes]
        self.caster = RayCaster(bodies + props + drapes, keep + [None] * (len(props) + len(drapes)))
        self._first_drape = len(bodies) + len(props)
        self.body_caster = BodyCaster(
            self.caster, self._first_drape, [owner for owner, _ in worn], self._drapes,
            [person.body_vertices for person in scene.people], mesh,
        )  # fmt: skip
        self._pixels = scene.camera.pixel_centres()
        self._rays = scene.camera.rays(self._pixels)
        self._hits = self.caster.first_hits(self._eye, self._rays)

    def correspondences(self) -> Correspondences:
        """The exact first hits at the pixels' centres; worn meshes by the body below them."""
        shape = (self._scene.camera.height, self._scene.camera.width)
        hits = self.body_caster.on_body(self._hits)
        is_person = (hits.mesh >= 0) & (hits.mesh < len(self._scene.people))
        return Correspondences(
            person=np.where(is_person, hits.mesh, NOBODY).reshape(shape),
            face=np.where(is_person, hits.face, -1).reshape(shape),
            weights=(hits.weights * is_person[:, None]).reshape(*shape, 3),
            depth_m=hits.distance.reshape(shape),
        )

    def colour(self) -> np.ndarray:
        """(H, W, 3) float32 linear RGB of the scene, unclipped."""
        camera, ground = self._scene.camera, self._scene.backdrop.ground
        if ground is not None:
            bodies = [person.vertices for person in self._scene.people]
            things = [prop.vertices for prop in self._scene.props]
            worn = [drape.vertices for drape in self._drapes]
            above = [*bodies, *things, *worn]
            self._shadow = GroundShadow(above, self._scene.light, ground.contact)
        image = self._shade(self._pixels, self._rays, self._hits)
        at_edge = np.flatnonzero(_edges(self._hits, camera.height, camera.width))
        around = (self._pixels[at_edge, None] + _SUBPIXELS).reshape(-1, 2)
        rays = camera.rays(around)
        fine = self._shade(around, rays, self.caster.first_hits(self._eye, rays))
        image[at_edge] = fine.reshape(-1, len(_SUBPIXELS), 3).mean(axis=1)
        return image.reshape(camera.height, camera.width, 3)

    def _shade(self, pixels: np.ndarray, rays: np.ndarray, hits: Hits) -> np.ndarray:
        scene, backdrop = self._scene, self._scene.backdrop
        height, width = backdrop.picture.shape[:2]
        column = np.clip(pixels[:, 0].astype(int), 0, width - 1)
        row = np.clip(pixels[:, 1].astype(int), 0, height - 1)
        image = backdrop.picture[row, column].astype(np.float32)
        if backdrop.ground is not None:
            self._shade_ground(backdrop.ground, image, rays, hits)
        for index, person in enumerate(scene.people):
            here = np.flatnonzero(hits.mesh == index)
            if not len(here):
                continue
            face, weights = hits.face[here], hits.weights[here]
            corners = self._mesh.faces[face]
            rest = barycentric_mean(self._mesh.rest_coordinates[corners], weights)
            albedo, tilt = person.outfit.paint(rest, self._mesh.face_kind[face])
            normals = normalised(barycentric_mean(person.normals[corners], weights) + tilt)
            points = barycentric_mean(person.vertices[corners], weights)
            image[here] = albedo * self._irradiance(points, normals)
        for index, prop in enumerate(scene.props, start=len(scene.people)):
            here = np.flatnonzero(hits.mesh == index)
            if not len(here):
                continue
            face, weights = hits.face[here], hits.weights[here]
            corners = prop.faces[face]
            albedo = prop.material(barycentric_mean(prop.object_vertices[corners], weights))
            normals = normalised(face_normals(prop.vertices, prop.faces[face]))
            points = barycentric_mean(prop.vertices[corners], weights)
            image[here] = albedo * self._irradiance(points, normals)
        for index, drape in enumerate(self._drapes, start=self._first_drape):
            here = np.flatnonzero(hits.mesh == index)
            points, normals, albedo = drape.shading(hits.face[here], hits.weights[here], self._eye)
            image[here] = albedo * self._irradiance(points, normals)
        return image

    def _shade_ground(
        self, ground: Ground, image: np.ndarray, rays: np.ndarray, hits: Hits
    ) -> None:
        light = self._scene.light
        falling = np.where(rays[:, 2] < -1e-6, rays[:, 2], -1e-6)
        depth = -self._eye[2] / falling
        reach = self._scene.backdrop.ground_reach_m
        here = np.flatnonzero((hits.mesh < 0) & (rays[:, 2] < -1e-6) & (depth < reach))
        points = self._eye[:2] + rays[here, :2] * depth[here, None]
        lit, open_sky = self._shadow.at(points)
        lamp = light.lamp * max(light.direction[2], 0.0)
        arriving = lit[:, None] * lamp + open_sky[:, None] * light.sky
        image[here] = ground.shaded(image[here], points, arriving, lamp + light.sky)

    def _irradiance(self, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        light = self._scene.light
        facing = np.maximum(normals @ light.direction, 0.0)
        lit = np.flatnonzero(facing > 0)
        # Off the surface by more than the ripple that smooth normals hide.
        start = points[lit] + 0.012 * normals[lit]
        toward = np.broadcast_to(light.direction, start.shape)
        facing[lit[self.caster.blocked(start, toward)]] *= 0.15
        upward = 0.75 + 0.25 * normals[:, 2]
        return facing[:, None] * light.lamp + upward[:, None] * light.sky


def _edges(hits: Hits, height: int, width: int) -> np.ndarray:
    """(H * W,) boolean: pixels with a neighbour that shows another mesh or another depth."""
    mesh = hits.mesh.reshape(height, width)
    depth = np.where(np.isfinite(hits.distance), hits.distance, 1e3).reshape(height, width)
    edge = np.zeros((height, width), dtype=bool)
    for axis in (0, 1):
        step = np.diff(depth, axis=axis)
        change = (np.diff(mesh, axis=axis) != 0) | (np.abs(step) > 0.08)
        before = [slice(None), slice(None)]
        after = [slice(None), slice(None)]
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        edge[tuple(before)] |= change
        edge[tuple(after)] |= change
    return edge.ravel()
