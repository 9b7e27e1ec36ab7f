"""List the licences of all that this package needs, from what is installed: no network is used.

python -m benchmarks.licences            # what users install
python -m benchmarks.licences --extras dev cluster onnx

Exits with 1 where a licence is not among those that anybody may use and pass on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata

from nas_env.command_line.program import command

PACKAGE = "nas-env"
#: Words of licences by which anybody may use a package, and pass it on.
FREE = re.compile(
    r"MIT|BSD|Apache|Python|PSF|ISC|MPL|Mozilla|HPND|Unlicense|zlib|CC0|LGPL|Lesser|0BSD|Boost|PIL",
    re.IGNORECASE,
)
#: Packages of other licences, with what is to be known of them.
OTHERS = {
    "nvidia": "NVIDIA's own licence: it comes with torch for CUDA, and may not be changed",
    "torchrl": "MIT, as its repository says; its package does not",
    "cuda": "NVIDIA's own licence: it comes with torch for CUDA, and may not be changed",
    "codespell": "GPL-2.0: a program that developers run, and no part of what users install",
}
LONGEST = 60  # characters of a licence that are shown; some packages have its text there


@dataclass(frozen=True)
class Options:
    """List licences.

    Attributes:
        extras: Extras of the package whose dependencies are listed too.
    """

    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class Licence:
    """The licence of a package that is installed.

    Attributes:
        package: Name of the package.
        version: Version of the package.
        text: Licence as the package states it.
    """

    package: str
    version: str
    text: str

    @property
    def note(self) -> str:
        """A remark on the licence; empty where anybody may use the package and pass it on."""
        for start, note in OTHERS.items():
            if self.package.startswith(start):
                return note
        return "" if FREE.search(self.text) else "not known to be free"


def show(options: Options) -> int:
    """Print a line for each package; return 1 where one is not known to be free."""
    found = [licence_of(name) for name in sorted(needed(PACKAGE, options.extras))]
    for each in found:
        print(f"{each.package:28} {each.version:14} {each.text[:LONGEST]:{LONGEST}} {each.note}")
    unknown = [each.package for each in found if each.note == "not known to be free"]
    print(f"{len(found)} packages, {len(unknown)} not known to be free: {', '.join(unknown)}")
    return 1 if unknown else 0


def needed(package: str, extras: Sequence[str] = ()) -> set[str]:
    """Return the packages that one needs, directly or not, as far as they are installed."""
    found: set[str] = set()
    waiting = [(package, tuple(extras))]
    while waiting:
        for name, own in required(*waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append((name, own))
    return found


def required(package: str, extras: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the packages that one requires on this machine, with the extras that it asks for."""
    from packaging.requirements import Requirement

    for text in metadata.requires(package) or ():
        requirement = Requirement(text)
        wanted = ({"extra": extra} for extra in ("", *extras))
        if requirement.marker and not any(map(requirement.marker.evaluate, wanted)):
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        yield name, tuple(requirement.extras)


def licence_of(package: str) -> Licence:
    """Return the licence of a package: what its description states, or how its file begins."""
    about = metadata.metadata(package)

    def said(field: str) -> list[str]:
        return about.get_all(field) or []

    classifiers = [each for each in said("Classifier") if each.startswith("License :: ")]
    names = ", ".join(each.split(" :: ")[-1] for each in classifiers)
    stated = "".join(said("License-Expression")) or names or "".join(said("License"))
    stated = stated or beginning(package, said("License-File"))
    return Licence(package, metadata.version(package), " ".join(stated.split()))


def beginning(package: str, names: Sequence[str]) -> str:
    """Return the first line of the first of a package's licence files; empty without one."""
    installed = metadata.distribution(package)
    for name in names:
        lines = (installed.read_text(f"licenses/{name}") or "").split("\n", 1)
        if lines[0].strip():
            return lines[0]
    return ""


main = command("python -m benchmarks.licences", Options, show)

if __name__ == "__main__":
    sys.exit(main())
