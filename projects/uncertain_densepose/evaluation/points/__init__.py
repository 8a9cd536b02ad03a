"""How well annotated points were placed, and whether the uncertainty there is right."""
