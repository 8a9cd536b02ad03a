"""What may be shipped in the package."""

MAX_SHIPPED_BYTES = 12_000_000
"""The largest file of weights."""
