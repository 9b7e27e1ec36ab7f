"""The formats need Hypothesis; they are used by tests/faults/test_17_malformed_files.py."""

collect_ignore_glob = ["*.py"]
