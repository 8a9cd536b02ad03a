#!/usr/bin/env python
"""Turn a trained model with independent errors into one whose points share an error.

In the models iid_iso and indep_aniso (DensePose's WC1 and WC2 checkpoints among them) the errors of
all points are independent. This tool adds an error that all points of one body part of a person
share, as in the model full, without training: it fits the variance of that error to annotations.
"""

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
Give it a model and an annotated data set that the model was not trained on. The shared variance
(chart units²) is fitted by maximum likelihood on every other image. The other half is for
comparison: the tool prints its mean log-likelihood, in nats per point, without and with the shared
error. The model's predictions stay the same; only its variances may grow, by up to 1 % of the
smallest that it can predict.

Writes into --out:
  {WEIGHTS}       the new model, of noise model full
  {CONFIG}           its config, for evaluation or further training
  {RESULT}  the fitted variances, the data and the comparison

example:
  python tools/fit_shared_variance.py --config-file configs/synth/unc_aniso.yaml \\
      --weights output/synth_unc_aniso/model_final.pth --out output/synth_unc_aniso_shared
"""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = make_parser(__doc__, EPILOGUE)
    add = parser.add_argument
    add_model(add)
    add_out_folder(add)
    add_dataset(add, "annotated data set that was not trained on", least=2)
    add(
        "--per-part",
        action="store_true",
        help="fit a variance per body part",
    )
    add_device(add)
    add_overrides(add)
    return parser


@run_tool
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    args = build_parser().parse_args(arguments)
    from uncertain_densepose.cli.shared_variance import describe_fit, run

    print(f"{describe_fit(run(args), args.per_part)}\nwritten to {args.out}")


if __name__ == "__main__":
    sys.exit(main())
