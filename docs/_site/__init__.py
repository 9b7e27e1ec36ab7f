"""The parts of the site's build: generated pages, docstrings, names of other projects."""
