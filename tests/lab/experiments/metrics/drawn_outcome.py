"""Outcomes of models that are right about their noise: labels are drawn from what they predict."""

import torch

from lab.experiments.outcome import Outcome
from uncertain_densepose.evaluation.points.readings import noise_model
from uncertain_densepose.structures import PointPredictions

FIELDS = {
    "mse": (),
    "iid_iso": ("variance",),
    "indep_aniso": ("variance", "direction"),
    "full": ("variance", "direction", "shared_covariance"),
    "full_similarity": ("variance", "direction", "shared_covariance"),
}
"""Models by name, with the fields that they predict."""

BASIS_SIZES = {"full_similarity": 4}
SHARED_DEVIATION = 0.03
PARTS = torch.tensor([1, 2, 3, 9, 14, 24])


def draw_outcome(model="full", num_people=5, seed=0, slips=0.1):
    """Groups of 1 to 6 points on six parts of each person, in random order; float64.

    The labels follow a directional model with a shared offset, whatever `model` keeps of it. A
    share `slips` of the points lies on a part that the label does not name, and a third of all
    predicted parts are wrong or background.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        groups = num_people * len(PARTS)
        group = torch.repeat_interleave(torch.arange(groups), torch.randint(1, 7, (groups,)))
        group = group[torch.randperm(len(group))]
        count = len(group)
        part = PARTS.repeat(num_people)[group]
        size = BASIS_SIZES.get(model, 2)
        scale = SHARED_DEVIATION * torch.exp(0.7 * torch.randn(groups).double())
        shared = scale.square()[:, None, None] * torch.eye(size).double()
        terms = {
            "variance": 3e-4 * torch.exp(torch.randn(count)).double(),
            "direction": 0.02 * torch.randn(count, 2).double(),
            "shared_covariance": shared[group],
        }
        mean_uv = 0.2 + 0.6 * torch.rand(count, 2).double()
        noisy = noise_model(PointPredictions(part, mean_uv, **terms), group)
        kept = {name: terms[name] for name in FIELDS[model]}
        slipped = torch.rand(count) < slips
        predicted_part = torch.where(torch.rand(count) < 0.67, part, torch.randint(0, 25, (count,)))
        return Outcome(
            person=group // len(PARTS) + 3,
            part=part,
            part_true=torch.where(slipped, part % 24 + 1, part),
            predicted_part=predicted_part,
            points=PointPredictions(part, mean_uv, **kept),
            points_predicted=PointPredictions(predicted_part, torch.rand(count, 2).double()),
            uv_label=noisy.rsample(),
            uv_true=mean_uv + 0.04 * torch.randn(count, 2).double(),
            true_shared_variance=(scale.square() * torch.exp(torch.randn(groups) / 3))[group],
        )


def indices_by_group(group):
    """The points of each group, one list a group."""
    return [torch.nonzero(group == g).flatten().tolist() for g in range(int(group.max()) + 1)]
