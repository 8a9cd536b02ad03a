"""Results and metrics as files."""
