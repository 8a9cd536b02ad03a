"""Which distribution stands for which terms of a noise model."""

import pytest
import torch

from uncertain_densepose.distributions import (
    AnisotropicUV,
    IsotropicUV,
    PartCorrelatedUV,
    uv_distribution,
)

GROUP = torch.tensor([0, 1, 0])
MEAN, VARIANCE, DIRECTION = torch.rand(3, 2), torch.rand(3) + 0.1, torch.rand(3, 2)
SHARED = torch.eye(2).expand(2, 2, 2)


@pytest.mark.parametrize(
    ("terms", "kind"),
    [
        ((), IsotropicUV),
        ((DIRECTION,), AnisotropicUV),
        ((DIRECTION, SHARED, GROUP), PartCorrelatedUV),
        ((None, SHARED, GROUP), PartCorrelatedUV),
    ],
)
def test_the_terms_tell_the_family_and_are_all_in_the_covariance(terms, kind):
    found = uv_distribution(MEAN, VARIANCE, *terms)
    assert type(found) is kind
    direction = terms[0] if terms and terms[0] is not None else torch.zeros(3, 2)
    expected = VARIANCE[:, None, None] * torch.eye(2) + direction[:, :, None] * direction[:, None]
    torch.testing.assert_close(found.covariance(), expected + (len(terms) > 1) * torch.eye(2))


def test_a_shared_error_without_groups_is_refused():
    with pytest.raises(ValueError, match="needs the group of each point"):
        uv_distribution(MEAN, VARIANCE, shared_covariance=SHARED)
