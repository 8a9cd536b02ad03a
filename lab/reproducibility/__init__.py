"""How far results differ between processors, with the code paths of libraries forced."""
