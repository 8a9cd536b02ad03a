"""Use of this project from inside other projects; nothing here is imported by the rest."""
