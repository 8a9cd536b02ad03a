import numpy as np
import pytest
from detectron2.data import MetadataCatalog

from tests.uncertain_densepose.evaluation.flat_surface import make_flat_surface
from tests.uncertain_densepose.evaluation.runs import FIRST, NAME, SECOND, THIRD
from tests.uncertain_densepose.evaluation.scene import coco, labelled, unlabelled, write
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance


@pytest.fixture(scope="session")
def flat_surface():
    return make_flat_surface()


@pytest.fixture(scope="session")
def flat_distance(flat_surface):
    return SurfaceDistance(flat_surface)


@pytest.fixture
def people():
    """Two labelled people and one unlabelled in image 1, one in image 2, nobody in image 3."""
    rng = np.random.default_rng(0)
    return [
        labelled(11, 1, FIRST, rng),
        labelled(12, 1, SECOND, rng),
        unlabelled(13, 1, [0, 90, 30, 30]),
        labelled(14, 2, THIRD, rng),
    ]


@pytest.fixture
def register(tmp_path):
    """A function that registers annotations of images 1, 2, 3 as a data set and gives its name."""

    def register_annotations(annotations, num_images=3):
        path = write(tmp_path / "val.json", coco(annotations, num_images))
        MetadataCatalog.get(NAME).set(json_file=path)
        return NAME

    yield register_annotations
    MetadataCatalog.remove(NAME)


@pytest.fixture
def dataset(register, people):
    """The name of the data set of `people`."""
    return register(people)
