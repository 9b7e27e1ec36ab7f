"""Pages of notebooks: their texts and their code; the notebook itself can be downloaded."""

import json
from pathlib import Path


def pages(folder: Path) -> dict[str, str]:
    """Return a page of Markdown for each notebook of a folder, by name."""
    return {file.stem: page(file) for file in sorted(folder.glob("*.ipynb"))}


def page(notebook: Path) -> str:
    """Return a notebook as a page."""
    first, *rest = json.loads(notebook.read_text())["cells"]
    parts = [_text(first), f"{{download}}`The notebook <{notebook.name}>`, and what is in it:"]
    for cell in rest:
        text = _text(cell)
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    return "\n\n".join(parts) + "\n"


def _text(cell: dict[str, object]) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)
