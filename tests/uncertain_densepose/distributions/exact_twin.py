"""The joint model in fifty digits, where float64 itself loses them: a group of a few points."""

import mpmath
import torch

DIGITS = 50


def _matrix(tensor):
    return mpmath.matrix([[mpmath.mpf(x) for x in row] for row in tensor.tolist()])


def exact_density_and_gradients(target, mean_uv, variance, direction, shared_covariance):
    """Log-density of one group and its gradients, for arguments without the group axis.

    Returns:
        the density, and gradients with respect to mean (P, 2), variance (P,), direction (P, 2) and
        shared covariance (2, 2), the last one symmetric; rounded to float64 at the end.
    """
    with mpmath.workdps(DIGITS):
        points = len(variance)
        r, shared = _matrix(direction), _matrix(shared_covariance)
        sigma = mpmath.zeros(2 * points)
        for i in range(2 * points):
            for j in range(2 * points):
                sigma[i, j] = shared[i % 2, j % 2]
                if i // 2 == j // 2:
                    sigma[i, j] += r[i // 2, i % 2] * r[j // 2, j % 2]
                if i == j:
                    sigma[i, j] += mpmath.mpf(variance[i // 2].item())
        inverse = mpmath.inverse(sigma)
        y, m = _matrix(target), _matrix(mean_uv)
        delta = mpmath.matrix([y[i // 2, i % 2] - m[i // 2, i % 2] for i in range(2 * points)])
        weighted = inverse * delta
        log_density = (
            -(delta.T * weighted)[0] / 2
            - mpmath.log(mpmath.det(sigma)) / 2
            - points * mpmath.log(2 * mpmath.pi)
        )
        by_sigma = (weighted * weighted.T - inverse) / 2
        by_variance = [
            by_sigma[2 * i, 2 * i] + by_sigma[2 * i + 1, 2 * i + 1] for i in range(points)
        ]
        by_direction = [
            [2 * sum(by_sigma[2 * i + a, 2 * i + b] * r[i, b] for b in (0, 1)) for a in (0, 1)]
            for i in range(points)
        ]
        by_shared = [
            [
                sum(by_sigma[2 * i + a, 2 * j + b] for i in range(points) for j in range(points))
                for b in (0, 1)
            ]
            for a in (0, 1)
        ]

        def rounded(values):
            return torch.tensor(values, dtype=torch.float64)

        return (
            float(log_density),
            rounded([float(x) for x in weighted]).view(points, 2),
            rounded([float(x) for x in by_variance]),
            rounded([[float(x) for x in row] for row in by_direction]),
            rounded([[float(x) for x in row] for row in by_shared]),
        )
