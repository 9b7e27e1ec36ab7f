"""Short programs, each complete: ``python -m examples.gymnasium_loop``."""
