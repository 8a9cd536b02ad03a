"""Without the surface there are chart units; whatever needs more says in a line how to get it."""

import numpy as np
import pytest

from uncertain_densepose.surface import SurfaceFileError
from uncertain_densepose.surface.metric import ChartMetric
from uncertain_densepose.surface.unknown_metric import UnknownMetric

PART, UV, COVARIANCE = np.array([3]), np.full((1, 2), 0.5), np.eye(2)[None]

NEEDS = {
    "surface": lambda metric: metric.surface,
    "lookup": lambda metric: metric.lookup,
    "jacobian": lambda metric: metric.jacobian_m(PART, UV),
    "sigma": lambda metric: metric.sigma_cm(PART, UV, COVARIANCE),
    "covariance": lambda metric: metric.covariance_cm2(PART, UV, COVARIANCE),
}


@pytest.mark.parametrize("need", NEEDS)
@pytest.mark.parametrize(
    "file, remedy",
    [
        ("densepose_smpl_surface.npz", "tools/import_surface.py smpl --help"),
        ("own.npz", "tools/import_surface.py --help"),
    ],
)
def test_every_use_names_the_file_and_what_to_do(tmp_path, need, file, remedy):
    metric = UnknownMetric(tmp_path / file)
    with pytest.raises(SurfaceFileError) as error:
        NEEDS[need](metric)
    said = str(error.value)
    assert said == metric.unknown and said.startswith(str(tmp_path / file))
    assert "not in centimetres" in said and remedy in said and "\n" not in said


def test_no_other_metric_is_unknown():
    assert ChartMetric.unknown is None
