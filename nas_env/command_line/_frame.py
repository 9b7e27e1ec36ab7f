"""The frame that ``nas-watch`` shows of a run at one moment."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nas_env.run.at_work import AtWork
from nas_env.search._moments import duration
from nas_env.search.display import short
from nas_env.search.reading import RunView
from nas_env.search.summary import best_of

Record = Mapping[str, Any]

BLOCKS, PLAIN = "▁▂▃▄▅▆▇█", "_.-=+*#@"  # of a sparkline, and where only ASCII can be shown
NARROW, WIDE = 60, 80  # columns of a terminal
FEWEST, ABOVE = 3, 12  # children of a frame at least; lines of a frame without them


class Seen(NamedTuple):
    """A run at one moment.

    Attributes:
        view: The run.
        told: What its process tells of the search's children at work; None where it tells nothing.
        control: What it tells of those of the random control.
    """

    view: RunView
    told: AtWork | None = None
    control: AtWork | None = None


def frame(seen: Seen, width: int, height: int, *, plain: bool = False) -> Group:
    """Return what is shown of a run.

    Args:
        seen: The run.
        width: Columns of the terminal.
        height: Lines of the terminal.
        plain: Whether only ASCII can be shown.
    """
    view, told = seen.view, seen.told or seen.control
    described = _describer(view)
    shown = min(len(told.children), max(FEWEST, height // 2)) if told else 0
    room = max(FEWEST, height - ABOVE - shown)
    parts: list[RenderableType] = [_line(text) for text in _lines(seen, width, plain)]
    if view.episodes:
        parts += [_line(""), _last(view, room, width, described)]
    if told and shown:
        parts += [_line(""), _work(view, told, shown, width, described)]
    return Group(*parts)


def state_of(view: RunView) -> str:
    """Return whether a run is ``finished``, ``playing`` or ``stopped``."""
    if view.finished:
        return "finished"
    return "stopped" if view.holder is None else "playing"


def _lines(seen: Seen, width: int, plain: bool) -> Iterator[str]:
    """Yield the lines above the tables."""
    view = seen.view
    held = f", {view.holder}" if state_of(view) == "playing" else ""
    yield f"{view.name}: {view.config['env']} {view.agent}, {state_of(view)}{held}"
    yield _progress(view, view.episodes, view.summary, seen.told)
    if view.config["control"]:
        figures = None if view.summary is None else view.summary["random_search"]
        best = best_of(view.control)
        reward = "" if best is None else f"  best {short(best['reward'])}"
        yield f"random control: {_progress(view, view.control, figures, seen.control)}{reward}"
    yield _best(view)
    yield from _failures(view.episodes)
    rewards = [r["reward"] if r["status"] == "ok" else math.nan for r in view.episodes]
    known = [reward for reward in rewards if math.isfinite(reward)]
    if len(known) > 1:
        low, high = short(min(known)), short(max(known))
        room = max(10, min(width - len(low) - len(high) - 12, 100))
        yield f"rewards {low} {sparkline(rewards, room, PLAIN if plain else BLOCKS)} {high}"


def _progress(
    view: RunView, records: Sequence[Record], figures: Record | None, told: AtWork | None
) -> str:
    """Return how far a search is, how fast, and when it is done."""
    rate, busy, left = None, None, None
    if figures is not None:
        rate, busy = figures["children_per_hour"], figures.get("utilisation")
    elif told is not None:
        rate, busy, left = told.children_per_hour, told.busy, told.seconds_left
    parts = [
        f"{len(records):,}/{view.config['children']:,} children",
        "" if rate is None else f"{rate:,.0f}/h",
        "" if busy is None else f"{busy:.0%} busy",
        "" if figures is None else f"took {duration(figures['seconds'])}",
        "" if left is None else f"about {duration(left)} left",
    ]
    return "  ".join(filter(None, parts))


def _best(view: RunView) -> str:
    best = view.best
    if best is None:
        return "best: none yet" if not view.finished else "best: no child succeeded"
    number = next(n for n, record in enumerate(view.episodes, 1) if record is best)
    parts = [f"best {short(best['reward'])}, child {number:,}"]
    if (value := best["metrics"].get(view.metric.name)) is not None:
        parts.append(f"{view.metric.title} {short(value)}")
    if best["parameters"] is not None:
        parts.append(f"{best['parameters']:,} parameters")
    return ", ".join(parts)


def _failures(records: Sequence[Record]) -> Iterator[str]:
    """Yield how many children failed, and why the last one did."""
    failed = Counter(record["status"] for record in records if record["status"] != "ok")
    if not failed:
        return
    counted = ", ".join(f"{count:,} {status}" for status, count in failed.most_common())
    number, last = next((n, r) for n, r in _backwards(records) if r["status"] != "ok")
    reason = " ".join(last["error"].split())
    yield f"failed: {counted}; the last is child {number:,}{f': {reason}' if reason else ''}"


def _last(
    view: RunView, rows: int, width: int, described: Callable[[Record], str]
) -> RenderableType:
    """Return the last children, the last one first."""
    columns = [("child", _child), ("reward", _reward), (view.metric.short, _metric(view))]
    if width >= NARROW:
        columns += [("parameters", _parameters), ("took", _seconds)]
    if width >= WIDE:
        columns.append(("architecture", lambda number, record: described(record)))
    table = _table([name for name, _ in columns])
    for number, record in list(_backwards(view.episodes))[:rows]:
        table.add_row(*(column(number, record) for _, column in columns))
    return table


def _work(
    view: RunView, told: AtWork, rows: int, width: int, described: Callable[[Record], str]
) -> RenderableType:
    """Return the children that are being trained."""
    first = f"at work, {told.at_work:,} of {told.workers:,}"
    columns = [first, "child", "epoch", view.metric.short, "for"]
    table = _table([*columns, *(["architecture"] if width >= WIDE else [])])
    for child in told.children[:rows]:
        value = child["values"].get(view.metric.name)
        cells = [
            child["worker"] or "here",
            f"{child['child']:,}",
            "" if child["epoch"] is None else f"{child['epoch']}/{child['epochs']}",
            "" if value is None else short(value),
            duration(child["seconds"]),
            *([described(child)] if width >= WIDE else []),
        ]
        table.add_row(*cells)
    more = told.at_work - rows
    if more:
        table.add_row(f"{more:,} more")
    return table


def _table(names: Sequence[str]) -> Table:
    """Return a table without lines; who is at work and an architecture stand left."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    for name in names:
        left = name.startswith(("at work", "architecture"))
        table.add_column(
            name, justify="left" if left else "right", no_wrap=True, overflow="ellipsis",
            ratio=1 if name == "architecture" else None,
        )  # fmt: skip
    return table


