"""The checks of a GPU, a file for each sort; :mod:`benchmarks.gpu_check` runs them."""
