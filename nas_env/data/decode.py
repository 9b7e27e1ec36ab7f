"""Decode files of images: a program of its own, which imports nothing of ours."""
