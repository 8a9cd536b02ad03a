"""A shoe is a closed shell that holds one foot."""

import numpy as np
import pytest
import trimesh

from synthetic_people.textures import SmoothField
from synthetic_people.volume.figure import Figure
from synthetic_people.volume.shoes import FEET, ShoeMaterial, wear_shoe

FIELD = SmoothField(np.ones((1, 3), np.float32), np.zeros(1, np.float32))
MATERIAL = ShoeMaterial(lambda points: np.full((len(points), 3), 0.5), np.full(3, 0.1), 0.02)


@pytest.fixture(scope="module", params=["stand", "run"])
def wearer(request, person_maker):
    person = person_maker.sample(np.random.default_rng(3), [request.param])
    return Figure(person_maker.mesh, person.vertices, person.normals, person.keypoints)


@pytest.mark.parametrize("side", FEET)
def test_the_shell_is_closed_and_holds_the_toes(wearer, side):
    shoe = wear_shoe(wearer, side, MATERIAL, FIELD)
    shell = trimesh.Trimesh(shoe.vertices, shoe.faces, process=False)
    assert shell.is_watertight and shell.volume > 0
    assert shoe.parts == (FEET[side],)
    mesh = wearer.mesh
    foot = np.unique(mesh.faces[mesh.face_part == FEET[side]])
    inside = shell.contains(wearer.outside[foot])
    # All but some points at the rounded tips of toe and heel.
    assert inside.mean() > 0.95
    assert np.ptp(shoe.vertices, axis=0).max() < 1.2 * np.ptp(wearer.outside[foot], axis=0).max()


def test_the_sole_has_its_own_colour(wearer):
    heights = np.array([[0.0, 0.1, 0.01], [0.0, 0.1, 0.05]])
    np.testing.assert_allclose(MATERIAL(heights)[:, 0], [0.1, 0.5])


def test_another_side_is_refused(wearer):
    with pytest.raises(KeyError):
        wear_shoe(wearer, "middle", MATERIAL, FIELD)
