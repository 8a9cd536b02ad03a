"""The surfaces that tools/import_surface.py makes."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
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
from .import_options import MIRROR_FILE_NAME, check_surface_name
from .options import check_new_file
from .progress import progress_bar


def run(args: argparse.Namespace) -> tuple[Surface, str | None]:
    """Import a surface, write it, and with --symmetry check and copy the mirror table.

    Returns:
        The surface as written, and a line about the mirror table, if there is one.

    Raises:
        UserError: the source files cannot be used.
    """
    check_surface_name(args.out)
    check_new_file(args.out)
    if args.symmetry is not None:
        # A bad table is reported before minutes of geodesics.
        TabulatedChartMirror.load(args.symmetry)
    try:
        surface = import_surface(args)
        mirror = place_mirror(surface, args.symmetry, args.out.parent) if args.symmetry else None
    except SurfaceFieldError as error:
        raise SurfaceSourceError(
            f"{args.out}: not written, because the sources do not make a valid surface: {error}"
        ) from error
    return surface, mirror


SOURCE_READERS: dict[str, Callable[[argparse.Namespace], ChartedMesh]] = {
    "smpl": lambda args: read_smpl_subdiv(args.subdiv, args.transform),
    "charts": lambda args: read_uv_processed(
        args.charts, read_body_vertices(args.body, args.up, args.scale)
    ),
    "mesh": lambda args: read_obj_mesh(args.mesh, args.parts, args.up, args.scale),
}
"""By the subcommand of `import_options`."""


def import_surface(args: argparse.Namespace) -> Surface:
    """Read the source files, write the surface, and read it back."""
    mesh = SOURCE_READERS[args.source](args)
    table = None
    if getattr(args, "distances", None) is not None:
        with progress_bar(desc="distances", unit="", unit_scale=True) as bar:
            table = convert_distance_pickle(
                args.distances,
                args.out.with_suffix(".geodesics.npy"),
                len(mesh.vertices),
                lambda done, total: _advance(bar, done, total),
            )
    with progress_bar(desc="geodesics", unit="row", disable=table is not None) as bar:
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


def describe_surface(surface: Surface) -> str:
    """The name and the size of a surface, in one line."""
    return (
        f"'{surface.name}', {len(surface.vertices)} vertices, {len(surface.faces)} faces, geodesic "
        f"table of {len(surface.geodesic_vertices)} vertices"
    )


def _advance(bar: tqdm, done: int, total: int) -> None:
    bar.total = total
    bar.update(done)


def place_mirror(surface: Surface, path: Path, folder: Path) -> str:
    """Check a mirror table (`TabulatedChartMirror`) against the charts and copy it into a folder.

    Returns:
        A line with its path, and how far mirrored face corners lie off the charts (chart units).

    Raises:
        UserError: the table cannot be read, see `TabulatedChartMirror.load`.
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
        f"{target}: mirrored face corners lie {np.median(off):.4f} (median) and "
        f"{off.max():.4f} (at most) chart units off the charts"
    )
