"""The exit status of tools/check_annotations.py, for scripts."""

ALL_USED, LEFT_OUT, STOPS = 0, 1, 2
"""The whole file is used; something is dropped; training would stop."""
