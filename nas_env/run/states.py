"""States on disk: tensors in safetensors, JSON values in a manifest with the tensors' SHA-256."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nas_env.files import check_form, write_json, write_parts

#: Names that safetensors has for the types of numbers.
TYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip
#: Names of the files of states, and of their halves.
OWN = re.compile(r"\d{9}\.(json|safetensors)|\.\d{9}\.(json|safetensors)\.\d+")
#: What is said of each tensor.
TENSOR = {"dtype": str, "shape": [int], "data_offsets": [int]}
_LOG = logging.getLogger(__name__)


class Stored(NamedTuple):
    """A state that was read.

    Attributes:
        number: Number of the state in its folder.
        tensors: Tensors by name, on the CPU.
        values: JSON values by name.
    """

    number: int
    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]


def write_state(
    folder: Path,
    number: int,
    tensors: Mapping[str, Tensor],
    values: Mapping[str, Any],
    *,
    kept: int,
) -> None:
    """Write a state, then delete all but the last ones; a kill always leaves a whole one.

    Args:
        folder: Folder of the states, which must exist and hold nothing else.
        number: Number of the state, higher than those before.
        tensors: Tensors by name, on any device; no second copy of them all is in memory.
        values: Plain JSON values by name.
        kept: Number of states that are kept.

    Raises:
        NASError: If it cannot be written.
    """
    digest, name = hashlib.sha256(), f"{number:09d}"
    write_parts(folder / f"{name}.safetensors", _hashed(_safetensors(tensors), digest))
    manifest = {**values, "tensors_sha256": digest.hexdigest()}
    write_json(folder / f"{name}.json", {**manifest, "sha256": _digest(manifest)})
    whole = {path.stem for path in sorted(folder.glob(f"{'[0-9]' * 9}.json"))[-kept:]}
    for path in folder.iterdir():  # halves that a kill left are among them
        if path.stem not in whole and OWN.fullmatch(path.name):
            path.unlink()


def read_state(folder: Path, form: Mapping[str, Any], *, tell: bool = False) -> Stored | None:
    """Return the newest whole state of a folder; None if there is none.

    Args:
        folder: Folder of the states.
        form: Form of the values, see :func:`~nas_env.files.check_form`.
        tell: Whether a line says so where a newer one is damaged.
    """
    damaged: list[str] = []
    for path in sorted(folder.glob("*.json"), reverse=True):
        # One that is damaged in any way is passed over for the one before.
        with suppress(OSError, ValueError, LookupError, RecursionError, struct.error):
            manifest = json.loads(path.read_text())
            check_form(manifest, {**form, "tensors_sha256": str, "sha256": str})
            content = path.with_suffix(".safetensors").read_bytes()
            whole = manifest.pop("sha256") == _digest(manifest)
            if whole and manifest["tensors_sha256"] == hashlib.sha256(content).hexdigest():
                found = Stored(int(path.stem), _tensors(content), manifest)
                if damaged and tell:
                    line = "%s is damaged: the checkpoint before it, %s, is used"
                    _LOG.warning(line, folder / damaged[0], path.stem)
                return found
        damaged.append(path.stem)
    return None


def forget_states_after(folder: Path, number: int) -> None:
    """Delete the states of a folder that have a higher number."""
    for path in folder.iterdir():
        if path.stem.isdigit() and int(path.stem) > number:
            path.unlink()


def _safetensors(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    """Yield the parts of a file of safetensors: a length, a JSON text of that length, numbers."""
    header, end = {}, 0
    for name, each in tensors.items():
        start, end = end, end + each.nbytes
        place = {"shape": list(each.shape), "data_offsets": [start, end]}
        header[name] = {"dtype": TYPES[each.dtype], **place}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield struct.pack("<Q", len(text)) + text
    for each in tensors.values():
        numbers = each.detach().cpu().contiguous().reshape(-1)
        yield numbers.view(torch.uint8).numpy().data


def _tensors(content: bytes) -> dict[str, Tensor]:
    """Return the tensors of :func:`_safetensors`; nothing but torch is needed to resume."""
    types = {name: each for each, name in TYPES.items()}
    (length,) = struct.unpack_from("<Q", content)
    begin, found = 8 + length, {}
    header = json.loads(content[8:begin])
    check_form(header, {})
    for name, each in header.items():
        check_form(each, TENSOR, f"{name}.")
        (start, end), shape = each["data_offsets"], each["shape"]
        if not 0 <= start <= end <= len(content) or min(shape, default=0) < 0:
            raise ValueError(f"{name} is outside of the file")
        if math.prod(shape) * types[each["dtype"]].itemsize != end - start:
            raise ValueError(f"{name} has another size than its shape")
        numbers = torch.empty(shape, dtype=types[each["dtype"]])
        own = numbers.view(-1).view(torch.uint8).numpy()
        own[:] = memoryview(content)[begin + start : begin + end]
        found[name] = numbers
    return found


def _hashed(parts: Iterable[bytes | memoryview], digest: Any) -> Iterator[bytes | memoryview]:
    """Yield parts that a hash is given too."""
    for part in parts:
        digest.update(part)
        yield part


def _digest(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
