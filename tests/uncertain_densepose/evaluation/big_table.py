"""A surface of 27 554 vertices, all in a geodesic table on disk, and an evaluation on it.

`python big_table.py SURFACE.npz FOLDER` evaluates and prints what memory that took.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from scipy.spatial.distance import cdist

from uncertain_densepose.surface import PART_NAMES, Surface
from uncertain_densepose.surface.distances_on_disk import DistancesOnDisk

NUM_VERTICES = 27_554
NUM_ENTRIES = NUM_VERTICES * (NUM_VERTICES - 1) // 2
_ROWS_PER_BLOCK = 256


def make_big_surface(folder: Path) -> Path:
    """The file of a surface of flat charts, on which distances are those of the plane.

    The two charts of the torso, with 117 x 117 vertices each, are nearly all of it.
    """
    vertices, faces, face_part, face_uv = [], [], [], []
    count = 0
    for part in range(1, 25):
        rows, columns = (117, 117) if part <= 2 else (4, 2)
        v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
        uv = np.stack([u.ravel(), v.ravel()], axis=1)
        corner = np.arange(rows * columns).reshape(rows, columns)
        a, b, c, d = (
            corner[y, x].ravel()
            for y, x in (
                (slice(-1), slice(-1)),
                (slice(-1), slice(1, None)),
                (slice(1, None), slice(1, None)),
                (slice(1, None), slice(-1)),
            )
        )
        chart = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
        vertices.append(np.insert(uv + [part, 0], 1, 0, axis=1))
        faces.append(chart + count)
        face_part.append(np.full(len(chart), part))
        face_uv.append(uv[chart])
        count += len(uv)
    vertices = np.concatenate(vertices).astype(np.float32)
    everything = np.arange(NUM_VERTICES, dtype=np.int32)
    surface = Surface(
        name="big",
        part_names=PART_NAMES,
        vertices=vertices,
        faces=np.concatenate(faces).astype(np.int32),
        face_part=np.concatenate(face_part).astype(np.uint8),
        face_uv=np.concatenate(face_uv).astype(np.float32),
        mirror=np.zeros(0, dtype=np.int32),
        geodesic_vertices=everything,
        nearest_geodesic=everything,
        geodesic_m=DistancesOnDisk.write(folder / "big.npy", _rows(vertices), NUM_ENTRIES),
    )
    surface.save(folder / "big.npz")
    return folder / "big.npz"


def _rows(vertices):
    for start in range(0, len(vertices), _ROWS_PER_BLOCK):
        block = cdist(vertices[start : start + _ROWS_PER_BLOCK], vertices)
        yield np.concatenate([row[: start + k] for k, row in enumerate(block)])


def resident_mb() -> dict[str, float]:
    """Linux's account of this process, MB of 2^20 bytes; VmHWM is the peak since `reset_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = dict(line.split(":", 1) for line in lines)
    keys = ("VmRSS", "RssAnon", "RssFile", "VmHWM")
    return {key: int(kilobytes[key].split()[0]) / 1024 for key in keys}


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def main(surface_file: str, folder: str) -> None:
    sys.path.insert(0, str(Path(__file__).parents[3]))
    from tests.uncertain_densepose.evaluation.speed_scene import make_scene
    from uncertain_densepose.evaluation.detections.detection_metrics import evaluate_results
    from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

    # Everything that a model and its results would bring into memory, before the count begins.
    ground_truth, found = make_scene(Path(folder), 200)
    reset_peak()
    before = resident_mb()
    started = time.perf_counter()
    surface = Surface.load(surface_file)
    distance = SurfaceDistance(surface)
    loaded_s, loaded = time.perf_counter() - started, resident_mb()
    results = ((image, found[image.image_id]) for image in ground_truth)
    metrics = evaluate_results(results, distance)[0]
    evaluated_s = time.perf_counter() - started - loaded_s
    after = resident_mb()

    a, b = np.random.default_rng(0).integers(NUM_VERTICES, size=(2, 1_000_000))
    started = time.perf_counter()
    looked_up = distance.between_m(a, b)
    lookup_s = time.perf_counter() - started
    plane = np.linalg.norm(surface.vertices[a] - surface.vertices[b], axis=1)
    print(
        json.dumps(
            {
                "before": before,
                "loaded": loaded,
                "after": after,
                "lookups": resident_mb(),
                "loaded_s": loaded_s,
                "evaluated_s": evaluated_s,
                "lookup_s_per_million": lookup_s,
                "largest_relative_error": float((np.abs(looked_up - plane) / (plane + 1e-3)).max()),
                "gps_ap": metrics["densepose_gps"]["AP"],
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
