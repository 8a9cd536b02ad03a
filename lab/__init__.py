"""Experiments, benchmarks and releases: what made the numbers in the documentation."""
