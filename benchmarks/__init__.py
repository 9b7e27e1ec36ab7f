"""Measurements of this project, each with the command that repeats it; see ``results/``."""
