"""The laboratory: measurements of this project, each with its command; see ``results/``."""
