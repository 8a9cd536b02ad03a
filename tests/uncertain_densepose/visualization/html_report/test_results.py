"""What is found in a folder, and what is said of a damaged one."""

from __future__ import annotations

import json

import pytest

from tests.uncertain_densepose.visualization.html_report.results_factory import (
    random_image,
    random_person,
    write_figure,
    write_metrics,
    write_predictions,
)
from uncertain_densepose.visualization.html_report import ReportError, read_results

TRAINING_LOG = '{"iteration": 19, "total_loss": 2.5}\n{"iteration": 39, "total_loss": 2.1}\n'


def found(folder):
    (results,) = read_results([folder])
    return results


def test_a_folder_of_training_has_metrics_and_figures_of_each_data_set(tmp_path):
    write_metrics(tmp_path, {"bbox": {"AP": 1.5}}, "val")
    write_metrics(tmp_path, {"bbox": {"AP": 2.5}}, "test_of_2")
    (tmp_path / "metrics.json").write_text(TRAINING_LOG)
    figure = write_figure(tmp_path / "figures_val" / "reliability.png")
    results = found(tmp_path)
    assert results.metrics == {"val": {"bbox": {"AP": 1.5}}, "test_of_2": {"bbox": {"AP": 2.5}}}
    assert results.figures == {"val": [figure]}
    assert results.people == []


def test_a_folder_of_an_evaluation_has_metrics_and_figures_of_no_named_data_set(tmp_path):
    (tmp_path / "metrics.json").write_text(json.dumps({"bbox": {"AP": 1.5}}))
    figure = write_figure(tmp_path / "correspondence_accuracy.png")
    results = found(tmp_path)
    assert results.metrics == {"": {"bbox": {"AP": 1.5}}}
    assert results.figures == {"": [figure]}


def test_a_file_of_metrics_will_do(tmp_path):
    file = tmp_path / "fused.json"
    file.write_text(json.dumps({"joint": {"within_5cm": 40.0}}))
    assert found(file).metrics == {"": {"joint": {"within_5cm": 40.0}}}


def test_images_are_listed_once_and_their_pictures_are_no_figures(tmp_path):
    size = (20, 30)
    people = [random_person((2, 2, 20, 18), size, seed) for seed in (0, 1)]
    image = random_image(tmp_path / "photo.png", size)
    folder = write_predictions(tmp_path / "predictions", {image: people})
    write_figure(folder / "000000.png")
    results = found(folder)
    ((name, maps, frame),) = [(one.image, one.maps, one.frame) for one in results.people]
    assert (name, maps, frame) == (str(image), folder / "000000.npz", None)
    assert results.figures == {}


def test_runs_are_named_by_the_shortest_ends_that_differ(tmp_path):
    folders = [tmp_path / "a" / "x" / "val", tmp_path / "b" / "x" / "val", tmp_path / "other"]
    for folder in folders:
        write_metrics(folder, {})
    names = [results.name for results in read_results(folders)]
    assert names == ["a/x/val", "b/x/val", "other"]
    with pytest.raises(ReportError, match="given twice"):
        read_results([folders[2], tmp_path / "b" / ".." / "other"])


def test_a_folder_without_results_is_named_with_what_was_expected(tmp_path):
    (tmp_path / "metrics.json").write_text(TRAINING_LOG)
    with pytest.raises(ReportError, match=r"nothing to show; expected metrics_\*\.json"):
        found(tmp_path)
    with pytest.raises(ReportError, match="none: no such folder or file"):
        found(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(ReportError, match="expected a folder, or a .json file"):
        found(tmp_path / "notes.txt")


@pytest.mark.parametrize("name", ["metrics_val.json", "metrics.json", "predictions.json"])
def test_half_a_file_is_named(tmp_path, name):
    whole = json.dumps([{"file_name": "a.jpg", "maps": "a.npz"}], indent=1)
    (tmp_path / name).write_text(whole[: len(whole) // 2])
    with pytest.raises(ReportError, match=rf"{name}: not JSON, or truncated \(") as caught:
        found(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, content, complaint",
    [
        ("metrics_val.json", [1], "expected {task: {metric: value}}"),
        ("metrics_val.json", {"AP": 1.5}, "expected {task: {metric: value}}"),
        ("predictions.json", {"a": 1}, "expected a list of people"),
        ("predictions.json", [{"maps": "x.npz"}], "record 0 has no 'file_name'"),
        ("predictions.json", [{"file_name": "x.jpg", "maps": 3}], "record 0 has no 'maps'"),
        ("predictions.json", ["x.jpg"], "record 0 has no 'file_name'"),
        (
            "predictions.json",
            [{"file_name": "x.mp4", "maps": "x.npz", "frame": -1}],
            "record 0 has frame -1",
        ),
    ],
)
def test_other_json_is_refused(tmp_path, name, content, complaint):
    (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(ReportError) as caught:
        found(tmp_path)
    assert f"{name}: {complaint}" in str(caught.value)
