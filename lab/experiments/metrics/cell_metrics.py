"""All that is reported of one trained model on one set of people."""

from __future__ import annotations

from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance

from ..outcome import Outcome
from .coverage import coverage_metrics
from .error_split import error_split_metrics
from .held_out_noise import fit_held_out_noise
from .likelihood import likelihood_metrics
from .noise_ratio import noise_ratio_metrics
from .placement import placement_metrics
from .shared_scale import shared_scale_metrics


def cell_metrics(
    outcome: Outcome, fit_outcome: Outcome, surface_distance: SurfaceDistance
) -> dict[str, float]:
    """The metrics of a cell by name, the same names for every model and world.

    Args:
        outcome: of the people who are reported, at least one point.
        fit_outcome: of the same model on others, held out too, to whose labels variances and
            temperatures are fitted.
        surface_distance: the body.

    Returns:
        Numbers with their units as the functions of this package name them; NaN where one does not
        apply.

    Raises:
        ValueError: `fit_outcome` has no points, or predictions there are not finite numbers.
    """
    fitted = fit_held_out_noise(fit_outcome)
    noise_models = fitted.noise_models(outcome.points)
    return {
        "num_points": len(outcome),
        **placement_metrics(outcome, surface_distance),
        **error_split_metrics(outcome),
        **likelihood_metrics(outcome, noise_models, fitted.global_variance),
        **coverage_metrics(outcome, noise_models),
        **shared_scale_metrics(outcome),
        **noise_ratio_metrics(outcome, surface_distance),
        **fitted.metrics(),
    }
