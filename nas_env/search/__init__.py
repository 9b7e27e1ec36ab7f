"""A search: the loop, its observers, its figures and its checkpoints."""
