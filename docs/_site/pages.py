"""Writes the pages that are made of docstrings: a page per catalogue member, and the API's."""

from pathlib import Path

from _site import api, catalogue, rst


def write(docs: Path) -> None:
    """Write all generated pages below the folder of the documentation."""
    rst.write(docs / "catalogue", catalogue.pages())
    rst.write(docs / "api", api.pages())
