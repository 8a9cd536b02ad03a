"""Spoiled files are trained and evaluated on what is legal of them, or refused in one line."""

import itertools
import json
import logging
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.uncertain_densepose.data.annotation_checks.base_files import generated, hand_made
from tests.uncertain_densepose.data.annotation_checks.judge import Judge
from tests.uncertain_densepose.data.annotation_checks.mutations import JSON_VALUES, mutate, put
from uncertain_densepose.data.annotation_checks import CHECKS, Scope, registry
from uncertain_densepose.data.annotation_checks.registry import checks_of

SOME = 250
"""Of so many files the outcomes are printed."""
FEW, FEW_VALUES = 12, 6
MANY = {"hand_made": 3200, "generated": 900}
MANY_VALUES = {"hand_made": 600, "generated": 300}


@pytest.fixture(scope="module")
def judges(tmp_path_factory, request, flat_distance):
    """One for the hand-made and one for the generated file; at the end they tell what they saw."""
    known: dict[str, Judge] = {}

    def judge_of(kind: str) -> Judge:
        if kind not in known:
            folder = tmp_path_factory.mktemp(kind)
            if kind == "generated":
                root = request.getfixturevalue("tiny_data_root")
                base = generated(root / "synth_people_tiny", folder)
            else:
                base = hand_made(folder)
            known[kind] = Judge(base, folder, flat_distance)
        return known[kind]

    begin = time.process_time()
    logging.disable(logging.ERROR)
    yield judge_of
    logging.disable(logging.NOTSET)
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        _print_table(list(known.values()), (time.process_time() - begin) / 60)


def _print_table(judges: list[Judge], minutes: float) -> None:
    outcomes, reasons = Counter(), Counter()
    for one in judges:
        outcomes += one.outcomes
        reasons += one.reasons
    if outcomes["files"] < SOME:
        return
    print(f"\nspoiled annotation files, {minutes:.1f} minutes of CPU time")
    for name, count in [*outcomes.most_common(), ("reasons", 0), *reasons.most_common(40)]:
        print(f"{count:7} {name}")


def _judge_changes(judge, seeds):
    failures = []
    for seed in seeds:
        text = mutate(judge.base.content(), seed, num_changes=1 + (seed % 4 == 0) + (seed % 8 == 0))
        failures += _failure(judge, text, seed)
    assert not failures


def _judge_values(judge, count):
    failures = []
    # Hypothesis would choose the same few places again and again.
    seeds = itertools.count()

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(JSON_VALUES)
    def check(value):
        seed = next(seeds)
        failures.extend(_failure(judge, put(judge.base.content(), seed, value), seed, value))

    check()
    assert not failures


def _failure(judge, text, seed, *value) -> list[str]:
    """What is wrong about the answer to a file; one fault does not end a long run."""
    if judge.outcomes["files"] % SOME == SOME - 1:
        print(dict(judge.outcomes), dict(judge.reasons.most_common(60)))
    try:
        judge.judge(text, by_part_masks=bool(seed % 2))
    except AssertionError as error:
        judge.outcomes["wrong"] += 1
        return [f"{seed} {value}: {error}"[:1000]]
    except Exception as error:  # noqa: BLE001 - a crash is what is looked for
        judge.outcomes["crashed"] += 1
        return [f"{seed} {value}: {type(error).__name__}: {error}"[:1000]]
    return []


KINDS = pytest.mark.parametrize("kind", ["hand_made", "generated"])


@KINDS
def test_spoiled_files(kind, judges):
    _judge_changes(judges(kind), range(FEW))


@KINDS
def test_files_with_any_value(kind, judges):
    _judge_values(judges(kind), FEW_VALUES)


@pytest.mark.parametrize(
    ("name", "scope", "spoil"),
    [
        ("uv_outside_chart", Scope.POINTS, lambda person: person["dp_U"].__setitem__(0, 1.5)),
        (
            "box_far_beyond_image",
            Scope.PERSON,
            lambda person: person.update(bbox=[-170, 0, 300, 9]),
        ),
        ("mask_undecodable", Scope.MASKS, lambda person: person["dp_masks"][0].update(counts="5")),
        ("area_malformed", Scope.PERSON, lambda person: person.update(area=1e12)),
    ],
)
def test_the_judge_notices_a_missing_check(name, scope, spoil, judges, monkeypatch):
    judge = judges("hand_made")
    content = judge.base.content()
    spoil(content["annotations"][0])
    text = json.dumps(content).encode()
    judge.judge(text, by_part_masks=True)
    for severity in (CHECKS[name].severity, None):
        others = [check for check in checks_of(scope, severity) if check.name != name]
        monkeypatch.setitem(registry._IN_ORDER, (scope, severity), others)
    with pytest.raises((AssertionError, ValueError)):
        judge.judge(text, by_part_masks=True)


@pytest.mark.slow
@KINDS
def test_many_spoiled_files(kind, judges):
    _judge_changes(judges(kind), range(FEW, FEW + MANY[kind]))


@pytest.mark.slow
@KINDS
def test_many_files_with_any_value(kind, judges):
    _judge_values(judges(kind), MANY_VALUES[kind])
