"""What is reported of a cell of the experiment: one subject a file, as functions on tensors."""

from .cell_metrics import cell_metrics

__all__ = ["cell_metrics"]
