"""Photographs without people in packages of others, and whose they are."""
