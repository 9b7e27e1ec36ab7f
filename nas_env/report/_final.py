"""The final training of a run, whether its order held, and the model card, as far as they exist."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from nas_env.errors import InvalidValue
from nas_env.files import read_json
from nas_env.report._drawings import embedded

FINAL, CARD = Path("final/final.json"), Path("final/network/README.md")
RANK, RANK_PICTURE = Path("final/rank.json"), Path("final/rank.svg")
MOST = 2**26  # bytes of final.json, which has every reading of the test set
DEEPER = {"h1": "h3", "h2": "h4", "h3": "h5"}  # headings of the card, below those of the page


def final_training(folder: Path) -> dict[str, Any] | None:
    """Return the rows of a finished final training; None if there is none."""
    found = _read(folder / FINAL)
    if found is None:
        return None
    rows = [_row(found["chosen"]["name"], {**found, **found["chosen"]})]
    if control := found.get("random_search"):
        rows.append(_row(f"random search, {control['name']}", control))
    rows += [_row(each["name"], each) for each in found.get("beside", [])]
    metric = str(found["metric"]).replace("_", " ")
    share = "accuracy" in metric
    return {"metric": metric, "share": share, "examples": found.get("test_examples"), "rows": rows}


def _row(name: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    seeds = figures.get("seeds", [])
    return {
        "name": name,
        "mean": figures.get("mean"),
        "over_seeds": figures.get("interval_over_seeds"),
        "by_test_set": figures.get("interval_by_test_set"),
        "seeds": sum(each.get("status") == "ok" for each in seeds),
        "parameters": figures.get("parameters"),
    }


def order_held(folder: Path) -> dict[str, Any] | None:
    """Return the verdict of ``nas-rank`` and its picture; None if it was not run."""
    found = _read(folder / RANK)
    if found is None:
        return None
    picture = folder / RANK_PICTURE
    return {
        "verdict": found.get("verdict", ""),
        "picture": embedded(picture) if picture.is_file() else None,
    }


def _read(path: Path) -> dict[str, Any] | None:
    """Return a file of JSON; None if it is not there, or cannot be read."""
    if not path.is_file():
        return None
    try:
        return read_json(path, {}, most=MOST)
    except InvalidValue:
        return None


def model_card(folder: Path) -> Markup | None:
    """Return the model card as HTML; None if there is none.

    Tags in it stay text, the drawing stands in the page, and links lead into the folder.
    """
    path = folder / CARD
    if not path.is_file():
        return None
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(path.read_text(errors="replace"))
    for token in tokens:
        token.tag = DEEPER.get(token.tag, token.tag)
        for inline in token.children or []:
            _lead_home(inline, path.parent)
    return Markup(parser.renderer.render(tokens, parser.options, {}))


def _lead_home(token: Token, folder: Path) -> None:
    """Change the address of a picture or a link so that it is right in the page of the run."""
    if token.type == "image":
        name = str(token.attrs["src"])
        picture = folder / Path(name).name
        there = picture.is_file() and picture.suffix in (".svg", ".png")
        token.attrs["src"] = embedded(picture) if there else "data:,"
    if token.type == "link_open" and "://" not in str(token.attrs["href"]):
        token.attrs["href"] = f"{CARD.parent.as_posix()}/{token.attrs['href']}"
