"""The rows that can be trusted among those on the pages of a damaged file.

An evaluation, an episode and a line of the ledger count where their checksums hold. A file of
format 1 has none of episodes and ledger: there an episode counts if it is the JSON of one whose
architecture is in its canonical form, and a line if it names the key of its own request. Nothing is
ever deleted from these tables, so a page that no table leads to may be searched for what is missing
in them, unless it is known to be free.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nas_env.records import Request
from nas_env.run import ledger
from nas_env.run.store._base import Episode, Row
from nas_env.run.store._format import LEDGER, RECOVERIES, TABLES, episode_checksum, line_checksum
from nas_env.run.store._pages import Found, Pages, Value

RECOVERED = "recovered"  # the host in a line that was made anew
EPISODE = ("tokens", "reward", "status", "canonical")  # what the record of an episode has
#: What a row or a text that is not what it should be may raise.
ODD = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


@dataclass
class Salvaged:
    """The whole rows that were found in a damaged file.

    Attributes:
        rows: Evaluations by their keys.
        episodes: Episodes of each run from its first one, up to the first that is lost.
        lines: Lines of the ledger, in order.
        damaged: Rows that are there and not as they were written.
        apart: Episodes that come after a lost one.
        remade: Lines that were missing, and were made of the evaluations of final trainings.
        ledger_whole: Whether no line of the ledger can be missing.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    episodes: dict[str, list[Episode]] = field(default_factory=dict)
    lines: list[ledger.Line] = field(default_factory=list)
    damaged: int = 0
    apart: int = 0
    remade: int = 0
    ledger_whole: bool = True

    def count(self, run: str) -> int:
        """Return the number of a run's episodes."""
        return len(self.episodes.get(run, ()))

    @property
    def is_empty(self) -> bool:
        """True if nothing was found."""
        return not (self.rows or self.episodes or self.lines)


def salvage(content: bytes, before: bytes = b"") -> Salvaged:
    """Return what is whole in a file of evaluations, of which any byte may be wrong or missing.

    Args:
        content: Bytes of the file.
        before: Bytes of the file before a transaction that never ended was undone: where its
            journal is torn, rows that it had moved are only there.
    """
    pages = Pages(content)
    tables, found = pages.tables(), Salvaged()
    trees = {name: pages.tree(root) for name, root in tables.items()}
    reached = set().union(*(of for of, _ in trees.values()), {1})
    loose = set(range(1, len(pages) + 1)) - reached - pages.free()
    rows = [row for number in (*sorted(reached), *sorted(loose)) for row in pages.rows(number)]
    if before and before != content:
        other = Pages(before)
        rows += [row for number in range(1, len(other) + 1) for row in other.rows(number)]
    found.rows = _evaluations(rows)
    found.episodes, found.apart = _in_order(_episodes(rows))
    lines, whole = _lines(rows)
    found.ledger_whole = (
        tables.keys() >= TABLES.keys()
        and len(tables) == pages.count(1)
        and _all_there(pages, LEDGER, trees, len(lines))
        and whole
        and _recovered_whole(pages, trees)
    )
    missing = [line for row in found.rows.values() for line in _missing(row, lines)]
    found.lines, found.remade = lines + missing, len(missing)
    wanted = [name for name in ("evaluations", "episodes", LEDGER) if name in trees]
    there = sum(pages.count(number) for name in wanted for number in trees[name][0])
    episodes = sum(map(len, found.episodes.values())) + found.apart
    found.damaged = max(0, there - len(found.rows) - episodes - len(lines))
    return found


def _evaluations(rows: Iterable[Found]) -> dict[str, Row]:
    """Return the whole evaluations; of two with one key the first, unless the other is a fact."""
    found: dict[str, Row] = {}
    for _, _, values in rows:
        row = _evaluation(values)
        if row is not None and (row.key not in found or not found[row.key].read()[1].is_fact):
            found[row.key] = row
    return found


