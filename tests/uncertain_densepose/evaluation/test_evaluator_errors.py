import pytest
from detectron2.data import MetadataCatalog

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.runs import FIRST, NAME, detected, in_given_boxes, nobody
from tests.uncertain_densepose.evaluation.scene import instances
from uncertain_densepose.evaluation import DensePoseEvaluator, GroundTruthBoxEvaluator
from uncertain_densepose.structures.coco_annotation import AnnotationFileError
from uncertain_densepose.surface import SurfaceFileError


def test_an_unknown_image_is_named(dataset, flat_distance):
    with pytest.raises(AnnotationFileError, match=r"val\.json: no image with id 77"):
        detected(flat_distance, dataset, {77: nobody()})


def test_an_image_that_comes_twice_is_named(dataset, flat_distance):
    evaluator = DensePoseEvaluator(dataset, surface=flat_distance)
    evaluator.process([{"image_id": 3}], [{"instances": nobody()}])
    with pytest.raises(ValueError, match="image 3 was predicted twice"):
        evaluator.process([{"image_id": 3}], [{"instances": nobody()}])


def test_a_model_without_dense_pose_is_named(dataset, flat_distance):
    boxes_only = instances([FIRST])
    boxes_only.remove("pred_densepose")
    with pytest.raises(ValueError, match="pred_densepose"):
        detected(flat_distance, dataset, {1: boxes_only})


def test_boxes_that_do_not_say_whose_they_are_are_refused(dataset, flat_distance):
    with pytest.raises(ValueError, match="annotation_id"):
        in_given_boxes(flat_distance, dataset, {1: instances([FIRST])})


def test_a_missing_surface_is_named(dataset, tmp_path):
    with pytest.raises(ValueError, match=f"'{NAME}'.*'densepose_surface'"):
        DensePoseEvaluator(dataset)
    with pytest.raises(SurfaceFileError, match="nowhere.npz"):
        DensePoseEvaluator(dataset, surface=tmp_path / "nowhere.npz")
    MetadataCatalog.get(dataset).set(densepose_surface=str(tmp_path / "gone.npz"))
    with pytest.raises(SurfaceFileError, match="gone.npz"):
        GroundTruthBoxEvaluator(dataset)


def test_charts_alone_are_refused_before_anything_is_measured(dataset, tmp_path):
    charts = make_tiny_surface(cells=1).without_distances()
    charts.save(tmp_path / "charts.npz")
    with pytest.raises(SurfaceFileError, match=r"charts\.npz: holds charts alone.*build_surface"):
        DensePoseEvaluator(dataset, surface=tmp_path / "charts.npz")
    with pytest.raises(SurfaceFileError, match="'tiny-board' holds charts alone"):
        GroundTruthBoxEvaluator(dataset, surface=charts)
    MetadataCatalog.get(dataset).set(densepose_surface=str(tmp_path / "charts.npz"))
    with pytest.raises(SurfaceFileError, match=r"charts\.npz: holds charts alone"):
        DensePoseEvaluator(dataset)
