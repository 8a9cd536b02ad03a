"""People of a model whose surface is not here: parts and chart units, but no centimetres."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from detectron2.data.catalog import Metadata

from tests.published_models import NAME
from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.inference.people_factory import figure_person
from uncertain_densepose import model_zoo
from uncertain_densepose.config import load_config
from uncertain_densepose.inference import (
    ChartMetric,
    Predictor,
    body_points_at,
    chart_metric,
    error_length_cm,
    load_people,
    model_surface,
    save_people,
    surface_path,
    surface_to_image,
)
from uncertain_densepose.surface import SurfaceFileError
from uncertain_densepose.surface.unknown_metric import UnknownMetric

SIZE = (70, 50)
MISSING = "tools/import_surface.py smpl --help"


@pytest.fixture
def person():
    return replace(figure_person((2, 3, 40, 60), SIZE), metric=UnknownMetric(SMPL))


SMPL = "nowhere/densepose_smpl_surface.npz"


def test_parts_and_chart_units_are_those_of_any_person(person):
    known = figure_person((2, 3, 40, 60), SIZE)
    assert known.has_centimetres and not person.has_centimetres
    for name in ("part", "uv", "covariance_uv", "sigma_uv", "part_probability"):
        np.testing.assert_array_equal(getattr(person, name), getattr(known, name))


@pytest.mark.parametrize(
    "ask",
    [
        lambda person: person.sigma_cm,
        lambda person: person.covariance_cm2,
        lambda person: body_points_at(person, np.array([[20.0, 30.0]])),
        lambda person: surface_to_image(person, 0),
        lambda person: error_length_cm(person, person.uv[None]),
    ],
    ids=["sigma_cm", "covariance_cm2", "body points", "vertices", "error lengths"],
)
def test_what_is_measured_on_the_body_is_refused_in_a_line(person, ask):
    with pytest.raises(SurfaceFileError, match=rf"^{SMPL}: .*{MISSING}") as error:
        ask(person)
    assert "\n" not in str(error.value)


def test_people_are_written_without_centimetres(person, tmp_path):
    assert person.tensors()["sigma_cm"] is None
    save_people(tmp_path / "x.npz", [person], SIZE)
    (found,) = load_people(tmp_path / "x.npz").people
    assert found["sigma_cm"] is None
    np.testing.assert_array_equal(found["sigma_uv"], person.sigma_uv)


def test_a_published_model_is_measured_once_its_surface_is_imported(by_name, tmp_path, monkeypatch):
    _, file, model, server = by_name
    smpl = tmp_path / "densepose_smpl_surface.npz"
    monkeypatch.setattr(model_surface, "surface_path", lambda cfg: str(smpl))
    image = np.random.default_rng(0).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "x.png"), image)

    predictor = Predictor.from_zoo(NAME, device="cpu")
    for name, values in predictor.model.state_dict().items():
        assert torch.equal(values, model.state_dict()[name])
    (person,) = predictor.predict_boxes(image, [[10, 10, 80, 90]])
    shown = person.part > 0
    # DensePose adds 0.01 to every variance.
    assert shown.any() and (person.sigma_uv[shown] >= 0.1).all()
    with pytest.raises(SurfaceFileError, match=f"{smpl}.*{MISSING}"):
        _ = person.sigma_cm

    make_tiny_surface().save(smpl)
    predictor = Predictor.from_zoo(NAME, device="cpu", root=file.parent)
    (person,) = predictor.predict_boxes(image, [[10, 10, 80, 90]])
    assert (person.sigma_cm[shown] > 0).all() and len(server.asked) == 1
    other = Predictor.from_zoo(NAME, device="cpu", surface=str(smpl))
    assert other.metric.surface.name == predictor.metric.surface.name


def test_a_surface_that_is_named_is_to_be_there():
    cfg = load_config(model_zoo.get_config_file(NAME), ["DENSEPOSE_EVALUATION.SURFACE", SMPL])
    with pytest.raises(SurfaceFileError, match=f"{SMPL}: no such surface file"):
        chart_metric(cfg)


@pytest.mark.parametrize("name", sorted(model_zoo.BUILTIN.published()))
def test_published_models_are_never_measured_on_the_embedded_body(name, monkeypatch, tmp_path):
    """Not even where DensePose's own package has registered the data set, without our surface."""
    monkeypatch.setenv("DETECTRON2_DATASETS", str(tmp_path))
    cfg = load_config(model_zoo.get_config_file(name))
    assert surface_path(cfg).endswith("densepose_smpl_surface.npz")
    monkeypatch.setattr(model_surface.MetadataCatalog, "get", lambda name: Metadata(name=name))
    assert surface_path(cfg) == str(tmp_path / "densepose_smpl_surface.npz")
    metric = chart_metric(cfg)
    assert metric.unknown is not None and isinstance(metric, ChartMetric)
