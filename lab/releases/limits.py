"""What the package takes."""

MAX_SHIPPED_BYTES = 12_000_000
"""The largest file of weights that it does."""
