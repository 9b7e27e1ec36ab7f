"""The sentence, the line of figures and the table that tell of the order of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

FEWEST = 5  # networks; of fewer nothing is said
MUCH = 0.5  # of tau: three of four pairs in the same order


def verdict(figures: Mapping[str, Any]) -> str:
    """Return in a sentence what the order of a search is worth.

    Args:
        figures: Figures of the agreement with the final order.

    Example:
        >>> figures = {"metric": "validation_accuracy", "networks": 12, "same_order": 0.8}
        >>> print(verdict({**figures, "tau_interval": [0.2, 0.9], "alike": False}))
        The search's validation accuracy tells something of the final one: of any two of the 12 \
networks, the one that it prefers is the better one in the end in 80% of the cases (by chance 50%).
    """
    title, count = str(figures["metric"]).replace("_", " "), figures["networks"]
    if figures["same_order"] is None:
        return f"No two of the {count} networks are ordered by both: there is nothing to compare."
    pairs = (
        f"of any two of the {count} networks, the one that it prefers is the better one in the "
        f"end in {figures['same_order']:.0%} of the cases (by chance 50%)"
    )
    close = "; in the end they differ no more than equal ones do on so small a validation set"
    return f"{_worth(title, *figures['tau_interval'])}: {pairs}{close * figures['alike']}."


def _worth(title: str, low: float, high: float) -> str:
    """Return what the interval of Kendall's tau says of the search's metric."""
    if low >= MUCH:
        return f"The search's {title} tells much of the final one"
    if low > 0:
        return f"The search's {title} tells something of the final one"
    if high < 0:
        return f"The search's {title} misleads about the final one"
    return f"These networks do not show that the search's {title} tells anything of the final one"


def line(figures: Mapping[str, Any]) -> str:
    """Return the figures of an agreement in a line, without the verdict."""
    if figures.get("tau") is None:
        return ""
    top, (low, high) = figures["top"], figures["tau_interval"]
    names = "top_overlap", "top_overlap_by_chance"
    same, chance = (f"{top * figures[name]:.2g}" for name in names)
    least, most = (f"{top * share:.2g}" for share in figures["top_overlap_interval"])
    return (
        f"Kendall's tau {figures['tau']:z.2f} (95% {low:z.2f} to {high:z.2f}); of the best {top}, "
        f"{same} are the same (95% {least} to {most}, by chance {chance})"
    )


def summary(figures: Mapping[str, Any], more: str) -> str:
    """Return a line about the networks of a search that happen to have the final recipe.

    Args:
        figures: Figures of the agreement, or what is said in their place.
        more: Command that trains more of them.

    Example:
        >>> few = {"networks": 2, "verdict": "2 networks are too few."}
        >>> summary(few, "nas-rank runs/digits")
        'order of the search: 2 networks are too few. More: nas-rank runs/digits'
    """
    told, count = figures["verdict"], figures["networks"]
    if figures.get("tau") is None:
        return f"order of the search: {told}" + f" More: {more}" * (count < FEWEST)
    return f"order of the search, {count} networks: {line(figures)}. {told}"


def rank_table(figures: Mapping[str, Any]) -> Table:
    """Return the table of the networks, the best of the search first."""
    title = str(figures["metric"]).replace("_", " ")
    table = Table(title=f"{title}: in the search, and by the final recipe")
    for column in ("", "search", "place", "final recipe", "place"):
        table.add_column(column, justify="right" if column else "left")
    for row in figures["each"]:
        final = row["status"] if row["final"] is None else _number(row["final"])
        places = str(row["search_place"]), str(row["final_place"])
        table.add_row(row["name"], _number(row["search"]), places[0], final, places[1])
    return table


def _number(value: float) -> str:
    return f"{value:.4f}" if value < 10 else f"{value:.2f}"  # a perplexity has no more
