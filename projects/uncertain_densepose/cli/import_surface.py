"""The surfaces that tools/import_surface.py makes."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ..structures.chart_mirror import TabulatedChartMirror
from ..surface import ChartLookup, Surface, uv_to_surface
from ..surface.importers import (
    ChartedMesh,
    SurfaceSourceError,
    convert_distance_pickle,
    read_body_vertices,
    read_obj_mesh,
    read_smpl_subdiv,
    read_uv_processed,
    surface_of_mesh,
)
from ..surface.surface_file import SurfaceFieldError
from .import_options import MIRROR_FILE_NAME, check_arguments


def run(args: argparse.Namespace) -> tuple[Surface, str | None]:
    """Do what tools/import_surface.py is asked for.

    Returns:
        the surface that was written, and what was found of --symmetry.

    Raises:
        UserError: the sources cannot be used.
    """
    check_arguments(args)
    try:
        surface = import_surface(args)
        mirror = place_mirror(surface, args.symmetry, args.out.parent) if args.symmetry else None
    except SurfaceFieldError as error:
        raise SurfaceSourceError(
            f"{args.out} is not written, for the sources make no surface: {error}"
        ) from error
    return surface, mirror


def read_smpl(args: argparse.Namespace) -> ChartedMesh:
    """The source `smpl`."""
    return read_smpl_subdiv(args.subdiv, args.transform)


def read_charts(args: argparse.Namespace) -> ChartedMesh:
    """The source `charts`."""
    return read_uv_processed(args.charts, read_body_vertices(args.body, args.up, args.scale))


def read_mesh(args: argparse.Namespace) -> ChartedMesh:
    """The source `mesh`."""
    return read_obj_mesh(args.mesh, args.parts, args.up, args.scale)


READERS = {"smpl": read_smpl, "charts": read_charts, "mesh": read_mesh}
"""By the name of the source."""


def import_surface(args: argparse.Namespace) -> Surface:
    """Read the source, write the surface, and read that again."""
    mesh = READERS[args.source](args)
    table = None
    if getattr(args, "distances", None) is not None:
        with tqdm(desc="distances", unit="", unit_scale=True, disable=None) as bar:
            table = convert_distance_pickle(
                args.distances,
                args.out.with_suffix(".geodesics.npy"),
                len(mesh.vertices),
                lambda done, total: _advance(bar, done, total),
            )
    with tqdm(desc="geodesics", unit="row", disable=None if table is None else True) as bar:
        surface = surface_of_mesh(
            mesh,
            args.name or args.out.stem,
            table,
            spacing_m=args.spacing,
            workers=args.workers,
            progress=lambda done, total: _advance(bar, done, total),
        )
    surface.save(args.out)
    return Surface.load(args.out)


def _advance(bar: tqdm, done: int, total: int) -> None:
    bar.total = total
    bar.update(done)


def place_mirror(surface: Surface, path: Path, folder: Path) -> str:
    """Check a table of mirrored coordinates against the charts, and put it into a folder.

    Returns:
        What was found, in one line.
    """
    mirror = TabulatedChartMirror.load(path)
    part = torch.from_numpy(np.repeat(surface.face_part, 3).astype(np.int64))
    uv = torch.from_numpy(surface.face_uv.reshape(-1, 2))
    u, v = mirror.uv(part, uv).double().numpy().T
    found = uv_to_surface(ChartLookup(surface), mirror.part(part).numpy(), u, v)
    target = folder / MIRROR_FILE_NAME
    if not (target.exists() and target.samefile(path)):
        shutil.copyfile(path, target)
    off = found.distance_uv
    return (
        f"{target}: mirrored corners of faces lie {np.median(off):.4f} (median) and "
        f"{off.max():.4f} (at most) chart units off the charts"
    )
