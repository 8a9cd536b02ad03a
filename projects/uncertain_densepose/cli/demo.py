"""The steps of tools/demo.py: data, training, evaluation and a report."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from tabulate import tabulate

from ..config import load_config
from ..errors import UserError
from ..evaluation import GroundTruth
from ..evaluation.points.matching import UNMATCHED, box_overlap, match_by_score
from ..inference import Predictor, read_image
from ..surface.paths import data_root
from ..visualization import ReportRow, make_report, point_errors
from ..weights_file import read_torch_checkpoint

HELD_OUT = "synth_people_demo_val"
REPORT_ROWS = 6
SEED = "0"
"""The seed of data and training."""

METRIC_ROWS = (
    ("box AP", "bbox", "AP"),
    ("box AP50", "bbox", "AP50"),
    ("GPS AP", "densepose_gps", "AP"),
    ("GPS AP50", "densepose_gps", "AP50"),
    ("GPSm AP", "densepose_gpsm", "AP"),
)

NATS_ROWS = (
    ("full, joint", "nats_per_point_full"),
    ("its marginals", "nats_per_point_full_marginal"),
    ("without the shared error", "nats_per_point_indep_aniso"),
    ("its isotropic part alone", "nats_per_point_iid_iso"),
    ("one global variance", "global_variance_nats_per_point"),
)
CALIBRATION_ROWS = (
    ("points in the 50 % ellipse (%)", "coverage_50"),
    ("points in the 90 % ellipse (%)", "coverage_90"),
    ("points in the 95 % ellipse (%)", "coverage_95"),
    ("RMS error (cm)", "rms_error_cm"),
    ("sharpness, the RMS predicted (cm)", "sharpness_cm"),
)


class StepError(UserError):
    """A step that failed, after printing why."""


def run(args: argparse.Namespace, tools: Path) -> None:
    """Run the demo; finished steps are not repeated.

    Args:
        args: see tools/demo.py.
        tools: the folder of the command lines that are the steps.

    Raises:
        ConfigError: an override cannot be used.
        StepError: a step failed.
    """
    start = time.perf_counter()
    config = tools.parent / "configs" / "synth" / "unc_full.yaml"
    # Mistakes in the overrides are reported before minutes of rendering.
    load_config(str(config), args.opts)
    args.out.mkdir(parents=True, exist_ok=True)
    data, workers = data_root() / "synth_people_demo", args.workers or os.cpu_count()
    run_step(tools / "build_surface.py")
    run_step(
        tools / "make_synthetic_dataset.py",
        *("--preset", "demo", "--seed", SEED),
        *("--workers", str(workers), "--out", str(data)),
    )
    results = train_model(tools / "train_net.py", config, args.out, args.opts)
    metrics = args.out / "metrics.json"
    metrics.write_text(json.dumps(results, indent=2) + "\n")
    picture = draw_report(config, args.out, results)
    print_table(results)
    print(f"\nDone in {math.ceil(time.perf_counter() - start)} s")
    for path in (metrics, picture, args.out / "model_final.pth"):
        print(path)


def run_step(tool: Path, *arguments: str) -> None:
    """Run another tool, whose output the user sees.

    Raises:
        StepError: the tool failed.
    """
    print(f"\n$ {tool.name} {' '.join(arguments)}", flush=True)
    start = time.perf_counter()
    if subprocess.run([sys.executable, str(tool), *arguments], check=False).returncode:
        raise StepError(f"{tool.name} failed; its message is above")
    print(f"  {tool.name}: {time.perf_counter() - start:.0f} s", flush=True)


def train_model(train_net: Path, config: Path, out: Path, overrides: list[str]) -> dict:
    """Train, or resume training, and save the weights as `out`/model_final.pth.

    Returns:
        {task: {metric: value}} of the final evaluation on `HELD_OUT`.
    """
    folder = out / "training"
    options = ["OUTPUT_DIR", str(folder), "SEED", SEED, *overrides]
    run_step(train_net, "--config-file", str(config), "--resume", *options)
    weights = read_torch_checkpoint(str(folder / "model_final.pth"))
    torch.save({"model": weights["model"]}, out / "model_final.pth")
    return json.loads((folder / f"metrics_{HELD_OUT}.json").read_text())


def draw_report(config: Path, out: Path, results: dict) -> Path:
    """Draw detected held-out people, evenly spaced in the data set rather than selected.

    Returns:
        The path of the picture, `out`/report.png.
    """
    predictor = Predictor(str(config), str(out / "model_final.pth"))
    images = data_root() / "synth_people_demo" / "images"
    truth = [image for image in GroundTruth.of_dataset(HELD_OUT) if not image.ignored.all()]
    names = file_names()
    rows: list[ReportRow] = []
    stride = max(1, len(truth) // REPORT_ROWS)
    # An image without a detection is replaced by one of its neighbours.
    for image in (truth[i] for start in range(stride) for i in range(start, len(truth), stride)):
        if len(rows) == REPORT_ROWS:
            break
        picture = read_image(images / names[image.image_id])
        people = predictor(picture)
        boxes = np.array([person.box_xyxy for person in people]).reshape(-1, 4)
        # People without labels are matched too, so that their detections go to nobody else.
        eligible = np.broadcast_to(~image.iscrowd, (len(people), image.num_people))
        match = match_by_score(box_overlap(boxes, image.boxes), eligible)
        found = np.flatnonzero((match != UNMATCHED) & ~image.ignored)
        if not len(found):
            continue
        who = found[np.argmax(image.num_points[found])]
        own = image.person == who
        errors = point_errors(
            people[match[who]], image.xy[own], image.part[own], image.uv_true[own]
        )
        rows.append(ReportRow(picture, people[match[who]], errors, names[image.image_id]))
    path = out / "report.png"
    within = results["correspondence_gt_boxes"]["within_10cm_true"]
    headline = {
        "box AP50": results["bbox"]["AP50"],
        "GPS AP": results["densepose_gps"]["AP"],
        "points within 10 cm of the truth (%)": within,
        "nats per point": results["likelihood_gt_boxes"]["nats_per_point"],
    }
    make_report(rows, path, "Held-out people, correlated uncertainty (full)", headline)
    return path


def file_names() -> dict[int, str]:
    """{image id: file name} of the held-out images."""
    content = json.loads((data_root() / "synth_people_demo" / "val.json").read_text())
    return {image["id"]: image["file_name"] for image in content["images"]}


def print_table(results: dict) -> None:
    """Print the main metrics, in annotated and in detected boxes."""
    print("\nHeld-out people\n")
    print(
        tabulate([(label, results[task][key]) for label, task, key in METRIC_ROWS], floatfmt=".1f")
    )
    given, detected = results["correspondence_gt_boxes"], results["correspondence"]
    rows = [
        (f"points within {limit} cm (%)", *(boxes[f"within_{limit}cm"] for boxes in both))
        for both in [(given, detected)]
        for limit in (1, 2, 3, 5, 10, 20)
    ]
    print("\n" + tabulate(rows, ("", "annotated boxes", "detected boxes"), floatfmt=".1f"))
    for key, value in given.items():
        if "trivial" in key and "10cm" in key:
            print(f"\n{key} in annotated boxes: {value:.1f} %")
    nats = results["likelihood_gt_boxes"]
    rows = [(label, nats[key]) for label, key in NATS_ROWS]
    print("\n" + tabulate(rows, ("annotated boxes, read as", "nats per point"), floatfmt=".3f"))
    calibration = results["calibration_gt_boxes"]
    rows = [(label, calibration[key]) for label, key in CALIBRATION_ROWS]
    print("\n" + tabulate(rows, ("calibration, annotated boxes", ""), floatfmt=".1f"))
