import numpy as np
import torch

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.drawn_points import draw
from uncertain_densepose.evaluation.points.calibration import CalibrationTotals, calibration_totals
from uncertain_densepose.evaluation.points.correspondence import CorrespondenceTotals
from uncertain_densepose.evaluation.points.distance_totals import DistanceTotals
from uncertain_densepose.visualization.evaluation_figures import (
    draw_calibration_figures,
    draw_correspondence_figures,
)

TOTALS = CorrespondenceTotals(
    by_part=DistanceTotals.of(np.arange(1, 25) / 100, np.arange(1, 25), 25)
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_correspondence_has_one_curve_figure_and_a_body_for_each_entry(tmp_path):
    folder = tmp_path / "made" / "here"
    both = {"detected boxes": TOTALS, "annotated boxes": TOTALS}
    draw_correspondence_figures(folder, both, make_tiny_surface())
    assert names(folder) == [
        "correspondence_accuracy.png",
        "part_errors_annotated_boxes.png",
        "part_errors_detected_boxes.png",
    ]


def test_calibration_has_two_figures(tmp_path):
    points, target, _ = draw("iid_iso", 50)
    jacobian = torch.eye(3)[:, :2].expand(50, 3, 2)
    totals = calibration_totals(target - points.mean_uv, points.covariance(), jacobian)
    draw_calibration_figures(tmp_path, {"detected boxes": totals, "gone": CalibrationTotals()})
    assert names(tmp_path) == ["reliability.png", "sparsification.png"]


def test_what_has_no_points_is_left_out(tmp_path):
    folder = tmp_path / "figures"
    nothing = {"detected boxes": CorrespondenceTotals()}
    draw_correspondence_figures(folder, nothing, make_tiny_surface())
    draw_calibration_figures(folder, {"detected boxes": CalibrationTotals()})
    assert not folder.exists()
    draw_correspondence_figures(folder, nothing | {"annotated boxes": TOTALS}, make_tiny_surface())
    assert names(folder) == ["correspondence_accuracy.png", "part_errors_annotated_boxes.png"]
