#!/usr/bin/env python
"""Give a trained independent model a shared error: fit its variance to held-out annotations."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from uncertain_densepose.cli import run_tool
from uncertain_densepose.cli.options import (
    add_dataset,
    add_device,
    add_model,
    add_out_folder,
    add_overrides,
    make_parser,
)
from uncertain_densepose.cli.shared_variance_files import CONFIG, RESULT, WEIGHTS

EPILOGUE = f"""\
The model (noise model iid_iso or indep_aniso, DensePose's WC1 and WC2 checkpoints among them) keeps
its predictions; a variance may grow by 1 % of the smallest that the model can have. To its errors
comes one of variance b (chart units²) that all points of a person's part share; b is fitted by
maximum likelihood to every other image of a data set that was not trained on. What it is worth on
the other half is printed, in nats per point.

--out gets
  {WEIGHTS}       a checkpoint of the noise model full, whose predictions are the parent's
  {CONFIG}           its config, to evaluate it or to train it further
  {RESULT}  what was fitted, and to what

example:
  python tools/fit_shared_variance.py --config-file configs/synth/unc_aniso.yaml \\
      --weights output/synth_unc_aniso/model_final.pth --out output/synth_unc_aniso_shared
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add_model(add, "its checkpoint")
    add_out_folder(add)
    add_dataset(add, "held-out data set", least=2)
    add("--per-part", action="store_true", help="fit a variance for each part that has enough data")
    add_device(add)
    add_overrides(add)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.shared_variance import run, summary

    print(f"{summary(run(args), args.per_part)}\nwritten to {args.out}")


if __name__ == "__main__":
    sys.exit(main())
