#!/usr/bin/env python
"""Find people in images: charts, coordinates and their uncertainty, as pictures and as numbers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from uncertain_densepose.config import ConfigError
from uncertain_densepose.inference import (
    ImageError,
    Predictor,
    read_image,
    result_records,
    save_people,
)
from uncertain_densepose.modeling.chart_predictor import NoiseModelMismatch
from uncertain_densepose.surface import SurfaceFileError
from uncertain_densepose.visualization import save_picture

USER_ERRORS = (FileNotFoundError, ConfigError, NoiseModelMismatch, SurfaceFileError)
"""What a user can get wrong about the model."""

EPILOGUE = """\
For an image NAME.jpg the output folder gets
  NAME.png          detections, charts, U, V and the standard deviation in centimetres
  NAME.npz          the maps of person i under "i/part", "i/uv", "i/covariance_uv", "i/sigma_uv",
                    "i/sigma_cm"; "i/window" is x0, y0, x1, y1, the pixels that they cover; and
                    "i/box", "i/score", "i/shared_covariance". inference.load_people reads it
and predictions.json lists the people of all images: file_name, bbox (x, y, width, height), score,
and where their maps are. NaN in a map is background. Models without a noise model ("mse") have no
covariances.

example:
  python tools/predict.py --config-file configs/synth/unc_full.yaml \\
      --weights output/demo/model_final.pth --input photo.jpg --out output/predictions
"""


class InputError(Exception):
    """Files on the command line that cannot be used. The message names them."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config-file", required=True, help="yaml with which the model was trained")
    add("--weights", required=True, help="its checkpoint, for example output/demo/model_final.pth")
    add("--input", required=True, nargs="+", type=Path, metavar="IMAGE", help="image files")
    add("--out", required=True, type=Path, metavar="DIR", help="folder to write to; made if absent")
    add(
        "--score-threshold",
        type=float,
        default=0.5,
        metavar="S",
        help="leave out detections whose score is below S, 0..1 (default: %(default)s)",
    )
    add("--device", help="cpu, cuda, cuda:1, ... (default: a GPU when there is one)")
    add("--surface", help="surface file (default: that of the config's first test data set)")
    add("--opts", nargs="+", default=[], metavar="KEY VALUE", help="replace values of the config")
    return parser


def check_files(images: Sequence[Path], out: Path) -> None:
    """Refuse what cannot be worked through, before the model is loaded.

    Raises:
        InputError: an image is missing or is no file, two images would be written to the same
            output files, or the output folder is a file.
    """
    by_stem: dict[str, Path] = {}
    for path in images:
        if not path.is_file():
            kind = "is a folder; give its image files" if path.is_dir() else "no such image"
            raise InputError(f"{path}: {kind}")
        other = by_stem.setdefault(path.stem, path)
        if other is not path:
            raise InputError(f"{other} and {path} share the name {path.stem!r}; run them apart")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: --out must be a folder, this is a file")


def predict_files(predictor: Predictor, paths: Sequence[Path], out: Path) -> list[dict]:
    """Write picture and maps of each image to `out`; returns the records of all people."""
    out.mkdir(parents=True, exist_ok=True)
    records = []
    for path in tqdm(paths, desc="images", disable=len(paths) < 2):
        image = read_image(path)
        people = predictor(image)
        save_picture(out / f"{path.stem}.png", image, people)
        save_people(out / f"{path.stem}.npz", people, image.shape[:2])
        records += result_records(people, str(path), f"{path.stem}.npz")
    (out / "predictions.json").write_text(json.dumps(records, indent=1) + "\n")
    return records


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user got wrong ends it with a message and status 2."""
    parser = build_parser()
    args = parser.parse_args(arguments)
    if not 0 <= args.score_threshold <= 1:
        parser.error(f"--score-threshold must be in 0..1, not {args.score_threshold}")
    try:
        check_files(args.input, args.out)
        predictor = Predictor(
            args.config_file,
            args.weights,
            device=args.device,
            score_threshold=args.score_threshold,
            surface=args.surface,
            overrides=args.opts,
        )
    except (InputError, *USER_ERRORS) as error:
        parser.error(str(error))
    try:
        records = predict_files(predictor, args.input, args.out)
    except ImageError as error:
        parser.error(str(error))
    print(f"images: {len(args.input)}, people: {len(records)}; see {args.out}/predictions.json")


if __name__ == "__main__":
    main()