def _evaluation(values: tuple[Value, ...]) -> Row | None:
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != 5 or len(values) != 5:
        return None
    row = Row(*texts)
    try:
        return row if row.is_whole and row.read()[0].key == row.key else None
    except ODD:
        return None


def _episodes(rows: Iterable[Found]) -> list[Episode]:
    """Return the episodes; those without a checksum only where none has one."""
    checked, others = [], []
    for _, _, values in rows:
        match values:
            case (str() as run, int() as number, str() as record, str() as checksum):
                if checksum == episode_checksum(run, number, record) and _is_json(record):
                    checked.append((run, number, record))
            case (str() as run, int() as number, str() as record):
                if _is_episode(record):
                    others.append((run, number, record))
            case _:
                pass
    return checked or others


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ODD:
        return False


def _is_episode(text: str) -> bool:
    """Tell whether a text that has no checksum is the record of an episode."""
    try:
        record = json.loads(text)
        canonical = json.loads(record["canonical"])
        return all(name in record for name in EPISODE) and record["canonical"] == json.dumps(
            canonical, sort_keys=True
        )
    except ODD:
        return False


def _in_order(found: Iterable[Episode]) -> tuple[dict[str, list[Episode]], int]:
    """Return each run's episodes up to the first that is lost, and how many come after one."""
    runs: dict[str, dict[int, Episode]] = {}
    for each in found:
        runs.setdefault(each[0], {}).setdefault(each[1], each)
    whole, apart = {}, 0
    for run, numbered in runs.items():
        count = next(number for number in range(len(numbered) + 1) if number not in numbered)
        apart += len(numbered) - count
        if count:
            whole[run] = [numbered[number] for number in range(count)]
    return whole, apart


def _lines(rows: Iterable[Found]) -> tuple[list[ledger.Line], bool]:
    """Return the lines of the ledger in order, and whether their numbers have no gap."""
    checked: dict[int, ledger.Line] = {}
    others: dict[int, ledger.Line] = {}
    for _, number, values in rows:
        if number is None or len(values) not in (9, 10):
            continue
        try:
            line = ledger.Line(*values[1:9])  # type: ignore[arg-type]
            line = line._replace(time=float(line.time), value=float(line.value))
            if len(values) == 10 and values[9] == line_checksum(*line):
                checked.setdefault(number, line)
            elif len(values) == 9 and Request(**json.loads(line.request)).key == line.key:
                others.setdefault(number, line)
        except ODD:
            continue
    found = checked or others
    numbers = sorted(found)
    return [found[number] for number in numbers], numbers == [*range(1, len(numbers) + 1)]


Trees = dict[str, tuple[set[int], bool]]


def _all_there(pages: Pages, name: str, trees: Trees, count: int) -> bool:
    """Tell whether all rows of a table with numbers are there, and are as many as were read."""
    if name not in trees:
        return count == 0
    numbers, whole = trees[name]
    rows = sum(pages.count(number) for number in numbers)
    return whole and rows == count and all(map(pages.is_full, numbers))


def _recovered_whole(pages: Pages, trees: Trees) -> bool:
    """Tell whether no line was lost before, as the notes of earlier recoveries say."""
    if RECOVERIES not in trees:
        return True
    numbers, whole = trees[RECOVERIES]
    notes = [row.values for number in numbers for row in pages.rows(number)]
    return whole and all(len(note) == 4 and note[3] == 1 for note in notes)


def _missing(row: Row, lines: Iterable[ledger.Line]) -> Iterator[ledger.Line]:
    """Yield the lines that an evaluation of a final training shows, and the ledger has not."""
    request, evaluation = row.read()
    there = {(line.key, line.metric, line.value) for line in lines}
    for line in ledger.lines(row.run, request, evaluation):
        if (line.key, line.metric, float(line.value)) not in there:
            yield line._replace(host=RECOVERED)
