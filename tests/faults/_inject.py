"""What injects faults: files that run code when they are trusted, archives, small disks."""

import base64
import contextlib
import io
import json
import os
import pickle
import sqlite3
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest


class Canary:
    """Makes a file when it is unpickled."""

    def __init__(self, file):
        self.file = str(file)

    def __reduce__(self):
        return os.mknod, (self.file,)


def pickled(file):
    return pickle.dumps(Canary(file))


# -- poisoned files, each by a function of the file that shows that code was run -----------------
def pickle_file(path, shown):
    path.write_bytes(pickled(shown))


def sb3_zip(path, shown):
    """A crafted file of a model of Stable-Baselines3, which runs code when SB3 loads it."""
    serialized = base64.b64encode(pickled(shown)).decode()
    data = {"policy_class": {":type:": "x", ":serialized:": serialized}}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("data", json.dumps(data))
        file.writestr("_stable_baselines3_version", "2.0.0")


def torch_file(path, shown):
    import torch

    torch.save({"weights": Canary(shown)}, path)


def object_array(path, shown):
    np.save(path, np.array([Canary(shown)], dtype=object), allow_pickle=True)


def object_arrays(path, shown):
    objects = np.array([Canary(shown)], dtype=object)
    header = np.array([json.dumps({"name": "x", "space": "choices"})], dtype=object)
    with open(path, "wb") as file:
        np.savez(file, images=objects, labels=objects, tokens=objects, header=header)


def yaml_file(path, shown):
    path.write_text(f'!!python/object/apply:os.mknod ["{shown}"]\n')


def json_file(path, shown):
    """What jsonpickle and other readers of objects would take for a call."""
    call = {"py/reduce": [{"py/function": "os.mknod"}, {"py/tuple": [str(shown)]}]}
    path.write_text(json.dumps({"agent": call, "header": call, "space": call, "__class__": "os"}))


def hostile_database(path, shown):
    """A store whose tables are views, and whose triggers forge what is written."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE real (key TEXT, request TEXT, evaluation TEXT, run TEXT, checksum TEXT);
            CREATE VIEW evaluations AS SELECT * FROM real;
            CREATE TRIGGER forge INSTEAD OF INSERT ON evaluations BEGIN
                INSERT INTO real VALUES (new.key, new.request, '{}', new.run, new.checksum); END;
            PRAGMA user_version = 1;
            """
        )


POISON = {
    "pickle": pickle_file,
    "zip of SB3": sb3_zip,
    "file of torch": torch_file,
    "npy": object_array,
    "npz": object_arrays,
    "YAML": yaml_file,
    "JSON": json_file,
    "SQLite": hostile_database,
}


# -- archives ------------------------------------------------------------------------------------
def array(values=(1, 2, 3)):
    content = io.BytesIO()
    np.save(content, np.array(values))
    return content.getvalue()


def zipped(path, entries):
    """An .npz of arrays, and of entries: (name, content, Unix mode)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "images.npy", array((np.arange(30 * 64) % 251).astype(np.uint8).reshape(-1, 8, 8))
        )
        for name in ("labels.npy", "tokens.npy"):
            file.writestr(name, array(np.arange(30) % 3))
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content)


# -- disks ---------------------------------------------------------------------------------------
@contextlib.contextmanager
def small_disk(folder: Path, size: str):
    """Let a folder be a disk of its own, of a size such as ``256k``; skip where that is denied."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("a small disk is wanted: there is no mount")
    if done.returncode:
        pytest.skip(f"a small disk is wanted: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=60)


def fill(folder: Path, left: int = 0) -> Path:
    """Fill the disk of a folder with a file, but for some bytes; return the file."""
    file = folder / "filling"
    with file.open("ab", buffering=0) as writing, contextlib.suppress(OSError):
        while True:
            writing.write(bytes(4096))
    if left:
        os.truncate(file, max(0, file.stat().st_size - left))
    return file


# -- what was said ------------------------------------------------------------------------------
def said(capsys):
    """The one line that a command has said."""
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and len(error) < 400, error
    return error
