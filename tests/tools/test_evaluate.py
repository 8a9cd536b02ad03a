"""tools/evaluate.py: results in, metrics and figures out, messages that name what is wrong."""

import json

import matplotlib.image
import numpy as np
import pytest

from tests.surface_factory import make_tiny_surface
from tests.uncertain_densepose.evaluation.iuv_scene import constant_iuv, record, write_results
from tests.uncertain_densepose.evaluation.scene import coco, labelled, write

BOX = [10, 20, 40, 60]


@pytest.fixture
def run(tool, tmp_path):
    """Call the tool on one person and given records, beside whom nobody is."""
    surface = tmp_path / "board.npz"
    make_tiny_surface().save(surface)
    person = labelled(1, 1, BOX, np.random.default_rng(0))
    annotations = write(tmp_path / "val.json", coco([person], num_images=2))

    def call(records, *extra):
        results = write_results(tmp_path / "results.json", records)
        files = ["--annotations", annotations, "--results", results, "--surface", str(surface)]
        # What comes last counts.
        tool.main([*files, *extra])

    return call


def good(**fields):
    return record(1, BOX, 0.5, constant_iuv(BOX, 2, 0.5, 0.5), **fields)


def test_it_prints_a_table_a_task(run, capsys):
    run([good()])
    out = capsys.readouterr().out
    for word in ("densepose_gps", "densepose_gpsm", "densepose_segm", "AUC10", "torso front"):
        assert word in out
    assert "1 results in 2 annotated images" in out


def test_charts_alone_are_refused(ended, run, tmp_path):
    make_tiny_surface().without_distances().save(tmp_path / "charts.npz")
    said = ended(run, [good()], "--surface", str(tmp_path / "charts.npz"))
    assert "charts.npz: holds charts alone" in said and "tools/build_surface.py" in said


def test_it_writes_metrics_and_figures(run, tmp_path, capsys):
    out = tmp_path / "made" / "here"
    run([good()], "--out", str(out), "--kappa", "0.255", "--protocol", "reference")
    metrics = json.loads((out / "metrics.json").read_text(), parse_constant=pytest.fail)
    settings = metrics.pop("settings")
    assert settings["protocol"] == "reference" and settings["kappa_m"] == 0.255
    assert list(metrics) == ["densepose_gps", "densepose_gpsm", "densepose_segm", "correspondence"]
    assert 0 <= metrics["densepose_gps"]["AP"] <= 100
    # The one person is of medium size, so there is nobody large.
    assert metrics["densepose_gps"]["APl"] is None
    for name in ("correspondence_accuracy.png", "part_errors_detected_boxes.png"):
        assert matplotlib.image.imread(out / name).std() > 0.05
    assert "result files carry no covariance" in capsys.readouterr().out


def test_protocol_and_length_scale_change_the_numbers(run, tmp_path):
    records = [good(), record(2, BOX, 0.9, constant_iuv(BOX, 2, 0.5, 0.5))]
    found = {}
    for name, *options in (
        ("strict",),
        ("reference", "--protocol", "reference"),
        ("strict wide", "--kappa", "5"),
        ("reference wide", "--kappa", "5", "--protocol", "reference"),
    ):
        run(records, "--out", str(tmp_path / name), *options)
        found[name] = json.loads((tmp_path / name / "metrics.json").read_text())
    ap = {name: metrics["densepose_gps"]["AP"] for name, metrics in found.items()}
    assert ap["strict wide"] == pytest.approx(50)
    assert ap["reference wide"] == pytest.approx(100)
    # The image without annotated people is an error before the person in `strict`.
    assert ap["strict"] < ap["reference"] < 100


def test_what_cannot_be_used_ends_the_run_in_one_line(ended, run):
    message = ended(run, [good(), good() | {"score": float("nan")}])
    assert "results.json: result 1: field 'score' is nan" in message
    message = ended(run, [good() | {"uv_data": "%"}])
    assert "results.json: result 0: field 'uv_data'" in message


def test_or_is_left_out_and_counted(run, capsys, tmp_path):
    bad = [good() | {"score": float("nan")}, good() | {"score": None}, good() | {"uv_data": "%"}]
    run([good(), *bad], "--lenient", "--out", str(tmp_path / "out"))
    captured = capsys.readouterr()
    assert "warning: 2 results left out because of field 'score'" in captured.err
    assert "warning: 1 results left out because of field 'uv_data'" in captured.err
    settings = json.loads((tmp_path / "out" / "metrics.json").read_text())["settings"]
    assert settings["left_out"] == {"score": 2, "uv_data": 1}


def test_results_beyond_the_twenty_highest_scores_are_mentioned(run, capsys):
    run([good() for _ in range(23)])
    assert "3 of them are beyond the 20 highest scores" in capsys.readouterr().out


def test_files_that_are_wrong_are_named(ended, run, tmp_path):
    other = write(tmp_path / "other.json", {"images": []})
    folder = tmp_path / "folder"
    folder.mkdir()
    for extra, words in (
        (("--annotations", other), ("other.json", "COCO's format")),
        (("--annotations", str(tmp_path / "no.json")), ("no.json",)),
        (("--annotations", str(folder)), (str(folder),)),
        (("--results", other), ("other.json", "not a JSON array")),
        (("--results", str(tmp_path / "no.json")), ("no.json",)),
        (("--surface", str(tmp_path / "no.npz")), ("no.npz", "no such surface file")),
        (("--out", other), ("other.json", "must be a folder")),
        (("--kappa", "-1"), ("'-1'", "per_part")),
        (("--kappa", "wide"), ("'wide'", "per_part")),
        (("--protocol", "coco"), ("'coco'", "strict")),
    ):
        message = ended(run, [good()], *extra)
        for word in words:
            assert word in message
