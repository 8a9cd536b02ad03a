"""Evaluators run on the data set of the fixture `dataset`, and answers to feed them with."""

import numpy as np
import torch

from tests.uncertain_densepose.evaluation.scene import instances, perfect_maps
from uncertain_densepose.evaluation import DensePoseEvaluator, GroundTruthBoxEvaluator

NAME = "evaluation_test_people"
FIRST, SECOND, THIRD = [10, 20, 40, 60], [70, 20, 80, 90], [100, 60, 30, 40]


def run(evaluator, answers):
    """Feed {image id: instances} in batches of two and evaluate."""
    evaluator.reset()
    items = list(answers.items())
    for start in range(0, len(items), 2):
        batch = items[start : start + 2]
        evaluator.process(
            [{"image_id": key} for key, _ in batch], [{"instances": x} for _, x in batch]
        )
    return evaluator.evaluate()


def detected(surface, name, answers, **options):
    return run(DensePoseEvaluator(name, surface=surface, **options), answers)


def in_given_boxes(surface, name, answers, **options):
    return run(GroundTruthBoxEvaluator(name, surface=surface, **options), answers)


def nobody():
    return instances(np.zeros((0, 4)))


def perfect_answers(**noise):
    """Everybody found, the labelled and the unlabelled, with the annotation as the prediction."""

    def maps(count):
        return perfect_maps(count, **{name: x.expand(count, *x.shape) for name, x in noise.items()})

    unlabelled_box = [0, 90, 30, 30]
    return {
        1: instances([SECOND, unlabelled_box, FIRST], [0.8, 0.95, 0.9], maps(3)),
        2: instances([THIRD], [0.7], maps(1)),
        3: nobody(),
    }


def given_box_answers():
    """The same in annotated boxes, whose order is not that of the file."""
    return {
        1: instances([SECOND, FIRST], annotation_id=torch.tensor([12, 11])),
        2: instances([THIRD], annotation_id=torch.tensor([14])),
        3: instances(np.zeros((0, 4)), annotation_id=torch.zeros(0, dtype=torch.int64)),
    }
