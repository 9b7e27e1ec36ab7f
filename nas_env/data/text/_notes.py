"""The lines that a person reads of a text of one's own before a search."""

from __future__ import annotations

from nas_env.data._telling import counted, reasons
from nas_env.data.text._kept import Text
from nas_env.data.text._symbols import UNKNOWN

MANY_UNKNOWN = 0.2  # share of the validation text that is worth a hint
LONG_WORDS = 12  # characters of a word on average, where there may be no blanks between them


def notes(found: Text, unit: str) -> list[str]:
    """Return what was taken for what, and what may be amiss with a text, a line each."""
    lines = [_taken(found, unit), _unknown(found, unit), _unbroken(found, unit)]
    return [line for line in (*lines, _skipped(found), _repeated(found)) if line]


def _taken(found: Text, unit: str) -> str:
    total = sum(found.sizes.values())
    files = f" of {found.files:,} files" if found.files > 1 else ""
    kept = f", {found.kept:,} kept" if found.kept < found.different else ""
    sizes = ", ".join(f"{split} {size:,}" for split, size in found.sizes.items())
    cut = [split for split in ("validation", "test") if split not in found.given]
    how = " by position" if len(cut) == 2 else " by the files' names"
    if len(cut) == 1:
        how = f"; {cut[0]} is the end of the training text, the others are by the files' names"
    return f"{total:,} {unit}{files}, {found.different:,} different{kept}; {sizes}{how}"


def _unknown(found: Text, unit: str) -> str:
    if not found.unknown:
        return ""
    share = found.unknown / found.sizes["validation"]
    line = f"{share:.2%} of the validation {unit} are unknown, {UNKNOWN}"
    if share <= MANY_UNKNOWN:
        return line
    known = "--task.vocabulary" if found.kept < found.different else "--task.lower"
    other = " or --task.unit characters" if unit == "words" else ""
    return f"{line}: fewer are with a longer text, {known}{other}"


def _unbroken(found: Text, unit: str) -> str:
    """Tell where words are so long that the text may be one without blanks between its words."""
    words = [symbol for symbol in found.symbols if symbol[:1].isalpha()]
    if unit != "words" or not words or sum(map(len, words)) / len(words) <= LONG_WORDS:
        return ""
    return "the words are long: a text without blanks between them needs --task.unit characters"


def _skipped(found: Text) -> str:
    if not found.skipped:
        return ""
    return f"{counted(len(found.skipped), 'file')} left out: {reasons(dict(found.skipped))}"


def _repeated(found: Text) -> str:
    repeated, long = found.repeated
    if not repeated:
        return ""
    return (
        f"{repeated:,} of the {counted(long, 'long line')} of validation ({repeated / long:.1%}) "
        "also stand in the training text: its perplexity is better than on a new text"
    )
