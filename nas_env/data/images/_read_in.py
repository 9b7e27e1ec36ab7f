"""Images are read into the folder of their cache, and told apart by what was read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from nas_env.data._progress import bar
from nas_env.data._telling import reasons, shown
from nas_env.data.images._cache import IMAGE, PIXELS, hashes
from nas_env.data.images.reading import Form, Found, NotInForm, Outcome, Reading
from nas_env.errors import DataInvalid, NASError


def read_in(reading: Reading, found: Found, folder: Path) -> tuple[dict[str, Any], np.ndarray]:
    """Read all images into a folder.

    Returns:
        The facts and the table of the cache that the folder is to be.

    Raises:
        DataInvalid: If no image can be read.
        NASError: If the disk has too little room.
    """
    form = found.form()
    try:
        outcome = _decode(found, form, folder / PIXELS)
    except NotInForm:
        form = found.form(colour=True)
        outcome = _decode(found, form, folder / PIXELS)
    broken = {found.name(row): reason for row, reason in sorted(outcome.broken.items())}
    table = np.empty(len(found.labels), IMAGE)
    if len(broken) == len(table):
        raise DataInvalid(f"no image of {shown(reading.path)} can be read: {reasons(broken)}")
    table["label"], table["split"], table["whole"] = found.labels, found.splits, True
    table["whole"][list(outcome.broken)] = False
    table["hash"] = hashes(folder / PIXELS, len(table))
    facts = {
        "fingerprint": found.fingerprint,
        "classes": list(found.classes),
        "shape": [form.channels, form.height, form.width],
        "notes": [*found.notes, *form.notes, *outcome.notes],
        "skipped": {**found.skipped, **broken},
    }
    return {**facts, "content": _content(facts, table)}, table


def _decode(found: Found, form: Form, file: Path) -> Outcome:
    """Write the pixels of all images to a file, if the disk has room for them."""
    count = len(found.labels)
    needed = count * form.channels * form.height * form.width
    file.unlink(missing_ok=True)  # of a form that did not suit
    if needed > (free := shutil.disk_usage(file.parent).free):
        said = f"{file.parent.parent} has {free / 1e9:.1f} GB free, the images take"
        to_do = "set NAS_DATA to a folder that has room, or --task.size to less"
        raise NASError(f"{said} {needed / 1e9:.1f} GB: {to_do}")
    with bar("reading images", count) as told:
        return found.read_into(file, form, told)


def _content(facts: Mapping[str, Any], table: np.ndarray) -> str:
    """Return the hash of what children learn from; images that are left out do not count."""
    whole = table[table["whole"]]
    said = sha256(json.dumps([facts["classes"], facts["shape"]]).encode())
    for column in ("hash", "label", "split"):
        said.update(whole[column].tobytes())
    return said.hexdigest()[:16]
