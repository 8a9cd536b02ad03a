"""The surface whose charts a config's model predicts."""

from __future__ import annotations

import os

from detectron2.config import CfgNode
from detectron2.data import MetadataCatalog

from ..data.builtin import DENSEPOSE_DATASETS
from ..surface.metric import ChartMetric
from ..surface.paths import charts_path, default_surface_path, smpl_surface_path
from ..surface.unknown_metric import UnknownMetric


def surface_path(cfg: CfgNode) -> str:
    """Path of a file with the charts of the surface that a config's model predicts.

    This is `DENSEPOSE_EVALUATION.SURFACE` if set, else the `densepose_surface` of the first data
    set of `DATASETS.TEST`, else the embedded body. If that has not been built, it is the package's
    own file of its charts, without geodesic distances; see `surface.paths.charts_path`.
    """
    if cfg.DENSEPOSE_EVALUATION.SURFACE:
        return cfg.DENSEPOSE_EVALUATION.SURFACE
    if not cfg.DATASETS.TEST:
        return str(charts_path(default_surface_path()))
    name = cfg.DATASETS.TEST[0]
    # Where DensePose's own package registered its data sets, they state no surface of ours.
    otherwise = smpl_surface_path() if name in DENSEPOSE_DATASETS else default_surface_path()
    return str(charts_path(MetadataCatalog.get(name).get("densepose_surface") or otherwise))


def chart_metric(cfg: CfgNode) -> ChartMetric:
    """The metric of the surface that a config's model predicts, see :func:`surface_path`.

    Returns:
        An `UnknownMetric` where the data set names a file that is not there, such as SMPL's, which
        users import.

    Raises:
        SurfaceFileError: the file is not valid, or the config itself names it and it is missing.
    """
    path = surface_path(cfg)
    if not cfg.DENSEPOSE_EVALUATION.SURFACE and not os.path.lexists(path):
        return UnknownMetric(path)
    return ChartMetric.load(path)