def _child(number: int, record: Record) -> str:
    return f"{number:,}"


def _reward(number: int, record: Record) -> str:
    return short(record["reward"]) if record["status"] == "ok" else record["status"]


def _metric(view: RunView) -> Callable[[int, Record], str]:
    def shown(number: int, record: Record) -> str:
        value = record["metrics"].get(view.metric.name)
        return "" if value is None else short(value)

    return shown


def _parameters(number: int, record: Record) -> str:
    return "" if record["parameters"] is None else f"{record['parameters']:,}"


def _seconds(number: int, record: Record) -> str:
    return "" if record["seconds"] is None else duration(record["seconds"])


def _describer(view: RunView) -> Callable[[Record], str]:
    """Return a function that puts an architecture into a line: the labels of its boxes."""

    def described(record: Record) -> str:
        if record["architecture"] is None:
            return ""
        vertices = view.space.graph(view.space.parse(record["architecture"]))
        inner = [v for v in vertices if v.kind not in ("input", "output", "node")]
        return " · ".join(vertex.label or vertex.name for vertex in inner)

    return described


def _backwards(records: Sequence[Record]) -> Iterator[tuple[int, Record]]:
    """Yield children with their numbers, the last one first."""
    return zip(range(len(records), 0, -1), reversed(records), strict=True)


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")


def sparkline(rewards: Sequence[float], width: int, blocks: str = BLOCKS) -> str:
    """Return rewards as a line of blocks, each the mean of as many children.

    Args:
        rewards: Rewards in order; NaN of a child that failed.
        width: Characters at most.
        blocks: The characters from the lowest to the highest.

    Example:
        >>> sparkline([0.0, 0.25, math.nan, 0.5, 1.0], 80)
        '▁▃ ▅█'
        >>> sparkline([0.0, 0.0, 1.0, 1.0], 2, "_#")
        '_#'
    """
    count = min(width, len(rewards))
    parts = [
        [r for r in rewards[len(rewards) * n // count : len(rewards) * (n + 1) // count] if r == r]
        for n in range(count)
    ]
    means = [fmean(part) if part else None for part in parts]
    known = [mean for mean in means if mean is not None]
    low, span = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    top = len(blocks) - 1
    return "".join(
        " " if mean is None else blocks[round(top * (mean - low) / span) if span else top // 2]
        for mean in means
    )
