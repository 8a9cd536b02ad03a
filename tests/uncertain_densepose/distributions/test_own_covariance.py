"""The covariance of a point's own error is made and taken apart without loss."""

import torch

from uncertain_densepose.distributions import own_covariance, split_covariance


def test_matrices_are_split_exactly():
    generator = torch.Generator().manual_seed(0)
    factor = torch.randn(500, 2, 2, generator=generator, dtype=torch.float64)
    factor *= 10 ** (8 * torch.rand(500, 1, 2, generator=generator, dtype=torch.float64) - 6)
    matrices = factor @ factor.transpose(-1, -2)
    # Equal eigenvalues, rank one along each axis, nothing at all.
    special = [[[2.0, 0], [0, 2]], [[3, 0], [0, 0]], [[0, 0], [0, 3]], [[0, 0], [0, 0]]]
    matrices = torch.cat([matrices, torch.tensor(special, dtype=torch.float64)])
    elements = torch.stack([matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]])
    smaller, direction = split_covariance(elements)
    eigenvalues = torch.linalg.eigvalsh(matrices)
    scale = eigenvalues[:, 1].clamp_min(1e-300)
    torch.testing.assert_close(smaller / scale, eigenvalues[:, 0] / scale)
    length = direction.square().sum(dim=0)
    torch.testing.assert_close(length / scale, (eigenvalues[:, 1] - eigenvalues[:, 0]) / scale)
    rebuilt = own_covariance(smaller, direction.T)
    torch.testing.assert_close(rebuilt / scale[:, None, None], matrices / scale[:, None, None])
    assert (direction[:, 500] == 0).all() and (direction[:, 503] == 0).all()


def test_the_own_covariance_is_the_sum_of_its_terms():
    torch.manual_seed(0)
    variance, direction = torch.rand(30).double(), torch.randn(30, 2).double()
    identity = torch.eye(2, dtype=torch.float64)
    expected = torch.einsum("p,ij->pij", variance, identity)
    expected += torch.einsum("pi,pj->pij", direction, direction)
    torch.testing.assert_close(own_covariance(variance, direction), expected)
