#!/usr/bin/env python
"""Results as one html file: metrics side by side, figures, and images whose pixels can be read.

The file holds all that it shows, needs no server and loads nothing. In its gallery the pixel under
the pointer, the finger or the keyboard's cursor shows part, u, v, sigma in cm and p(right part).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from uncertain_densepose.visualization.html_report import (
    Choice,
    ReportError,
    choose_images,
    figure_groups,
    metric_tables,
    read_pictures,
    read_results,
    render_page,
)

EPILOGUE = """\
Every RESULTS is a run of its own, a column of the tables. It is a folder, in which are shown
  metrics_<data set>.json   metrics: of tools/train_net.py, which also writes them with --eval-only
  metrics.json              the same: of tools/evaluate.py --out and tools/demo.py
  figures_<data set>/*.png  figures: of tools/train_net.py
  *.png                     figures: of other tools, unless there is a predictions.json
  predictions.json, *.npz   people, for the gallery: of tools/apply_net.py dump
or a .json file of metrics alone. Folders inside of it are RESULTS of their own.

The images of a predictions.json are looked for where it says, from here and from its folder; give
--images if they have moved. Those that are gone are named at the end and the rest is shown.

examples:
  # one model: its metrics, its figures and its predictions
  python tools/apply_net.py dump photos --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --out output/predictions
  python tools/report.py output/demo/training output/predictions --out output/report.html

  # models compared: a column each
  python tools/report.py output/mse output/unc_full --out output/compared.html --title "Two losses"

  # a small file of many large images that have moved
  python tools/report.py output/predictions --images /data/photos --max-images 12 --max-side 320 \\
      --out output/report.html
"""

NAMED_IMAGES = 10
"""As many images that are gone are named; of more the number is said."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("results", nargs="+", type=Path, metavar="RESULTS", help="folders to show, see below")
    add("--out", required=True, type=Path, metavar="FILE.html", help="file to write")
    add("--title", default="Dense pose results", help="of the page (default: %(default)s)")
    add("--images", type=Path, metavar="DIR", help="folder to look for the images in first")
    add(
        "--max-images",
        type=positive,
        default=40,
        metavar="N",
        help="show at most N images of each RESULTS, evenly spread (default: %(default)s)",
    )
    add(
        "--max-side",
        type=positive,
        default=512,
        metavar="PIXELS",
        help="scale larger images down; a pixel that is shown has the values of the image's pixel "
        "under its centre (default: %(default)s)",
    )
    return parser


def positive(text: str) -> int:
    """A whole number above 0.

    Raises:
        argparse.ArgumentTypeError: the text is none.
    """
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def notes_on(choice: Choice, max_images: int) -> list[str]:
    """What the gallery lacks, a sentence each."""
    notes = []
    if len(choice.entries) < choice.num_available:
        notes.append(
            f"{len(choice.entries)} of {choice.num_available} images are shown, at most "
            f"{max_images} of a run; --max-images shows more"
        )
    if choice.gone:
        more = len(choice.gone) - NAMED_IMAGES
        named = ", ".join(choice.gone[:NAMED_IMAGES]) + (f" and {more} more" if more > 0 else "")
        notes.append(
            "images that are gone are not shown; --images names the folder that they are in now: "
            + named
        )
    return notes


def write_report(args: argparse.Namespace) -> list[str]:
    """Do what a command line asks for and say what was written; the notes are returned.

    Raises:
        ReportError: the results cannot be shown, or nothing is left to show.
    """
    if args.out.is_dir():
        raise ReportError(f"{args.out}: --out must be a file, this is a folder")
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
    # Names of files may hold bytes that are no text.
    args.out.write_text(page, encoding="utf-8", errors="replace")
    num_figures = sum(len(group.figures) for group in figures)
    print(
        f"{args.out}: {len(tables)} tables, {num_figures} figures, {len(pictures)} images, "
        f"{args.out.stat().st_size / 1e6:.2f} MB"
    )
    return notes


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    try:
        notes = write_report(args)
    except (ReportError, OSError) as error:
        parser.error(str(error))
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


if __name__ == "__main__":
    main()
