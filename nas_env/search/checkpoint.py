"""Checkpoints: tensors in safetensors, the rest in a JSON manifest with the tensors' SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from nas_env.files import check_form, write_bytes, write_json

MANIFEST = {
    "episodes": int,
    "values": dict,
    "search": dict,
    "tensors_sha256": str,
    "sha256": str,
}
KEPT = 3  # checkpoints; the last may have been cut off, the one before is whole


@dataclass
class Checkpoint:
    """The state of a search between two advances.

    Attributes:
        episodes: Number of finished episodes.
        tensors: Tensors of the agent's state.
        values: JSON values of the agent's state.
        search: JSON values that the search itself remembers.
    """

    episodes: int
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    search: Mapping[str, Any] = field(default_factory=dict)


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, then delete all but the last three; a kill always leaves a whole one."""
    folder.mkdir(exist_ok=True)
    name = f"{checkpoint.episodes:09d}"
    content = save({k: v.contiguous().clone() for k, v in checkpoint.tensors.items()})
    write_bytes(folder / f"{name}.safetensors", content)
    manifest = {
        "episodes": checkpoint.episodes,
        "values": checkpoint.values,
        "search": checkpoint.search,
        "tensors_sha256": hashlib.sha256(content).hexdigest(),
    }
    write_json(folder / f"{name}.json", {**manifest, "sha256": _digest(manifest)})
    kept = {path.stem for path in sorted(folder.glob("*.json"))[-KEPT:]}
    for path in folder.iterdir():  # halves that a kill left are among them
        if path.stem not in kept:
            path.unlink()


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Read the newest whole checkpoint of a folder; return None if there is none."""
    for path in sorted(folder.glob("*.json"), reverse=True):
        # One that is damaged in any way is passed over for the one before.
        with suppress(OSError, ValueError, RecursionError, SafetensorError):
            manifest = json.loads(path.read_text())
            check_form(manifest, MANIFEST)
            content = path.with_suffix(".safetensors").read_bytes()
            whole = manifest.pop("sha256") == _digest(manifest)
            if whole and manifest["tensors_sha256"] == hashlib.sha256(content).hexdigest():
                return Checkpoint(
                    manifest["episodes"], load(content), manifest["values"], manifest["search"]
                )
    return None


def _digest(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
