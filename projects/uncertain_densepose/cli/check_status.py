"""The exit status of tools/check_annotations.py, for scripts, and its choices."""

ALL_USED, LEFT_OUT, STOPS = 0, 1, 2
"""The whole file is used; something is dropped or probably wrong; training or evaluation would
stop."""

PURPOSES = ("training", "evaluation")
"""The values of `data.annotation_checks.Purpose`."""
