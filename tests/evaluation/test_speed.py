"""Speed and memory of the evaluation, and that what is fast equals what is plain."""

import time
import tracemalloc

import pytest
from evaluation import plain_twin
from evaluation.speed_scene import make_scene

from uncertain_densepose.evaluation.correspondence import CorrespondenceErrors
from uncertain_densepose.evaluation.detection_metrics import (
    detection_metrics,
    evaluate_image,
    match_people,
)
from uncertain_densepose.evaluation.gps_ap import METRICS, MODES
from uncertain_densepose.evaluation.protocols import count_strict
from uncertain_densepose.evaluation.surface_distance import SurfaceDistance
from uncertain_densepose.surface import ChartLookup

NUM_IMAGES = 200
REPEATS = 5


def evaluate(ground_truth, found, distance):
    images = list(ground_truth)
    results = []
    for image in images:
        detections = found[image.image_id]
        match = match_people(image, detections)
        results.append(evaluate_image(image, detections, match, distance))
    errors = CorrespondenceErrors.join([result.errors for result in results])
    return detection_metrics(images, [result.scores for result in results], errors, count_strict)


def seconds(function, *arguments, repeats=REPEATS):
    """The least of several times on one core; others may be at work on the machine."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function(*arguments)
        times.append(time.process_time() - start)
    return min(times)


def evaluate_plainly(ground_truth, found, surface, lookup):
    images = list(ground_truth)
    detections = [found[image.image_id] for image in images]
    jacobian = surface.chart_jacobian()
    return plain_twin.evaluate(surface, lookup, jacobian, images, detections)


def test_equals_the_plain_evaluation(tmp_path, flat_surface, flat_distance):
    ground_truth, found = make_scene(tmp_path, 6)
    fast = evaluate(ground_truth, found, flat_distance)
    plain = evaluate_plainly(ground_truth, found, flat_surface, ChartLookup(flat_surface))
    for mode in MODES:
        assert fast[mode] == pytest.approx(
            {name: plain[mode][name] for name in METRICS}, abs=1e-9, nan_ok=True
        )
    assert 5 < fast["densepose_gps"]["AP"] < 95


@pytest.mark.slow
def test_all_modes_of_200_images_take_a_moment(tmp_path, embedded_surface, capsys):
    distance = SurfaceDistance(embedded_surface)
    ground_truth, found = make_scene(tmp_path, NUM_IMAGES)
    fast = seconds(evaluate, ground_truth, found, distance)
    few, few_found = make_scene(tmp_path, NUM_IMAGES // 2)
    half = seconds(evaluate, few, few_found, distance)
    lookup = ChartLookup(embedded_surface)
    start = time.process_time()
    plain = evaluate_plainly(ground_truth, found, embedded_surface, lookup)
    plain_seconds = time.process_time() - start
    with capsys.disabled():
        print(f"\n{NUM_IMAGES} images: {fast:.3f} s, plain {plain_seconds:.2f} s,", end=" ")
        print(f"{plain_seconds / fast:.0f} times; {NUM_IMAGES // 2} images: {half:.3f} s")
    metrics = evaluate(ground_truth, found, distance)
    for mode in MODES:
        assert metrics[mode]["AP"] == pytest.approx(plain[mode]["AP"], abs=0.05)
    assert fast < 0.7
    assert plain_seconds > 15 * fast
    assert fast < 2.5 * half


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
