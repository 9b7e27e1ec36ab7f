"""The lines that a person reads of a text of one's own before a search."""

from __future__ import annotations

from nas_env.data.text import UNKNOWN, Text

MANY_UNKNOWN = 0.2  # share of the validation text that is worth a hint


def taken(found: Text, unit: str) -> str:
    """Return what was taken for what, in one line."""
    total = sum(found.sizes.values())
    files = f" of {found.files:,} files" if found.files > 1 else ""
    kept = "" if found.different < len(found.symbols) else f", {len(found.symbols) - 1:,} kept"
    sizes = ", ".join(f"{split} {size:,}" for split, size in found.sizes.items())
    cut = [split for split in ("validation", "test") if split not in found.given]
    how = {0: " by the files' names", 2: " by position"}.get(
        len(cut), f", {cut[0]} by position" if cut else ""
    )
    return f"{total:,} {unit}{files}, {found.different:,} different{kept}; {sizes}{how}"


def warnings(found: Text, unit: str) -> list[str]:
    """Return what may be amiss with a text, a line each."""
    lines = []
    if found.skipped:
        name, reason = found.skipped[0]
        more = f", and {len(found.skipped) - 1:,} more" if len(found.skipped) > 1 else ""
        lines.append(f"{len(found.skipped):,} files left out: {name} {reason}{more}")
    if found.unknown:
        share = found.unknown / found.sizes["validation"]
        lines.append(f"{share:.2%} of the validation {unit} are unknown, {UNKNOWN}")
        if share > MANY_UNKNOWN:
            lines[-1] += "; fewer are with a larger --task.vocabulary, or --task.unit characters"
    repeated, long = found.repeated
    if repeated:
        lines.append(
            f"{repeated:,} of the {long:,} long lines of validation ({repeated / long:.1%}) stand "
            "in the training text too: its perplexity is better than on a new text"
        )
    return lines
