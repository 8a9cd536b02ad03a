"""Kinds of values that tools/evaluate.py takes."""

from __future__ import annotations

import argparse
import math

PER_PART = "per_part"


def parse_kappa(text: str) -> float | None:
    """A length scale in metres, None for one a part.

    Raises:
        argparse.ArgumentTypeError: the text is neither.
    """
    if text == PER_PART:
        return None
    try:
        kappa_m = float(text)
    except ValueError:
        kappa_m = math.nan
    if not 0 < kappa_m < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is neither '{PER_PART}' nor metres above 0")
    return kappa_m
