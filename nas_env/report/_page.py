"""The templates of the pages, their style and their script."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nas_env._version import __version__
from nas_env.report._numbers import duration, plain, shown

PARTS = Path(__file__).parent
STYLES = ("vendor/uPlot.min.css", "templates/style.css")
SCRIPTS = ("vendor/uPlot.iife.min.js", "templates/report.js")
LICENCE = "vendor/LICENSE-uPlot"  # it has to go with each copy


def render(template: str, **values: Any) -> str:
    """Return a page; every value that is no markup of ours stays text.

    Args:
        template: Name of the template.
        values: What it shows; ``data`` is what the script reads, JSON values.
    """
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """Return Jinja's environment, with autoescape on; an unknown name is an error."""
    found = Environment(
        loader=PackageLoader("nas_env.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"plain": plain, "duration": duration}
    found.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    found.globals |= {
        "shown": shown,
        "version": __version__,
        "styles": Markup("\n").join(map(_text, STYLES)),
        "scripts": [_text(name) for name in SCRIPTS],
        "licence": _text(LICENCE),
    }
    return found


def _text(name: str) -> Markup:
    """Return a file of ours as it stands."""
    return Markup((PARTS / name).read_text(encoding="utf-8"))
