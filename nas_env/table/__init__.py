"""Benchmarks without training: functions, and tables of trained architectures."""
