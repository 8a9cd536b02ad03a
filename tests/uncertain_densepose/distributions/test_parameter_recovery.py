"""Maximum likelihood finds the parameters that samples were drawn with."""

import torch
from torch.distributions import MultivariateNormal

from tests.uncertain_densepose.distributions.dense_twin import dense_covariance
from uncertain_densepose.distributions import PartCorrelatedUV

NUM_SAMPLES = 20_000
VARIANCE = torch.tensor([4e-4, 1e-3, 2e-3, 6e-4], dtype=torch.float64)
DIRECTION = torch.tensor(
    [[0.05, 0.02], [-0.03, 0.06], [0.04, -0.05], [0.0, 0.07]], dtype=torch.float64
)
SHARED = torch.tensor([[[2.0e-3, 5e-4], [5e-4, 1.2e-3]]], dtype=torch.float64)


def samples():
    """(NUM_SAMPLES, 4, 2) groups of four points, drawn from the dense normal."""
    torch.manual_seed(0)
    one_group = torch.zeros(4, dtype=torch.int64)
    covariance = dense_covariance(VARIANCE, DIRECTION, SHARED, one_group)
    normal = MultivariateNormal(torch.zeros(8, dtype=torch.float64), covariance)
    return normal.sample((NUM_SAMPLES,)).view(NUM_SAMPLES, 4, 2)


def test_variances_directions_and_the_shared_covariance_come_back():
    target = samples().reshape(-1, 2)
    group = torch.arange(NUM_SAMPLES).repeat_interleave(4)
    log_variance = torch.full((4,), -6.0, dtype=torch.float64, requires_grad=True)
    direction = torch.full((4, 2), 0.03, dtype=torch.float64, requires_grad=True)
    root = torch.tensor([[0.03, 0.0], [0.0, 0.03]], dtype=torch.float64, requires_grad=True)
    parameters = [log_variance, direction, root]
    optimizer = torch.optim.LBFGS(
        parameters, max_iter=150, tolerance_grad=1e-9, line_search_fn="strong_wolfe"
    )

    def shared():
        lower = root.tril()
        return (lower @ lower.T)[None]

    def closure():
        optimizer.zero_grad()
        model = PartCorrelatedUV(
            torch.zeros_like(target),
            log_variance.exp().repeat(NUM_SAMPLES),
            direction.repeat(NUM_SAMPLES, 1),
            shared().expand(NUM_SAMPLES, 2, 2),
            group,
        )
        loss = -model.log_prob(target).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert (log_variance.exp() / VARIANCE - 1).abs().max() < 0.05
    sign = (direction * DIRECTION).sum(-1, keepdim=True).sign()
    error = (sign * direction - DIRECTION).norm(dim=-1) / DIRECTION.norm(dim=-1)
    assert error.max() < 0.05
    assert (shared() - SHARED).norm() / SHARED.norm() < 0.05
