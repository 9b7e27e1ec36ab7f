"""The installed command ``nas-show``: the drawing of an architecture, on the screen or in a file.

nas-show runs/NAS-Digits-v0-reinforce-1
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nas_env import drawing
from nas_env.command_line._help import readable
from nas_env.command_line._options import main_of, read_options
from nas_env.command_line._shown import Shown, find
from nas_env.command_line._words import first_as
from nas_env.env.film import draw_strip, save_film
from nas_env.errors import InvalidValue, NASError

PROGRAM = "nas-show"
ABOUT = "Draw an architecture: of a run its best, of a file of JSON, or of the literature."
MORE = """
A picture is opened where there is a display; otherwise it is written, and its name is printed.
"""
ENDINGS = (".svg", ".png", ".gif")
OPENERS = {"darwin": "open", "linux": "xdg-open"}


@dataclass(frozen=True)
class Options:
    """Draw an architecture.

    Attributes:
        what: A run's folder, a file of JSON, published:NAME, or - for JSON that is piped in; it
            may also stand alone, as the first word.
        child: Number of a child of the run, from 1; by default its best.
        out: File to write, .svg or .png; a .gif shows the architecture as it is designed.
        strip: Draw so many moments of its design side by side.
        text: Print it as text.
    """

    what: str | None = None
    child: int | None = None
    out: Path | None = None
    strip: int | None = None
    text: bool = False


def _read(words: Sequence[str]) -> Options:
    """Return what a command line asks for."""
    piped = words[:1] == ["-"]
    line = ["--what", *words] if piped else first_as("--what", words)
    found = read_options(Options(), line, PROGRAM, ABOUT, MORE)
    options = Options(found.what, found.child, found.out, found.strip, found.text)
    if options.what is None:
        raise InvalidValue(f"what to show is missing: {PROGRAM} RUN, FILE.json or published:NAME")
    _check(options)
    return options


def _check(options: Options) -> None:
    """Refuse options that contradict each other."""
    ending = options.out.suffix.lower() if options.out else None
    if ending is not None and ending not in ENDINGS:
        raise InvalidValue(
            f"--out is {options.out}, expected a name that ends in .svg, .png or .gif"
        )
    if options.text and options.out:
        raise InvalidValue("--text prints the drawing, --out writes it: expected one of them")
    if options.strip is not None and options.strip < 1:
        raise InvalidValue(f"--strip is {options.strip}, expected 1 or more")
    if options.strip is not None and (options.text or ending == ".gif"):
        raise InvalidValue("--strip is a picture, expected no --text and no .gif with it")


def _show(options: Options) -> None:
    """Find the architecture and show it as it is asked for."""
    assert options.what is not None
    shown = find(options.what, options.child)
    if options.text:
        with readable():
            print(drawing.text_graph(shown.vertices, shown.title, shown.notes))
        return
    if options.out is not None:
        _write(shown, options.out, options.strip)
        print(options.out)
        return
    picture = _scratch(shown.name)
    _write(shown, picture, options.strip)
    if not _open(picture):
        print(picture)


def _write(shown: Shown, path: Path, strip: int | None) -> None:
    """Write the picture."""
    try:
        if path.suffix.lower() == ".gif":
            save_film(shown.space, shown.played(), path, shown.result)
        elif strip is not None:
            result = shown.result
            figure = draw_strip(shown.space, shown.played(), strip, shown.title, result)
            drawing.save(figure, path)
        else:
            drawing.save(drawing.draw_graph(shown.vertices, shown.title, shown.notes), path)
    except OSError as error:
        raise NASError(f"{path} cannot be written: {error.strerror or error}") from None


def _scratch(name: str) -> Path:
    """Return the place of a picture that nobody named: in this folder, or a temporary one."""
    if _opener() is None:
        return Path(f"{name}.svg")
    return Path(tempfile.mkdtemp(prefix="nas-show-")) / f"{name}.svg"


def _open(picture: Path) -> bool:
    """Open a picture in the desktop's viewer; return whether there is one."""
    opener = _opener()
    if opener is None:
        return False
    command, nowhere = [opener, str(picture)], subprocess.DEVNULL
    return subprocess.run(command, stdout=nowhere, stderr=nowhere, check=False).returncode == 0


def _opener() -> str | None:
    """Return the program that opens a picture; None where there is no display."""
    display = sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys()
    return shutil.which(OPENERS.get(sys.platform, "")) if display else None


main = main_of(PROGRAM, _read, _show, stopped="")

if __name__ == "__main__":
    sys.exit(main())
