"""The annotators' errors on the body, against cases worked out by hand and a plain twin."""

import json

import numpy as np
import pytest

from synthetic_people import annotator_error
from synthetic_people.annotator_error import (
    LabelledTruth,
    mean_error_on_surface,
    part_table,
    point_errors_m,
)
from tests.uncertain_densepose.evaluation.flat_surface import GRID, SIDE_M, make_flat_surface
from tests.uncertain_densepose.evaluation.scene import coco, labelled, unlabelled
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.structures.coco_annotation import AnnotationFileError

STEP_M = SIDE_M / (GRID - 1)
BOX = [10, 20, 40, 60]


@pytest.fixture(scope="module")
def surface():
    return make_flat_surface()


def vertex_at(part, column, row):
    """Vertex of a chart's grid, (u, v) = (column, row) / 4."""
    return (part - 1) * GRID * GRID + column * GRID + row


def truth(part, uv, part_true, uv_true):
    columns = (np.array(part), np.array(uv, float), np.array(part_true), np.array(uv_true, float))
    return LabelledTruth(np.zeros(len(part), int), *columns)


def test_errors_are_geodesic_also_across_charts(surface):
    points = truth(
        part=[2, 2, 3],
        uv=[[0.5, 0.5], [0.75, 0.5], [0.0, 0.5]],
        part_true=[2, 2, 2],
        uv_true=[[0.5, 0.5], [0.25, 0.25], [1.0, 0.5]],
    )
    error, vertex = point_errors_m(points, SurfaceDistance(surface))
    # Charts are 0.2 m apart, and the second label is off by two steps and one step.
    expected = [0, STEP_M * np.sqrt(5), 0.2]
    np.testing.assert_allclose(error, expected, atol=2e-4)
    assert vertex.tolist() == [vertex_at(2, 2, 2), vertex_at(2, 1, 1), vertex_at(2, 4, 2)]


def test_a_point_reaches_twice_the_bandwidth(surface):
    middle = vertex_at(2, 2, 2)
    # Reach 0.12 m: the neighbours at 0.1 m, not those at 0.141 m.
    mean, people = mean_error_on_surface(
        surface, np.array([middle]), np.array([5.0]), np.array([0]), bandwidth_m=0.06
    )
    near = [middle, middle + 1, middle - 1, middle + GRID, middle - GRID]
    assert sorted(np.flatnonzero(np.isfinite(mean))) == sorted(near)
    np.testing.assert_allclose(mean[near], 5)
    assert people[near].tolist() == [1] * 5 and people.sum() == 5


def test_a_persons_points_are_weighted_and_people_count_alike(surface):
    a, between, b = vertex_at(2, 1, 2), vertex_at(2, 2, 2), vertex_at(2, 3, 2)
    mean, people = mean_error_on_surface(
        surface,
        vertex=np.array([a, b, a, a, a]),
        error=np.array([1.0, 3.0, 10.0, 10.0, 40.0]),
        person=np.array([0, 0, 1, 1, 1]),
        bandwidth_m=0.06,
    )
    assert people[[a, between, b]].tolist() == [2, 2, 1]
    # In the middle the first person's points weigh the same; the second's mean is 20 everywhere.
    assert mean[between] == pytest.approx((2 + 20) / 2)
    assert mean[a] == pytest.approx((1 + 20) / 2)
    assert mean[b] == pytest.approx(3)


def plain_mean_error(surface, vertex, error, person, bandwidth):
    count = len(surface.vertices)
    mean, people = np.full(count, np.nan), np.zeros(count, int)
    for x in range(count):
        values = []
        for p in range(person.max() + 1):
            weights, weighted = 0.0, 0.0
            for i in np.flatnonzero(person == p):
                g = float(surface.geodesic_distance(x, vertex[i]))
                if g <= 2 * bandwidth:
                    w = np.exp(-(g**2) / (2 * bandwidth**2))
                    weights, weighted = weights + w, weighted + w * error[i]
            if weights > 0:
                values.append(weighted / weights)
        people[x] = len(values)
        if values:
            mean[x] = np.mean(values)
    return mean, people


@pytest.mark.parametrize("at_once", [2, 256])
def test_the_mean_against_plain_loops(surface, monkeypatch, at_once):
    monkeypatch.setattr(annotator_error, "_PEOPLE_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    person = np.sort(rng.integers(5, size=40))
    vertex = rng.integers(4 * GRID * GRID, size=40)
    error = rng.uniform(size=40)
    mean, people = mean_error_on_surface(surface, vertex, error, person, 0.11)
    expected, counted = plain_mean_error(surface, vertex, error, person, 0.11)
    np.testing.assert_allclose(mean, expected, rtol=1e-3)
    np.testing.assert_array_equal(people, counted)
    assert np.isnan(mean).any() and (people > 1).any()


def test_the_table_has_a_row_for_each_true_chart_with_points():
    zero = np.zeros((4, 2))
    points = truth([2, 2, 1, 5], zero, [2, 2, 2, 5], zero)
    table = part_table(np.array([1.0, 2.0, 6.0, 4.0]), points)
    assert list(table) == ["all", "torso front", "left foot"]
    assert table["all"]["points"] == 4 and table["all"]["other_chart"] == 0.25
    front = table["torso front"]
    assert front["points"] == 3 and front["mean"] == 3 and front["median"] == 2
    assert front["p90"] == pytest.approx(np.quantile([1, 2, 6], 0.9))
    assert front["other_chart"] == pytest.approx(1 / 3)


@pytest.fixture
def write(tmp_path):
    def write(annotations):
        path = tmp_path / "people.json"
        path.write_text(json.dumps(coco(annotations, num_images=1)))
        return path

    return write


def person(key=1, **fields):
    annotation = labelled(key, 1, BOX, np.random.default_rng(key))
    annotation |= {"dp_U_true": annotation["dp_U"], "dp_V_true": annotation["dp_V"]}
    return annotation | fields


def test_people_with_the_truth_are_read(write):
    slipped = person(3, dp_I_true=[5] * 12)
    points = LabelledTruth.load(write([person(1), unlabelled(2, 1, BOX), slipped]))
    assert points.person.tolist() == [0] * 12 + [1] * 12
    # Without a true part of its own, the label's is the true one.
    np.testing.assert_array_equal(points.part_true[:12], person(1)["dp_I"])
    assert points.part_true[12:].tolist() == [5] * 12
    np.testing.assert_array_equal(points.part[12:], slipped["dp_I"])
    np.testing.assert_allclose(points.uv_true[:, 0], person(1)["dp_U"] + slipped["dp_U"])


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([labelled(7, 1, BOX, np.random.default_rng(0))], "annotation 7: .*dp_U_true.* is missing"),
        ([person(7, dp_I_true=[1] * 11)], "annotation 7: .*dp_I_true.*11 values.*12"),
        ([person(7, dp_I_true=[25] * 12)], "annotation 7: .*dp_I_true"),
        ([person(7, dp_V=[0.5])], "annotation 7: .*dp_V"),
        ([unlabelled(7, 1, BOX)], "nobody has annotated points"),
    ],
)
def test_other_files_are_refused(write, annotations, message):
    with pytest.raises(AnnotationFileError, match=rf"people\.json: .*{message}"):
        LabelledTruth.load(write(annotations))


@pytest.mark.parametrize(("text", "message"), [("{", "not JSON"), ("[]", "no list 'annotations'")])
def test_what_is_no_annotation_file_is_refused(tmp_path, text, message):
    (tmp_path / "people.json").write_text(text)
    with pytest.raises(AnnotationFileError, match=message):
        LabelledTruth.load(tmp_path / "people.json")
