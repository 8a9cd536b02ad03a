"""Speed and memory of the evaluation, and that what is fast equals what is plain."""

import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest
import torch

from tests.uncertain_densepose.evaluation import big_table, plain_twin
from tests.uncertain_densepose.evaluation.speed_scene import chart_instances, make_scene
from uncertain_densepose.evaluation.detections.chart_detections import ChartDetections
from uncertain_densepose.evaluation.detections.detection_metrics import evaluate_results
from uncertain_densepose.evaluation.detections.gps_ap import MAX_DETECTIONS, METRICS, MODES
from uncertain_densepose.evaluation.points.surface_distance import SurfaceDistance
from uncertain_densepose.surface import ChartLookup

NUM_IMAGES = 200
REPEATS = 5


def evaluate(ground_truth, found, distance):
    return evaluate_results(((image, found[image.image_id]) for image in ground_truth), distance)[0]


def seconds(*functions, repeats=REPEATS):
    """The least of several times of each, on one core; others may be at work on the machine."""
    times = []
    for _ in range(repeats):
        for function in functions:
            start = time.process_time()
            function()
            times.append(time.process_time() - start)
    return [min(times[k :: len(functions)]) for k in range(len(functions))]


@pytest.fixture
def one_core():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def evaluate_plainly(ground_truth, plain, surface, lookup):
    images = list(ground_truth)
    detections = [plain[image.image_id] for image in images]
    return plain_twin.evaluate(surface, lookup, surface.chart_jacobian(), images, detections)


def quantised(found):
    """Detections of images for `evaluate`, and for `evaluate_plainly`."""
    return found, {key: plain_twin.PlainIUV.all_of(one) for key, one in found.items()}


def charts(found):
    """The same as chart maps."""
    instances = chart_instances(found)
    fast = {key: ChartDetections(one, MAX_DETECTIONS) for key, one in instances.items()}
    return fast, {key: plain_twin.PlainCharts.all_of(one) for key, one in instances.items()}


@pytest.mark.parametrize("form", [quantised, charts])
def test_equals_the_plain_evaluation(tmp_path, flat_surface, flat_distance, form):
    ground_truth, found = make_scene(tmp_path, 6)
    detections, plainly = form(found)
    fast = evaluate(ground_truth, detections, flat_distance)
    plain = evaluate_plainly(ground_truth, plainly, flat_surface, ChartLookup(flat_surface))
    for mode in MODES:
        assert fast[mode] == pytest.approx(
            {name: plain[mode][name] for name in METRICS}, abs=1e-9, nan_ok=True
        )
    assert 5 < fast["densepose_gps"]["AP"] < 95


@pytest.mark.slow
def test_all_modes_of_200_images_take_a_moment(tmp_path, embedded_surface, one_core, capsys):
    distance = SurfaceDistance(embedded_surface)
    ground_truth, found = make_scene(tmp_path, NUM_IMAGES)
    few, few_found = make_scene(tmp_path, NUM_IMAGES // 2)
    fast, half = seconds(
        lambda: evaluate(ground_truth, found, distance), lambda: evaluate(few, few_found, distance)
    )
    lookup = ChartLookup(embedded_surface)
    plainly = quantised(found)[1]
    (plain_seconds,) = seconds(
        lambda: evaluate_plainly(ground_truth, plainly, embedded_surface, lookup), repeats=1
    )
    plain = evaluate_plainly(few, quantised(few_found)[1], embedded_surface, lookup)
    with capsys.disabled():
        print(f"\n{NUM_IMAGES} images: {fast:.3f} s, plain {plain_seconds:.2f} s,", end=" ")
        print(f"{plain_seconds / fast:.0f} times; {NUM_IMAGES // 2} images: {half:.3f} s")
    metrics = evaluate(few, few_found, distance)
    for mode in MODES:
        assert metrics[mode]["AP"] == pytest.approx(plain[mode]["AP"], abs=0.05)
    assert fast < 0.7
    assert plain_seconds > 15 * fast
    assert fast < 2.5 * half


@pytest.mark.slow
def test_chart_maps_of_a_model_take_little_more(tmp_path, embedded_surface, one_core, capsys):
    distance, lookup = SurfaceDistance(embedded_surface), ChartLookup(embedded_surface)
    ground_truth, found = make_scene(tmp_path, NUM_IMAGES)
    instances = chart_instances(found)

    def evaluate_charts():
        detections = {key: ChartDetections(x, MAX_DETECTIONS) for key, x in instances.items()}
        return evaluate(ground_truth, detections, distance)

    fast, results = seconds(evaluate_charts, lambda: evaluate(ground_truth, found, distance))
    few, few_found = make_scene(tmp_path, NUM_IMAGES // 10)
    plainly = charts(few_found)[1]
    (tenth,) = seconds(lambda: evaluate_plainly(few, plainly, embedded_surface, lookup), repeats=1)
    plain = 10 * tenth
    with capsys.disabled():
        print(
            f"\n{NUM_IMAGES} images: chart maps {fast:.3f} s, result file {results:.3f} s,", end=" "
        )
        print(f"plain {plain:.1f} s, {plain / fast:.0f} times")
    assert plain > 15 * fast
    assert fast < 3 * results


@pytest.mark.slow
def test_memory_is_small_and_linear_in_the_number_of_images(tmp_path, embedded_surface, capsys):
    distance = SurfaceDistance(embedded_surface)
    peaks = {}
    for num_images in (NUM_IMAGES // 4, NUM_IMAGES):
        ground_truth, found = make_scene(tmp_path, num_images)
        evaluate(ground_truth, found, distance)
        tracemalloc.start()
        evaluate(ground_truth, found, distance)
        peaks[num_images] = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
    with capsys.disabled():
        print("\npeak memory beside table and data, MB:", peaks)
    assert peaks[NUM_IMAGES] < 300
    assert peaks[NUM_IMAGES] < 4.5 * peaks[NUM_IMAGES // 4]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_evaluation_with_a_table_of_27554_vertices_stays_small(tmp_path, capsys):
    """The table of DensePose's evaluation, 759 MB, is read from disk."""
    surface = big_table.make_big_surface(tmp_path)
    assert (tmp_path / "big.npy").stat().st_size > 2 * 379_597_000
    run = subprocess.run(
        [sys.executable, big_table.__file__, str(surface), str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout.splitlines()[-1])
    with capsys.disabled():
        print("\n" + "\n".join(f"{key}: {value}" for key, value in seen.items()))
    # All that is resident counts, pages of the file too, at the moment when it is most.
    assert seen["lookups"]["VmHWM"] - seen["before"]["VmRSS"] < 200
    assert seen["largest_relative_error"] < 1e-3
    assert 5 < seen["gps_ap"] < 100
