"""Tables of results that nobody measured, in the columns of real ones."""

import csv
import functools
import math
import re
import zlib

from lab.experiments.metrics.cell_metrics import cell_metrics
from lab.experiments.result_table import ROW_COLUMNS
from tests.lab.experiments.metrics.drawn_outcome import draw_outcome
from tests.uncertain_densepose.evaluation.flat_surface import make_flat_surface
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

CELLS = {
    "annotator": ("mse", "iid_iso", "indep_aniso", "full", "full_similarity"),
    "shared": ("mse", "iid_iso", "full"),
    "iid": ("mse", "iid_iso", "full"),
    "clean": ("mse", "iid_iso", "full"),
}
SEEDS = (1, 2, 3)
STEPS = (500, 1000, 2000)

_SIZES = {
    "within": 40,
    "AUC": 50,
    "part": 80,
    "nats": 2,
    "spearman": 0.7,
    "noise_to_error": 0.8,
}
_GAINS = {"mse": 0.0, "iid_iso": 0.5, "indep_aniso": 0.8, "full": 2.0, "full_similarity": 2.4}
_WORLD_GAINS = {"annotator": 1.0, "shared": 0.8, "iid": -0.2, "clean": 0.4}


@functools.cache
def metric_names():
    """Those that a cell has."""
    outcome = draw_outcome("full", num_people=2)
    return tuple(cell_metrics(outcome, outcome, SurfaceDistance(make_flat_surface())))


def chance(*key):
    """A number in -1..1 that is always the same for the same key."""
    return zlib.crc32(repr(key).encode()) / 2**31 - 1


def value(metric, world, model, seed, steps):
    """Of a metric: full models gain 2, the more the longer; seeds share most of their spread."""
    if metric == "num_points":
        return 1234
    if metric == "noise_to_error" or metric.startswith("noise_to_error-"):
        return (0.4 + 0.3 * chance(metric)) * (1 + steps / 2000) * (0.1 if world == "clean" else 1)
    if "shared" in metric and not model.startswith("full"):
        return math.nan
    size = next((size for start, size in _SIZES.items() if metric.startswith(start)), 0.05)
    if metric.endswith(("cm_truth_given", "cm_labels_given")):
        size = 90 * (1 - math.exp(-float(metric.split("_")[1][:-2]) / 6))
    if metric.startswith("coverage"):
        size = 0.9 * float(re.search("_(50|90|95)_", metric)[1])
    gain = _GAINS.get(model, 0) * _WORLD_GAINS.get(world, 0) * (steps / 2000 - 0.4)
    spread = 2 * chance(seed, metric) + 0.3 * chance(seed, metric, model, world)
    return size * (1 + 0.02 * gain + 0.01 * spread - 100 / steps)


def rows(cells=CELLS, seeds=SEEDS, steps=STEPS, stage="final", split="test"):
    """One row for each cell and length of training, as texts."""
    setting = {"uv_weight": "0.5", "anchor": "0.1", "warm_start": "0.25"}
    for world, models in cells.items():
        for model in models:
            for seed in seeds:
                for length in steps:
                    keys = {"stage": stage, "world": world, "model": model, "seed": seed}
                    rest = {"steps": length, "split": split, "seconds": 200, "recipe": "0000abcd"}
                    numbers = {m: value(m, world, model, seed, length) for m in metric_names()}
                    texts = {k: "" if math.isnan(v) else f"{v:.6g}" for k, v in numbers.items()}
                    yield keys | setting | rest | texts


def write_rows(path, table):
    """Write rows as the experiment does; the path as text."""
    table = list(table)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, [*ROW_COLUMNS, *metric_names()], restval="")
        writer.writeheader()
        writer.writerows(table)
    return str(path)
