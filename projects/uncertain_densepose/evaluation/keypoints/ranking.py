"""Does a number tell right answers from wrong ones: AUROC and the risk-coverage curve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata

NUM_STEPS = 20


def auroc(uncertainty: np.ndarray, wrong: np.ndarray) -> float:
    """The probability that a wrong answer is less certain than a right one; equal ones count half.

    This is the area under the receiver operating characteristic, from the ranks (Mann and Whitney,
    1947): 0.5 for a number that knows nothing, 1 for one that tells all wrong answers.

    Args:
        uncertainty: (P,), finite. wrong: (P,) bool.

    Returns:
        NaN if all answers are right, or all wrong.
    """
    num_wrong = int(wrong.sum())
    num_right = len(wrong) - num_wrong
    if num_wrong == 0 or num_right == 0:
        return np.nan
    rank_sum = rankdata(uncertainty)[wrong].sum()
    return float((rank_sum - num_wrong * (num_wrong + 1) / 2) / (num_wrong * num_right))


class RiskCoverage(NamedTuple):
    """The share of wrong answers among the most certain ones.

    Attributes:
        coverage: (K,) float64, the shares kept, 1 / K, 2 / K .. 1.
        risk: (K,) float64 in [0, 1]; NaN without answers.
    """

    coverage: np.ndarray
    risk: np.ndarray

    def area(self) -> float:
        """The mean risk over all shares kept (AURC); lower is better."""
        return float(self.risk.mean())


def risk_coverage(
    uncertainty: np.ndarray, wrong: np.ndarray, num_steps: int = NUM_STEPS
) -> RiskCoverage:
    """Leave out the least certain answers and see how many of the others are wrong.

    Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks" (NeurIPS 2017).
    Answers of equal uncertainty are kept in random order, and the curve is the expectation.

    Args:
        uncertainty: (P,), finite. wrong: (P,) bool.
        num_steps: K. A share k / K keeps the k P / K most certain answers, rounded up.
    """
    steps = np.arange(1, num_steps + 1)
    coverage = steps / num_steps
    if len(wrong) == 0:
        return RiskCoverage(coverage, np.full(num_steps, np.nan))
    _, group, count = np.unique(uncertainty, return_inverse=True, return_counts=True)
    num_wrong = np.bincount(group, weights=wrong)
    kept = -(-steps * len(wrong) // num_steps)
    # Within a group of equals, wrong answers come evenly.
    ends, sums = (np.r_[0, np.cumsum(values)] for values in (count, num_wrong))
    return RiskCoverage(coverage, np.interp(kept, ends, sums) / kept)
