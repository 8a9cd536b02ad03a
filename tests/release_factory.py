"""Rows of a zoo, invented."""

from pathlib import Path

from uncertain_densepose.model_zoo import Release
from uncertain_densepose.weights_file import sha256_of

TRAINING = {
    "seed": 1,
    "commit": "0123456789ab",
    "iterations": 2500,
    "seconds": 1500.0,
    "peak_memory_mib": 1234.5,
    "processes": 1,
    "device": "x86_64 cpu, 2 threads",
}
METRICS = {
    "bbox": {"AP": 61.25},
    "densepose_gps": {"AP": 30.0},
    "correspondence_gt_boxes": {f"within_{cm}cm": 4.0 * cm for cm in (1, 2, 3, 5, 10, 20)},
    "likelihood_gt_boxes": {"nats_per_point": -1.2344, "nats_per_point_full_marginal": None},
}


def release_of(file: Path, address: str = "", **changes) -> Release:
    """A row of a file that exists."""
    row = {
        "file": file.name,
        "address": address,
        "sha256": sha256_of(file),
        "pickle_file": "model_final_fedcba.pkl",
        "pickle_sha256": "fedcba" + 58 * "0",
        "licence": "Apache-2.0",
        "training": TRAINING,
        "metrics": METRICS,
    }
    return Release(**(row | changes))
