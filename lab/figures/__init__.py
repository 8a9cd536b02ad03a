"""Figures of the README and of the documentation, each made by one command."""
