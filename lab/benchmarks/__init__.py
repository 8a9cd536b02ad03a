"""Measurements of cost: contestants, plain twins, and what they are timed and weighed with."""
