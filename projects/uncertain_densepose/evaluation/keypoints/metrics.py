"""The numbers of an evaluation against keypoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ...surface.parts import FLIP_PARTS
from .answers import ImageAnswers, KeypointAnswers
from .facing import FACING_OF_PART, TELLING_JOINTS, UNTOLD
from .joints import JOINT_KINDS, JOINT_PARTS, KIND_OF_JOINT
from .ranking import RiskCoverage, auroc, risk_coverage

WITHIN_CM = (10, 20)
FAR_CM = 20.0
"""Answers further from their joint are wrong, however right their part is."""


def part_is_right(answers: KeypointAnswers) -> np.ndarray:
    """(P,) bool, whether the predicted part is one that the joint touches."""
    return JOINT_PARTS[answers.joint, answers.part]


def left_right_confused(answers: KeypointAnswers) -> np.ndarray:
    """(P,) bool, whether the part is wrong, and would be right on the other side of the body."""
    return ~part_is_right(answers) & JOINT_PARTS[answers.joint, FLIP_PARTS[answers.part]]


def front_back_told(answers: KeypointAnswers) -> np.ndarray:
    """(P,) bool, answers at which it is known which side of the body the camera sees: at shoulders
    and hips of people whose trunk tells, where the part is one of that joint, on either side of the
    body, and lies on the front or the back."""
    of_joint = part_is_right(answers) | left_right_confused(answers)
    told = TELLING_JOINTS[answers.joint] & (answers.facing != UNTOLD)
    return told & of_joint & (FACING_OF_PART[answers.part] != UNTOLD)


def front_back_confused(answers: KeypointAnswers) -> np.ndarray:
    """(P,) bool, those of `front_back_told` that show the side that the camera does not see."""
    return front_back_told(answers) & (FACING_OF_PART[answers.part] != answers.facing)


def people_metrics(images: Sequence[ImageAnswers]) -> dict[str, float]:
    """Who was found, and how well the masks fit.

    Returns:
        `found` and `found_with_keypoints`, percent of the people, and of those with visible
        keypoints, whom a detection stands for; `mask_iou`, the mean over those found, percent;
        `false_with_people` and `false_without_people`, detections a picture that stand for nobody,
        in pictures with and without annotated people; and the numbers of which they are.
    """
    found, measured, labelled = (
        np.concatenate([getattr(image, name) for image in images])
        for name in ("found", "measured", "with_keypoints")
    )
    with_people = np.array([len(image.match) > 0 for image in images])
    num_false = np.array([image.num_false for image in images])
    ious = np.concatenate([image.mask_iou for image in images])
    return {
        "found": _percent(found[measured]),
        "found_with_keypoints": _percent(found[labelled]),
        "mask_iou": 100 * _mean(ious),
        "false_with_people": _mean(num_false[with_people]),
        "false_without_people": _mean(num_false[~with_people]),
        "num_people": int(measured.sum()),
        "num_with_keypoints": int(labelled.sum()),
        "num_masks": len(ious),
        "num_images_with_people": int(with_people.sum()),
        "num_images_without_people": int((~with_people).sum()),
    }


def keypoint_metrics(answers: KeypointAnswers) -> dict[str, float]:
    """Right parts and distances at visible keypoints.

    Returns:
        Percent of the keypoints of people who were found: `part_right`, `left_right` (confused),
        `no_answer`, `within_10cm` and `within_20cm` (eyes, whose place is not known, left out);
        `front_back` (confused), of the answers where that is told; `..._of_all` counts people who
        were not found as wrong. `num_...` are the numbers of keypoints. Each kind of joint has
        some of them under its name after a hyphen.
    """
    found = _chosen(answers, answers.matched)
    metrics = {
        "part_right": _percent(part_is_right(found)),
        **_within(found),
        "left_right": _percent(left_right_confused(found)),
        "front_back": _percent(front_back_confused(found)[front_back_told(found)]),
        "no_answer": _percent(found.part == 0),
        "part_right_of_all": _percent(part_is_right(answers)),
        **_within(answers, "_of_all"),
        "num_keypoints": len(found),
        "num_placed": int(_placed(found).sum()),
        "num_front_back_told": int(front_back_told(found).sum()),
        "num_keypoints_of_all": len(answers),
    }
    for kind, name in enumerate(JOINT_KINDS):
        own = _chosen(found, KIND_OF_JOINT[found.joint] == kind)
        if len(own):
            of_kind = {"part_right": _percent(part_is_right(own)), **_within(own)}
            of_kind |= {"left_right": _percent(left_right_confused(own)), "num_keypoints": len(own)}
            metrics |= {f"{metric}-{name}": value for metric, value in of_kind.items()}
    return metrics


def uncertainties(answers: KeypointAnswers) -> dict[str, np.ndarray]:
    """Numbers (P,) that should be high where an answer is wrong, by name; those that the model
    does not have are left out."""
    numbers = {
        "sigma_cm": answers.sigma_cm,
        "part_probability": 1 - answers.part_probability,
        "score": 1 - answers.score,
    }
    return {name: values for name, values in numbers.items() if np.isfinite(values).all()}


def faults(answers: KeypointAnswers) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The two ways to be wrong: by name, which answers can be, and which of all (P,) are."""
    everywhere = np.ones(len(answers), dtype=bool)
    return {
        "wrong_part": (everywhere, ~part_is_right(answers)),
        f"beyond_{FAR_CM:g}cm": (_placed(answers), answers.distance_cm > FAR_CM),
    }


def uncertainty_metrics(
    answers: KeypointAnswers,
) -> tuple[dict[str, float], dict[str, dict[str, RiskCoverage]]]:
    """Does the model know when it is wrong, at keypoints where it answers at all.

    Returns:
        For each fault and number, under `<metric>-<fault> by <number>`: `AUROC` of `ranking.auroc`
        in 0..1; `AURC`, the mean risk of the risk-coverage curve, and `wrong`, the share of
        answers with the fault, percent; `num_answers`. And the curves by fault and number.
    """
    answered = _chosen(answers, answers.part > 0)
    metrics: dict[str, float] = {}
    curves: dict[str, dict[str, RiskCoverage]] = {}
    for fault, (can_be, wrong) in faults(answered).items():
        curves[fault] = {}
        for name, values in uncertainties(answered).items():
            curve = risk_coverage(values[can_be], wrong[can_be])
            curves[fault][name] = curve
            of_number = {
                "AUROC": auroc(values[can_be], wrong[can_be]),
                "AURC": 100 * curve.area(),
                "wrong": _percent(wrong[can_be]),
                "num_answers": int(can_be.sum()),
            }
            metrics |= {f"{metric}-{fault} by {name}": v for metric, v in of_number.items()}
    return metrics, curves


def _chosen(answers: KeypointAnswers, which: np.ndarray) -> KeypointAnswers:
    return KeypointAnswers(*(values[which] for values in vars(answers).values()))


def _placed(answers: KeypointAnswers) -> np.ndarray:
    """(P,) bool, keypoints of joints whose place on the body is known."""
    return ~np.isnan(answers.distance_cm)


def _within(answers: KeypointAnswers, suffix: str = "") -> dict[str, float]:
    distance_cm = answers.distance_cm[_placed(answers)]
    return {f"within_{t}cm{suffix}": _percent(distance_cm <= t) for t in WITHIN_CM}


def _percent(flags: np.ndarray) -> float:
    return 100 * _mean(flags)


def _mean(values: np.ndarray | Iterable[float]) -> float:
    values = np.asarray(values, dtype=np.float64)
    return float(values.mean()) if len(values) else np.nan
