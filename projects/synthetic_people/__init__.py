"""Rendered people with dense pose labels whose truth is known: bodies, scenes, annotators."""
