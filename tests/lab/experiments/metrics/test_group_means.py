import torch

from lab.experiments.metrics.group_means import group_means, group_sizes
from tests.lab.experiments.metrics.drawn_outcome import draw_outcome, indices_by_group


def test_means_and_sizes_are_those_of_the_points_of_a_person_and_part():
    outcome = draw_outcome()
    pairs = sorted(set(zip(outcome.person.tolist(), outcome.part.tolist(), strict=True)))
    mean = group_means(outcome.uv_label, outcome.group)
    variance = group_means(outcome.true_shared_variance, outcome.group)
    assert len(mean) == len(pairs) == 30
    for g, (person, part) in enumerate(pairs):
        mine = (outcome.person == person) & (outcome.part == part)
        torch.testing.assert_close(mean[g], outcome.uv_label[mine].mean(dim=0))
        torch.testing.assert_close(variance[g], outcome.true_shared_variance[mine][0])
        assert group_sizes(outcome.group)[g] == mine.sum()


def test_group_numbers_follow_the_points():
    outcome = draw_outcome()
    for points in indices_by_group(outcome.group):
        assert len({(outcome.person[i].item(), outcome.part[i].item()) for i in points}) == 1
