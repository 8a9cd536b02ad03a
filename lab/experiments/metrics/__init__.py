"""What is reported of a cell of the experiment: one subject a file, as functions on tensors."""
