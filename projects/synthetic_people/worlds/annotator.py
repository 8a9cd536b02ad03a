"""The world `annotator`: people click on rendered views of the parts, as DensePose's annotators do.

An annotator sees all six views of a part and clicks on one of them. It is the view on which the
part's annotated points look best together (largest sum of cosines over the points that it
shows); only for points that it hides or shows at a grazing angle is another one used. The click
misses on the view (`click_noise`), by a scale that is half visible and half the annotator's
(`scales`); what lies under it is the label (`part_views`). So the view's foreshortening makes the
error anisotropic on the surface, borders clip it, and points near the border of two charts of a
part may get the other one. Whole parts may slip to the other side (`slips`).
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from uncertain_densepose.surface import FINE_TO_COARSE
from uncertain_densepose.surface.parts import NUM_COARSE_PARTS

from .base import Relabelling, TruePoints, generator
from .click_noise import ClickNoise
from .part_views import PIXEL_M, PartViews, Placement
from .scales import GroupScales, visible_difficulty
from .slips import Slips
from .view_frames import NUM_VIEWS, VIEW_NAMES


@dataclasses.dataclass(frozen=True)
class AnnotatorWorld:
    """See the module.

    Attributes:
        views: of the body on which annotators click.
        noise, slips, scales: their errors.
        least_cosine: of the angle between skin and view, below which the annotator takes another
            view.
        repeats: annotations from which variances are estimated, at least 2.
    """

    views: PartViews
    noise: ClickNoise = ClickNoise()
    slips: Slips = Slips()
    scales: GroupScales = GroupScales()
    least_cosine: float = 0.3
    repeats: int = 16

    changes_parts: ClassVar[bool] = True
    noise_fields: ClassVar[dict[str, str]] = {
        "annotator": "number of the person's annotator",
        "scale_cm": "standard deviation of the part's shift on the view, in either direction",
        "visible_scale_cm": "its root mean square given the picture",
        "slip": "0 none, 1 left for right, 2 front for back",
        "shared_variance": "variance over repeats of the mean error of the points of one true "
        "chart, mean of u and v, chart units^2; their jitter's share in the mean included",
        "variance": "variance over repeats of the error beside that mean, mean over the chart's "
        "points and u and v, chart units^2",
    }

    def parameters(self) -> dict:
        """All constants, for ``info.noise_world``."""
        return {
            "formula": "on the view: click = c + t + exp(k) Rot(phi) (q - c) + j; t, phi, k of "
            "each (person, coarse part, view), j of each point; Student t; standard deviations "
            "times v h; the label is what lies under the click",
            "views": list(VIEW_NAMES),
            "pixel_m": PIXEL_M,
            "least_cosine": self.least_cosine,
            "clicks": dataclasses.asdict(self.noise),
            "slips": dataclasses.asdict(self.slips) | {"growth": "v^2"},
            "scales": self.scales.as_dict(),
            "repeats": self.repeats,
            "repeats_are": "annotations of the same picture by the same annotator, without slips; "
            "clicks beside the point's own chart count for that chart's nearest pixel",
        }

    def relabel(self, points: TruePoints, seed: int) -> Relabelling:
        """See `World.relabel`."""

        def rng(stream: str) -> np.random.Generator:
            return generator(seed, points.annotation_id, f"annotator {stream}")

        coarse = FINE_TO_COARSE[points.part]
        difficulty = visible_difficulty(points.part, points.rendered_shared_variance)
        visible = self.scales.visible(_coarse_means(difficulty, coarse))
        hidden, annotator = self.scales.hidden(points.annotation_id, seed)
        factor = (visible * hidden[: NUM_COARSE_PARTS + 1])[coarse]

        placement = self.views.place(points.part, points.uv)
        view = choose_views(placement, coarse, self.least_cosine)
        xy = placement.xy[np.arange(len(view)), view]
        group = np.unique(coarse * NUM_VIEWS + view, return_inverse=True)[1]

        clicks = self.noise.clicks(xy, coarse, group, factor, 1, rng("clicks"))[0]
        slip = self.slips.draw(visible, rng("slips"))[coarse]
        part, uv = self.views.read(*Slips.apply(slip, coarse, view), clicks)

        repeated = self.noise.clicks(xy, coarse, group, factor, self.repeats, rng("repeats"))
        error = self.views.read_chart(points.part, view, repeated) - points.uv
        shared_variance, variance = split_variance(error, points.part)
        shift_cm = np.asarray(self.noise.shift_cm)[coarse]
        noise = {
            "annotator": annotator,
            "scale_cm": shift_cm * factor,
            "visible_scale_cm": shift_cm * visible[coarse],
            "slip": slip,
            "shared_variance": shared_variance,
            "variance": variance,
        }
        return Relabelling(part, uv, noise)


def choose_views(placement: Placement, coarse: np.ndarray, least_cosine: float) -> np.ndarray:
    """The view on which each point is clicked.

    Args:
        placement: of P points.
        coarse: (P,) coarse parts.
        least_cosine: see `AnnotatorWorld`.

    Returns:
        (P,) 0..5: the view of the part with the largest sum of cosines over its points that are
        shown, or the point's own best where that one does not show it at ``least_cosine``. Among
        views that do not show the point, those that show some of its chart are better, and then
        those that it faces.
    """
    cosine = np.where(placement.shown, placement.cosine, 0.0)
    total = np.zeros((NUM_COARSE_PARTS + 1, NUM_VIEWS))
    np.add.at(total, coarse, cosine)
    main = total.argmax(axis=1)[coarse]
    # Cosines are in [-1, 1], so that steps of 2 keep the three ranks apart.
    rank = placement.cosine + 2.0 * placement.offered + 2.0 * placement.shown
    own = rank.argmax(axis=1)
    stays = cosine[np.arange(len(coarse)), main] >= least_cosine
    return np.where(stays, main, own)


def split_variance(error: np.ndarray, part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances over repeats: of a chart's mean error, and of its points' errors beside that mean.

    Args:
        error: (R, P, 2) errors of R repeats, R at least 2.
        part: (P,) the points' charts.

    Returns:
        (P,) and (P,), the same for all points of a chart, means over the two coordinates (the
        second over the points as well): for each chart they add up to its points' mean variance.
    """
    _, group = np.unique(part, return_inverse=True)
    member = group[:, None] == np.arange(group.max(initial=-1) + 1)
    share = member / np.maximum(member.sum(axis=0), 1)
    mean = np.einsum("rpk,pg->rgk", error, share)[:, group]
    shared = mean.var(axis=0, ddof=1).mean(axis=-1)
    own = (error - mean).var(axis=0, ddof=1).mean(axis=-1)
    return shared, (own @ share)[group]


def _coarse_means(values: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """(15,) mean of (P,) values by coarse part; 0 where there are no points."""
    count = np.bincount(coarse, minlength=NUM_COARSE_PARTS + 1)
    return np.bincount(coarse, values, minlength=NUM_COARSE_PARTS + 1) / np.maximum(count, 1)
