"""Average precision and recall in plain loops, for one category and each protocol.

An image is a pair of `people`, dicts with `area`, `ignored`, `crowd`, and `detections`, dicts with
`score`, `area`, and `similarity` and `overlap` of the boxes, one number a person.
"""

import numpy as np

THRESHOLDS = [round(0.5 + 0.05 * step, 2) for step in range(10)]
SIZES = {"all": (0, 1e10), "m": (32**2, 96**2), "l": (96**2, 1e10)}
HIT, MISS, SKIP = "hit", "miss", "skip"


def strict(image, size):
    """{threshold: verdict of each detection}, the highest score first."""
    people = of_size(image["people"], size)
    answers = {}
    for threshold in THRESHOLDS:
        taken = set()
        answers[threshold] = []
        for detection in ranked(image):
            similarity = [
                float(overlap >= 0.5) if person["unlabelled"] else similarity
                for person, similarity, overlap in zip(
                    people, detection["similarity"], detection["overlap"], strict=True
                )
            ]
            person = most_similar(people, similarity, taken, threshold)
            answers[threshold].append(verdict(people, person, detection, size))
    return answers


def reference(image, size):
    """The same as DensePose's evaluator does it."""
    people = of_size(image["people"], size)
    given, taken = {}, {}
    for threshold in THRESHOLDS:
        taken[threshold], given[threshold] = set(), []
        for detection in ranked(image):
            given[threshold].append(
                most_similar(people, detection["similarity"], taken[threshold], threshold)
            )
    ignored = {
        t: [person is not None and people[person]["ignored"] for person in given[t]] for t in given
    }
    # Ignored people come last where they are ordered at all.
    order = sorted(range(len(people)), key=lambda index: people[index]["ignored"])
    last = THRESHOLDS[-1]
    for number, detection in enumerate(ranked(image)):
        if given[last][number] is not None:
            continue
        best, found = 0.8, None
        for person in order:
            free = person not in taken[last] or people[person]["crowd"]
            if free and detection["overlap"][person] >= best:
                best, found = detection["overlap"][person], person
        if found is None:
            continue
        for threshold in THRESHOLDS:
            ignored[threshold][number] = people[found]["ignored"]
        if people[found]["ignored"]:
            given[last][number] = found
            taken[last].add(found)
    answers = {}
    for threshold in THRESHOLDS:
        answers[threshold] = []
        for number, detection in enumerate(ranked(image)):
            nobody = given[threshold][number] is None
            other_size = not size[0] <= detection["area"] <= size[1]
            skip = ignored[threshold][number] or (nobody and other_size)
            skip = skip or all(person["ignored"] for person in people)
            answers[threshold].append(SKIP if skip else MISS if nobody else HIT)
    return answers


def ranked(image):
    return sorted(image["detections"], key=lambda d: -d["score"])[:20]


def of_size(people, size):
    """People with `unlabelled`, and `ignored` for those of another size as well."""
    low, high = size
    return [
        {
            **person,
            "unlabelled": person["ignored"],
            "ignored": person["ignored"] or not low <= person["area"] <= high,
        }
        for person in people
    ]


def most_similar(people, similarity, taken, threshold):
    """The index of the person who is given to a detection, added to `taken`; None for nobody."""
    for ignored in (False, True):
        best, match = min(threshold, 1 - 1e-10), None
        for index, person in enumerate(people):
            free = index not in taken or person["crowd"]
            if person["ignored"] == ignored and free and similarity[index] >= best:
                match, best = index, similarity[index]
        if match is not None:
            taken.add(match)
            return match
    return None


def verdict(people, person, detection, size):
    if person is None:
        return MISS if size[0] <= detection["area"] <= size[1] else SKIP
    return SKIP if people[person]["ignored"] else HIT


def precision_recall(images, verdicts, threshold, size):
    """AP over 101 recalls and the highest recall; None without people."""
    answers, num_people = [], 0
    for image in images:
        found = verdicts(image, size)[threshold]
        answers += [(d["score"], what) for d, what in zip(ranked(image), found, strict=True)]
        num_people += sum(not person["ignored"] for person in of_size(image["people"], size))
    if num_people == 0:
        return None
    answers = [what for _, what in sorted(answers, key=lambda a: -a[0]) if what != SKIP]
    hits = 0
    curve = []
    for rank, what in enumerate(answers, start=1):
        hits += what == HIT
        curve.append((hits / num_people, hits / rank))
    precisions = []
    for recall in np.linspace(0, 1, 101):
        precisions.append(max((p for r, p in curve if r >= recall), default=0))
    return float(np.mean(precisions)), curve[-1][0] if curve else 0.0


def metrics(images, verdicts=strict):
    """The ten numbers of `gps_ap.METRICS`, in percent."""
    at = {
        (size, t): precision_recall(images, verdicts, t, limits)
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
