"""A fingerprint of a model, so that results of different models are not mixed up."""

from __future__ import annotations

import hashlib

from detectron2.utils.file_io import PathManager

from ...inference import ChartMetric, Predictor
from ...weights_file import sha256_of


def model_settings(predictor: Predictor) -> dict[str, object]:
    """SHA-256 of weights, config and surface (None for an unknown one), wherever the files are, and
    the score threshold.

    Args:
        predictor: its `cfg.MODEL.WEIGHTS` is the checkpoint.
    """
    cfg = predictor.cfg.clone()
    weights = PathManager.get_local_path(cfg.MODEL.WEIGHTS)
    cfg.merge_from_list(["MODEL.WEIGHTS", "", "MODEL.DEVICE", "", "OUTPUT_DIR", ""])
    return {
        "weights_sha256": sha256_of(weights),
        "config_sha256": hashlib.sha256(cfg.dump().encode()).hexdigest(),
        "surface_sha256": _surface_sha256(predictor.metric),
        "score_threshold": predictor.score_threshold,
    }


def _surface_sha256(metric: ChartMetric) -> str | None:
    if metric.unknown is not None:
        return None
    body = hashlib.sha256()
    for name in ("vertices", "faces", "face_part", "face_uv"):
        body.update(getattr(metric.surface, name).tobytes())
    return body.hexdigest()
