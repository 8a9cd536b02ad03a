"""The training tool from the command line: train, resume, evaluate, and what it refuses."""

import json

import pytest
import torch

from tests.tiny_training import train_net, trained_folder


@pytest.fixture(scope="module")
def trained(tiny_data_root):
    """The output folder of three iterations."""
    return trained_folder(tiny_data_root)


def test_training_ends_with_all_metrics(trained):
    metrics = json.loads((trained / "metrics_synth_people_tiny_val.json").read_text())
    assert {"bbox", "densepose_gps", "densepose_gpsm", "correspondence", "likelihood"} < set(
        metrics
    )
    assert "within_10cm" in metrics["correspondence_gt_boxes"]
    likelihood = metrics["likelihood_gt_boxes"]
    for name in ("nats_per_point", "global_variance_nats_per_point"):
        assert torch.tensor(likelihood[name]).isfinite()


def test_evaluation_alone_repeats_the_numbers(trained, tiny_data_root):
    weights = trained / "model_final.pth"
    out = tiny_data_root / "evaluated"
    done = train_net(
        tiny_data_root, "--eval-only", OUTPUT_DIR=str(out), MODEL__WEIGHTS=str(weights)
    )
    assert done.returncode == 0, done.stderr[-3000:]
    name = "metrics_synth_people_tiny_val.json"
    assert (out / name).read_text() == (trained / name).read_text()
    # Printed as Detectron2 prints results, and written where it writes those of training.
    assert "copypaste: Task: densepose_segm" in done.stdout
    (line,) = (out / "metrics.json").read_text().splitlines()
    of_training = (trained / "metrics.json").read_text().splitlines()[-1]
    written, expected = json.loads(line), json.loads(of_training)
    assert written["iteration"] == 2
    for key in ("densepose_gpsm/AP", "correspondence/AUC30", "likelihood_gt_boxes/points_read"):
        assert written[key] == pytest.approx(expected[key], nan_ok=True)
    assert list(out.glob("events.out.tfevents.*"))
    figures = out / "figures_synth_people_tiny_val"
    assert {path.name for path in figures.iterdir()} >= {
        "correspondence_accuracy.png",
        "part_errors_annotated_boxes.png",
        "reliability.png",
        "sparsification.png",
    }


def test_an_interrupted_training_goes_on(trained, tiny_data_root):
    out = tiny_data_root / "resumed"
    out.mkdir()
    (out / "last_checkpoint").write_text("model_0000001.pth")
    (out / "model_0000001.pth").write_bytes((trained / "model_0000001.pth").read_bytes())
    done = train_net(tiny_data_root, "--resume", OUTPUT_DIR=str(out))
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Starting training from iteration 2" in done.stdout
    assert (out / "model_final.pth").exists()


def test_awkward_images_and_people_go_through(tiny_data_root, tmp_path):
    """An image without people, people without labels, labels outside their box, no detection."""
    source, changed = tiny_data_root / "synth_people_tiny", tmp_path / "synth_people_tiny"
    changed.mkdir()
    (changed / "images").symlink_to(source / "images")
    (tmp_path / "embedded_surface.npz").symlink_to(tiny_data_root / "embedded_surface.npz")
    for split in ("train", "val"):
        content = json.loads((source / f"{split}.json").read_text())
        empty, unlabelled, outside = (image["id"] for image in content["images"][:3])
        content["annotations"] = [a for a in content["annotations"] if a["image_id"] != empty]
        for annotation in content["annotations"]:
            if annotation["image_id"] == unlabelled:
                for key in [key for key in annotation if key.startswith("dp_")]:
                    del annotation[key]
            elif annotation["image_id"] == outside and "dp_x" in annotation:
                annotation["dp_x"] = [x + 300 for x in annotation["dp_x"]]
        (changed / f"{split}.json").write_text(json.dumps(content))
    out = tmp_path / "out"
    done = train_net(
        tmp_path,
        OUTPUT_DIR=str(out),
        SOLVER__MAX_ITER="6",
        DATALOADER__FILTER_EMPTY_ANNOTATIONS="False",
        MODEL__ROI_HEADS__SCORE_THRESH_TEST="0.9999",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = json.loads((out / "metrics_synth_people_tiny_val.json").read_text())
    assert metrics["densepose_gps"]["AP"] == 0
    assert metrics["correspondence"]["within_20cm"] == 0
    assert metrics["correspondence_gt_boxes"]["num_points"] > 0


def refused(done, *words):
    """Assert that a run ended with one line of error that has these words."""
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and "Traceback" not in done.stderr, done.stderr[-3000:]
    for word in words:
        assert word in last


def test_a_checkpoint_of_another_noise_model_is_refused(trained, tiny_data_root):
    weights = trained / "model_final.pth"
    out = str(tiny_data_root / "refused")
    for mode in ((), ("--eval-only",)):
        done = train_net(
            tiny_data_root, *mode, config="iid", OUTPUT_DIR=out, MODEL__WEIGHTS=str(weights)
        )
        refused(done, str(weights), "noise model", "TYPE", "UV_CONFIDENCE")


def test_a_malicious_checkpoint_is_refused_and_not_run(tiny_data_root, tmp_path):
    path, trap = tmp_path / "model_final.pkl", tmp_path / "trap"
    path.write_bytes(b"cposix\nsystem\n(S'touch " + str(trap).encode() + b"'\ntR.")
    done = train_net(tiny_data_root, OUTPUT_DIR=str(tmp_path), MODEL__WEIGHTS=str(path))
    refused(done, str(path), "posix.system", "nothing of it was run")
    assert not trap.exists()


def test_missing_things_are_named(tiny_data_root):
    out = str(tiny_data_root / "missing")
    refused(
        train_net(tiny_data_root, OUTPUT_DIR=out, DATASETS__TRAIN="('synth_people_bench_train',)"),
        "synth_people_bench_train",
        "make data",
    )
    refused(
        train_net(
            tiny_data_root,
            OUTPUT_DIR=out,
            MODEL__ROI_DENSEPOSE_HEAD__UV_CONFIDENCE__TYPE="fulll",
        ),
        "'fulll'",
        "indep_aniso",
    )
    refused(
        train_net(tiny_data_root, "--eval-only", OUTPUT_DIR=out, MODEL__WEIGHTS="none.pth"),
        "none.pth",
    )
    for mode in ((), ("--eval-only",)):
        done = train_net(
            tiny_data_root, *mode, OUTPUT_DIR=out, DENSEPOSE_EVALUATION__RECALIBRATION="none.json"
        )
        refused(done, "none.json", "tools/recalibrate.py")
        assert "Loading" not in done.stdout and "Starting training" not in done.stdout
