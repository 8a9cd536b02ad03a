"""The page that tools/report.py writes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tqdm import tqdm

from ..visualization.html_report import (
    Choice,
    ReportError,
    choose_images,
    figure_groups,
    metric_tables,
    read_pictures,
    read_results,
    render_page,
)
from .options import check_new_file

NAMED_IMAGES = 10
"""Images not shown that are named; the rest are only counted."""


def notes_on(choice: Choice, max_images: int) -> list[str]:
    """What is missing from the gallery, one sentence each."""
    notes = []
    if len(choice.entries) < choice.num_available:
        notes.append(
            f"{len(choice.entries)} of {choice.num_available} images are shown, at most "
            f"{max_images} per run; raise --max-images to show more"
        )
    if choice.gone:
        notes.append(
            "missing images are not shown; if they have moved, name their folder with --images: "
            + _named(choice.gone)
        )
    if choice.refused:
        notes.append(
            "images that have changed since, or that the run did not read here, are not shown; if "
            "they are the right ones, name their folder with --images: " + _named(choice.refused)
        )
    return notes


def _named(images: Sequence[str]) -> str:
    more = len(images) - NAMED_IMAGES
    return ", ".join(images[:NAMED_IMAGES]) + (f" and {more} more" if more > 0 else "")


def write_page(args: argparse.Namespace) -> list[str]:
    """Write the page of tools/report.py and print what is in it.

    Returns:
        What is missing from the gallery, see `notes_on`.

    Raises:
        ReportError: the results cannot be shown, or there is nothing to show.
    """
    check_new_file(args.out)
    if args.images is not None and not args.images.is_dir():
        raise ReportError(f"{args.images}: --images must be a folder")
    runs = read_results(args.results)
    tables, figures = metric_tables(runs), figure_groups(runs)
    choice = choose_images(runs, args.max_images, args.images)
    notes = notes_on(choice, args.max_images)
    if not (tables or figures or choice.entries):
        raise ReportError("; ".join(["no metrics, no figures and no images to show", *notes]))
    pictures = list(
        tqdm(
            read_pictures(choice.entries, args.max_side),
            desc="images",
            total=len(choice.entries),
            disable=len(choice.entries) < 2,
        )
    )
    page = render_page(args.title, runs, tables, figures, pictures, notes)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    # File names may hold bytes that are not valid text.
    args.out.write_text(page, encoding="utf-8", errors="replace")
    num_figures = sum(len(group.figures) for group in figures)
    print(
        f"{args.out}: {len(tables)} tables, {num_figures} figures, {len(pictures)} images, "
        f"{args.out.stat().st_size / 1e6:.2f} MB"
    )
    return notes
