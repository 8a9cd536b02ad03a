"""COCO's average precision and recall in plain loops, for one category.

An image is a pair of `people`, dicts with `area`, `ignored`, `crowd`, and `detections`, dicts with
`score`, `area` and `similarity`, one number a person.
"""

import numpy as np

THRESHOLDS = [round(0.5 + 0.05 * step, 2) for step in range(10)]
SIZES = {"all": (0, 1e10), "m": (32**2, 96**2), "l": (96**2, 1e10)}


def verdicts(image, threshold, size):
    """(score, "hit" | "miss" | "skip") of each detection, and the number of people to find."""
    low, high = size
    people = [
        {**p, "ignored": p["ignored"] or not low <= p["area"] <= high, "taken": False}
        for p in image["people"]
    ]
    answers = []
    ranked = sorted(image["detections"], key=lambda d: -d["score"])[:20]
    for detection in ranked:
        match = None
        for ignored in (False, True):
            best = min(threshold, 1 - 1e-10)
            for person, similarity in zip(people, detection["similarity"], strict=True):
                free = not person["taken"] or person["crowd"]
                if person["ignored"] == ignored and free and similarity >= best:
                    match, best = person, similarity
            if match is not None:
                break
        if match is not None:
            match["taken"] = True
            answers.append((detection["score"], "skip" if match["ignored"] else "hit"))
        else:
            counted = low <= detection["area"] <= high
            answers.append((detection["score"], "miss" if counted else "skip"))
    return answers, sum(not p["ignored"] for p in people)


def precision_recall(images, threshold, size):
    """AP over 101 recalls and the highest recall; None without people."""
    answers, num_people = [], 0
    for image in images:
        found, count = verdicts(image, threshold, size)
        answers += found
        num_people += count
    if num_people == 0:
        return None
    answers = [what for _, what in sorted(answers, key=lambda a: -a[0]) if what != "skip"]
    hits = 0
    curve = []
    for rank, what in enumerate(answers, start=1):
        hits += what == "hit"
        curve.append((hits / num_people, hits / rank))
    precisions = []
    for recall in np.linspace(0, 1, 101):
        precisions.append(max((p for r, p in curve if r >= recall), default=0))
    return float(np.mean(precisions)), curve[-1][0] if curve else 0.0


def metrics(images):
    """The ten numbers of `gps_ap.METRICS`, in percent."""
    at = {
        (size, t): precision_recall(images, t, limits)
        for size, limits in SIZES.items()
        for t in THRESHOLDS
    }

    def mean(size, which, thresholds=tuple(THRESHOLDS)):
        values = [at[size, t] for t in thresholds]
        return float("nan") if values[0] is None else 100 * np.mean([v[which] for v in values])

    return {
        name + suffix: mean(size, which, thresholds)
        for which, name in enumerate(("AP", "AR"))
        for suffix, size, thresholds in (
            ("", "all", THRESHOLDS),
            ("50", "all", [0.5]),
            ("75", "all", [0.75]),
            ("m", "m", THRESHOLDS),
            ("l", "l", THRESHOLDS),
        )
    }
