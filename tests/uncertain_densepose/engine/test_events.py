"""Results of an evaluation as Detectron2's events."""

import json
import math

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from uncertain_densepose.engine.events import write_events

RESULTS = {"densepose_gps": {"AP": 12.5, "APl": math.nan}, "two_sets": {"a": {"AR": 1}}}


def test_results_are_appended_to_metrics_and_tensorboard(tmp_path):
    out = tmp_path / "out"
    write_events(str(out), RESULTS, 300)
    write_events(str(out), {"densepose_gps": {"AP": 25.0}}, 400)
    first, second = (json.loads(line) for line in (out / "metrics.json").read_text().splitlines())
    assert first["densepose_gps/AP"] == 12.5 and first["two_sets/a/AR"] == 1
    assert (first["iteration"], second["iteration"]) == (300, 400)
    events = EventAccumulator(str(out)).Reload()
    steps = [(event.step, event.value) for event in events.Scalars("densepose_gps/AP")]
    assert steps == [(300, 12.5), (400, 25.0)]


def test_one_process_writes(tmp_path, monkeypatch):
    monkeypatch.setattr("detectron2.utils.comm.is_main_process", lambda: False)
    write_events(str(tmp_path / "out"), RESULTS, 0)
    assert not (tmp_path / "out").exists()
