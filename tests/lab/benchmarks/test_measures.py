"""What the benchmarks measure with: times of contestants in turn, and peaks of memory."""

import torch

from lab.benchmarks.memory import peak_bytes
from lab.benchmarks.timing import interleaved

CPU = torch.device("cpu")


def test_contestants_take_turns():
    calls = []
    steps = {name: lambda name=name: calls.append(name) for name in "ab"}
    timings = interleaved(steps, repeats=3, device=CPU, least_seconds=0)
    # Two calls each beforehand.
    assert "".join(calls) == "aabb" + "ab" * 3
    assert timings.keys() == {"a", "b"}
    assert all(0 < timing.minimum <= timing.median for timing in timings.values())


def test_short_steps_are_repeated_within_a_sample():
    calls = []
    interleaved({"short": lambda: calls.append(0)}, repeats=1, device=CPU, least_seconds=1e-3)
    assert len(calls) > 20


def test_the_peak_is_what_lives_at_once():
    def step():
        first = torch.ones(1000, dtype=torch.float64)
        second = first + first
        del first
        return second + 1

    # Two of the three arrays of 8000 bytes at any time, and a few bytes for scalars.
    peak = peak_bytes(step, CPU)
    assert 16_000 <= peak < 16_200
    assert peak_bytes(step, CPU) == peak


def test_memory_from_before_is_not_counted_and_what_autograd_keeps_is():
    weight = torch.ones(1000, dtype=torch.float64, requires_grad=True)

    def step():
        # Both exponentials are kept for the backward pass.
        weight.exp().exp().sum().backward()

    assert 16_000 < peak_bytes(step, CPU) < 41_000
