"""Writes the pages that are made at each build: catalogues, the API, notebooks."""

from pathlib import Path

from _site import api, catalogue, notebooks, rst


def write(docs: Path) -> None:
    """Write all generated pages below the folder of the documentation."""
    rst.write(docs / "catalogue", catalogue.pages())
    rst.write(docs / "api", api.pages())
    rst.write(docs / "notebooks", notebooks.pages(docs / "notebooks"), ".md")
