"""Use a network that was handed over where nothing of this project is (docs/handover.md).

python -m benchmarks.fresh_environment runs/NAS-Digits-v0-reinforce-1/final/network

Makes two virtual environments: one with torch alone, one with onnxruntime and NumPy. In the first,
``network.py`` loads the weights and ``network.pt2`` is run; in the second ``network.onnx``. All
get the same random examples, images of bytes where the network reads images, and must give the
outputs that ``nas_env.load`` gives here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch

import nas_env
from benchmarks._results import save
from nas_env.command_line.flat_options import POSITIONAL
from nas_env.command_line.program import command
from nas_env.errors import NASError
from nas_env.handover import LoadedNetwork
from nas_env.handover._checks import CLOSE, EXACT, tensors
from nas_env.handover.preprocessing import of_images

PROGRAMS = Path(__file__).parent / "_fresh"
DEFAULT = Path("runs/NAS-Digits-v0-reinforce-1/final/network")
COUNTS = (1, 2, 17)  # examples of a batch
#: The packages of each environment, and the program that runs in it.
ENVIRONMENTS: Mapping[str, Sequence[str]] = {
    "with_torch": ("torch",),
    "with_onnx": ("onnxruntime", "numpy"),
}
#: The difference that each file may have.
TOLERANCES = {"network.py": EXACT, "network.pt2": EXACT, "network.onnx": CLOSE}


@dataclass(frozen=True)
class Options:
    """Use a network that was handed over where nothing of this project is.

    Attributes:
        folders: Folders of networks, as ``nas-retrain`` leaves them.
        environments: Folder that keeps the virtual environments; those that it has are taken as
            they are. By default they are made anew and removed.
    """

    folders: Annotated[tuple[Path, ...], POSITIONAL] = (DEFAULT,)
    environments: Path | None = None


def examples(network: LoadedNetwork) -> list[dict[str, Any]]:
    """Return random examples: images of bytes if there are any, what is read, the outputs."""
    generator, found = torch.Generator().manual_seed(0), []
    images, space = of_images(network.preprocessing), network.space
    for count in COUNTS:
        given = images and images.examples(count, generator)
        if given is None:
            shape = network.input_shape
            read = space.examples(network.network, shape, count, generator)
        else:
            read = (network.preprocess(given),)
        with torch.no_grad():
            outputs = list(tensors(network(*read)))
        found.append({"images": given, "read": read, "outputs": outputs})
    return found


def write(found: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Path]:
    """Write examples for both programs; return the file of each."""
    files = {"with_torch": folder / "examples.pt", "with_onnx": folder / "examples.npz"}
    torch.save(list(found), files["with_torch"])
    arrays: dict[str, Any] = {
        f"{number} {name} {place}": each.numpy()
        for number, example in enumerate(found)
        for name, value in example.items()
        if value is not None
        for place, each in enumerate(tensors(value))
    }
    np.savez(files["with_onnx"], **arrays, count=len(found))
    return files


def made(folder: Path, packages: Sequence[str]) -> Path:
    """Return the Python of a virtual environment with some packages, made if it is not there."""
    python = folder / "bin" / "python"
    if not python.is_file():
        print(f"making an environment with {' and '.join(packages)} ...", flush=True)
        try:
            venv.create(folder, with_pip=True)
            run([str(python), "-m", "pip", "install", "--quiet", *packages])
        except BaseException:  # a half of one would be taken for a whole one
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return python


def run(words: Sequence[str]) -> str:
    """Run a program in an empty folder; return what it prints.

    Raises:
        NASError: If it fails; the message has the last line of what it says.
    """
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(words, capture_output=True, text=True, cwd=empty)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise NASError(f"{' '.join(words[:4])} failed: {last[0]}")
    return done.stdout


def compare(python: Path, program: str, folder: Path, file: Path) -> dict[str, Any]:
    """Return the differences that a program finds by a Python that knows nothing of this one."""
    script = str(PROGRAMS / f"{program}.py")
    return json.loads(run([str(python), "-I", script, str(folder.resolve()), str(file)]))


def compared(folder: Path, environments: Path) -> dict[str, Any]:
    """Return what both environments say of a folder's files; print it too."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        files = write(examples(nas_env.load(folder)), Path(temporary))
        for program, packages in ENVIRONMENTS.items():
            if program == "with_onnx" and not (folder / "network.onnx").is_file():
                print(f"{folder} has no network.onnx, which the extra onnx writes")
                continue
            python = made(environments / program, packages)
            found[program] = compare(python, program, folder, files[program])
    for name, difference in differences(found).items():
        print(f"{folder}/{name} differs by {difference:.1e}, at most {TOLERANCES[name]:.0e}")
    return found


def differences(found: Mapping[str, Any]) -> dict[str, float]:
    """Return the difference of each file."""
    return {name: value for each in found.values() for name, value in each["differences"].items()}


def work(options: Options) -> int:
    """Compare all folders, and keep what is found; return the exit status."""
    with tempfile.TemporaryDirectory() as temporary:
        kept = options.environments or Path(temporary)
        found = {str(folder): compared(folder, kept) for folder in options.folders}
    line = " ".join(["python -m benchmarks.fresh_environment", *found])
    print(save("fresh_environment", line, found))
    of_all = [pair for each in found.values() for pair in differences(each).items()]
    return int(any(not value <= TOLERANCES[name] for name, value in of_all))


main = command("python -m benchmarks.fresh_environment", Options, work)

if __name__ == "__main__":
    sys.exit(main())
