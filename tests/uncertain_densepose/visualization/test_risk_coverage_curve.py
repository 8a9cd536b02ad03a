"""The plot of risk-coverage curves."""

import matplotlib.image
import numpy as np

from uncertain_densepose.evaluation.keypoints.ranking import risk_coverage
from uncertain_densepose.visualization.risk_coverage_curve import draw_risk_coverage


def picture(tmp_path, panels):
    path = tmp_path / "curve.png"
    draw_risk_coverage(panels, path)
    return matplotlib.image.imread(path)


def test_a_panel_for_each_way_to_be_wrong(tmp_path):
    wrong = np.arange(50) >= 30
    curves = {
        name: risk_coverage(sign * np.arange(50.0), wrong) for name, sign in (("a", 1), ("b", -1))
    }
    one = picture(tmp_path, {"wrong part": curves})
    two = picture(tmp_path, {"wrong part": curves, "far": curves})
    assert two.shape[1] > 1.8 * one.shape[1] and two.std() > 0.05


def test_without_answers_the_axes_are_empty(tmp_path):
    nothing = risk_coverage(np.zeros(0), np.zeros(0, bool))
    flat = risk_coverage(np.zeros(9), np.zeros(9, bool))
    empty, level = (picture(tmp_path, {"t": {"a": curve}}) for curve in (nothing, flat))
    assert empty.shape == level.shape and (empty != level).any()
