import matplotlib.image
import numpy as np
import pytest

from uncertain_densepose.evaluation.points.distance_totals import DistanceTotals
from uncertain_densepose.visualization.accuracy_curve import draw_accuracy_curve


def picture(path, **distances_m) -> np.ndarray:
    curves = {name: DistanceTotals.of(metres).curve() for name, metres in distances_m.items()}
    draw_accuracy_curve(curves, path)
    return matplotlib.image.imread(path)


def test_a_better_model_has_a_higher_curve(tmp_path):
    path = tmp_path / "curve.png"
    rng = np.random.default_rng(0)
    blue = {}
    for name, scale in (("good", 0.01), ("bad", 0.2)):
        pixels = picture(path, model=rng.exponential(scale, 300))[..., :3]
        line = (pixels[..., 2] > 0.5) & (pixels[..., 0] < 0.3)
        blue[name] = np.nonzero(line[:, : line.shape[1] // 2])[0].mean()
    assert blue["good"] < blue["bad"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("distances", [[], [np.inf, np.inf], [0.0], [np.inf, 0.1]])
def test_few_points_or_none_are_drawn_all_the_same(tmp_path, distances):
    assert picture(tmp_path / "curve.png", model=np.array(distances)).shape[2] == 4
