"""Things that stand in the scene: occluders, furniture, seats."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import trimesh

from .camera import Camera
from .geometry import rotation_about_z
from .textures import Pattern, random_colour, sample_pattern


@dataclasses.dataclass(frozen=True, eq=False)
class Prop:
    """A rigid object of one material.

    Attributes:
        vertices: (V, 3) float32 world, metres.
        faces: (F, 3) int32.
        material: (N, 3) object coordinates, metres -> (N, 3) linear RGB.
        object_vertices: (V, 3) float32, the same vertices in the object's own axes.
    """

    vertices: np.ndarray
    faces: np.ndarray
    material: Pattern
    object_vertices: np.ndarray

    def moved(self, offset: np.ndarray) -> Prop:
        """The same ``offset``, (3,) metres, away."""
        return dataclasses.replace(self, vertices=self.vertices + np.float32(offset))


def make_prop(
    rng: np.random.Generator,
    shape: trimesh.Trimesh,
    position: np.ndarray,
    rotation: np.ndarray | None = None,
) -> Prop:
    """Place a mesh in the world and give it a random material.

    Args:
        rng: draws the material, and the turn if no rotation is given.
        shape: in the object's own axes, metres.
        position: (3,) of the mesh's origin, metres.
        rotation: (3, 3); upright and turned at random when left out.
    """
    if rotation is None:
        rotation = rotation_about_z(rng.uniform(0, 2 * np.pi))
    material = sample_pattern(
        rng, first=random_colour(rng), second=random_colour(rng), scale=0.2, plain_share=0.4
    )
    # Unshared corners keep the edges of boxes sharp.
    corners = np.asarray(shape.triangles, dtype=np.float32).reshape(-1, 3)
    return Prop(
        vertices=(corners @ rotation.T + position).astype(np.float32),
        faces=np.arange(len(corners), dtype=np.int32).reshape(-1, 3),
        material=material,
        object_vertices=corners,
    )


def _cylinder(radius: float, height: float, sections: int) -> trimesh.Trimesh:
    return trimesh.creation.cylinder(radius=radius, height=height, sections=sections)


# A box, a post, a drum, a ball, a board; metres.
_SHAPES: tuple[Callable[[np.random.Generator], trimesh.Trimesh], ...] = (
    lambda rng: trimesh.creation.box(rng.uniform([0.15, 0.15, 0.3], [0.8, 0.6, 1.1])),
    lambda rng: _cylinder(rng.uniform(0.03, 0.12), rng.uniform(1.2, 3.5), sections=16),
    lambda rng: _cylinder(rng.uniform(0.15, 0.35), rng.uniform(0.4, 1.0), sections=20),
    lambda rng: trimesh.creation.icosphere(subdivisions=2, radius=rng.uniform(0.1, 0.35)),
    lambda rng: trimesh.creation.box(rng.uniform([0.6, 0.03, 0.3], [2.0, 0.08, 0.9])),
)


def sample_standing_prop(
    rng: np.random.Generator, camera: Camera, depth_m: tuple[float, float]
) -> Prop:
    """A random object on the ground that the camera sees.

    Args:
        rng: draws it.
        camera: of the scene.
        depth_m: nearest and farthest depth of the object, metres.
    """
    shape = _SHAPES[int(rng.integers(len(_SHAPES)))](rng)
    depth = rng.uniform(*depth_m)
    x = rng.uniform(-0.1, 1.1) * camera.width
    eye, ray = camera.centre, camera.rays(np.array([[x, camera.height / 2]]))[0]
    position = eye + ray * depth
    position[2] = -shape.bounds[0, 2]
    return make_prop(rng, shape, position)


def seat(rng: np.random.Generator, position: np.ndarray, yaw_rad: float, depth_m: float) -> Prop:
    """A block to sit on, from the ground up, turned with the sitter.

    Args:
        rng: draws its width and material.
        position: (3,) of the middle of its top, metres.
        yaw_rad: turn about the vertical axis.
        depth_m: from front to back.

    Raises:
        ValueError: the top is not above the ground.
    """
    height = float(position[2])
    if height <= 0:
        raise ValueError(f"a seat's top must be above the ground, not at {height:g} m")
    extents = [rng.uniform(0.35, 0.7), depth_m, height]
    centre = np.array([position[0], position[1], height / 2])
    return make_prop(rng, trimesh.creation.box(extents), centre, rotation_about_z(yaw_rad))
