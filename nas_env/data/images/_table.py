"""The rows of a .csv: its delimiter, its header, and the columns that are meant."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from typing import NamedTuple

from nas_env.data._telling import listed, shown
from nas_env.data.images._protocol import Reading
from nas_env.errors import DataInvalid, UnknownName

FILES = ("file", "filename", "file_name", "path", "filepath", "file_path", "image", "image_path",
         "image_file", "img", "img_path")  # fmt: skip
#: Columns that have files only where none of the others is there.
IDS = ("id", "image_id", "name", "image_name", "img_name")
LABELS = ("label", "class", "target", "category", "class_name", "label_name", "y")
SPLITTING = ("split", "set", "subset", "partition")
DELIMITERS = ",;\t|"


class Row(NamedTuple):
    """A row: its line in the file, and its fields that are meant."""

    line: int
    file: str
    label: str
    split: str


def rows_of(reading: Reading) -> list[Row]:
    """Read the rows of a .csv.

    Raises:
        UnknownName: If there is no column of a name that is given.
        DataInvalid: If it is no .csv, or which columns are meant is not clear.
    """
    name = shown(os.path.basename(reading.path))
    table = _read(reading.path, name)
    if not table:
        raise DataInvalid(f"{name} is empty, expected a line for each image: file, label")
    header = [field.strip() for field in table[0][1]]
    columns = _columns(reading, name, header)
    rows = table[1:]
    if not columns:
        columns, rows = _without_header(reading.path, name, header), table
    if not rows:
        raise DataInvalid(f"{name} has a header and no rows, expected a row for each image")
    return [_row(name, line, fields, columns) for line, fields in rows]


def _read(path: str, name: str) -> list[tuple[int, list[str]]]:
    """Return lines that are not blank: their number and their fields."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(DELIMITERS, key=first.count))
            return [(reader.line_num, fields) for fields in reader if any(map(str.strip, fields))]
    except UnicodeDecodeError:
        raise DataInvalid(
            f"{name} is no text in UTF-8, expected a .csv: save it as UTF-8"
        ) from None
    except csv.Error as error:
        raise DataInvalid(f"{name} is no .csv: {error}") from None


def _row(name: str, line: int, fields: Sequence[str], columns: Sequence[int]) -> Row:
    if len(fields) <= max(columns):
        raise DataInvalid(
            f"{name} has {len(fields)} fields in line {line}, expected at least {max(columns) + 1}"
        )
    file, label, *split = (fields[column].strip() for column in columns)
    if not file or not label:
        raise DataInvalid(
            f"{name} has no {'label' if file else 'file'} in line {line}, expected one in each line"
        )
    plain = "./" not in file and "//" not in file
    return Row(line, file if plain else os.path.normpath(file), label, *(split or ("",)))


def _columns(reading: Reading, name: str, header: Sequence[str]) -> tuple[int, ...]:
    """Return the columns of file, label and perhaps split; nothing if there is no header."""
    for column in reading.columns:
        if column not in header:
            raise UnknownName(f"column of {name}", column, header)
    if reading.columns:
        return tuple(header.index(column) for column in reading.columns)
    usual = [field.lower().replace(" ", "_").replace("-", "_") for field in header]
    files = _among(usual, FILES) or _among(usual, IDS)
    labels = _among(usual, LABELS)
    if len(files) > 1 or len(labels) > 1:
        both = [header[column] for column in (files if len(files) > 1 else labels)]
        raise DataInvalid(
            f"{name} has the columns {listed(both)}: set --task.columns FILE LABEL to those meant"
        )
    return (*files, *labels, *_among(usual, SPLITTING)[:1]) if files and labels else ()


def _among(header: Sequence[str], names: Sequence[str]) -> list[int]:
    return [column for column, field in enumerate(header) if field in names]


def _without_header(path: str, name: str, first: Sequence[str]) -> tuple[int, ...]:
    """Return the columns of a file whose first line is an image already."""
    beside = os.path.join(os.path.dirname(path), first[0])
    if len(first) in (2, 3) and first[0] and os.path.isfile(beside):
        return tuple(range(len(first)))
    raise DataInvalid(
        f"{name} has the columns {listed(first)}, expected file and label: name those meant by "
        "--task.columns FILE LABEL"
    )
