"""The answers at keypoints as a table for other programs."""

from __future__ import annotations

import csv
import os

from ...surface.parts import PART_NAMES
from .answers import KeypointAnswers
from .facing import BACK, FRONT, UNTOLD
from .joints import JOINT_NAMES
from .metrics import front_back_confused, left_right_confused, part_is_right

_FACING = {FRONT: "front", BACK: "back", UNTOLD: ""}
_COLUMNS = (
    *("image_id", "annotation_id", "joint", "x", "y", "found", "part", "part_right"),
    *("left_right", "front_back", "facing", "distance_cm", "sigma_cm", "part_probability"),
    "score",
)


def write_answers(path: str | os.PathLike, answers: KeypointAnswers) -> None:
    """Write a line for each visible keypoint: flags as 0 and 1, what is not known empty.

    Args:
        path: the .csv file, replaced if it exists.
        answers: at P keypoints.
    """
    right, mirrored, reverse = (
        flags(answers).astype(int).tolist()
        for flags in (part_is_right, left_right_confused, front_back_confused)
    )
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for i in range(len(answers)):
            rows.writerow(
                [
                    *(int(answers.image_id[i]), int(answers.annotation_id[i])),
                    JOINT_NAMES[answers.joint[i]],
                    *(f"{value:.2f}" for value in answers.xy[i]),
                    int(answers.matched[i]),
                    PART_NAMES[answers.part[i]] if answers.part[i] else "",
                    *(right[i], mirrored[i], reverse[i]),
                    _FACING[int(answers.facing[i])],
                    *(
                        _text(values[i])
                        for values in (
                            *(answers.distance_cm, answers.sigma_cm),
                            *(answers.part_probability, answers.score),
                        )
                    ),
                ]
            )


def _text(value: float) -> str:
    """Four digits; "inf" where there is no answer, empty for NaN."""
    return "" if value != value else f"{value:.4g}"
