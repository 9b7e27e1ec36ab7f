"""The report of a run: one file of HTML that needs nothing else; of several runs, side by side.

``nas-train`` leaves it as ``report.html`` in the run's folder; ``nas-report RUN`` makes it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nas_env.files import write_bytes
from nas_env.search.reading import RunView

__all__ = ["COMPARISON", "REPORT", "compare_page", "run_page", "write_comparison", "write_report"]

REPORT = "report.html"  # in the folder of the run
COMPARISON = "comparison.html"  # beside the first of several runs


def run_page(view: RunView) -> str:
    """Return the page of a run.

    Args:
        view: The run, finished or not, from :func:`nas_env.read_run`.

    Raises:
        NASError: If its store cannot be read.
        InvalidValue: If its space or its task is not there any more.
    """
    from nas_env.report import _run

    return _run.run_page(view)


def write_report(view: RunView, path: Path | None = None) -> Path:
    """Write the page of a run, whole or not at all, and return the file.

    Args:
        view: The run, finished or not.
        path: The file; by default ``report.html`` in the run's folder.
    """
    path = view.folder / REPORT if path is None else path
    write_bytes(path, run_page(view).encode())
    return path


def compare_page(views: Sequence[RunView], folder: Path) -> str:
    """Return the page that compares several runs.

    Args:
        views: The runs, finished or not.
        folder: Folder of the page, from where it links to the runs' own pages.
    """
    from nas_env.report import _compare

    return _compare.compare_page(views, folder)


def write_comparison(views: Sequence[RunView], path: Path | None = None) -> Path:
    """Write the page that compares several runs, and return the file.

    Args:
        views: The runs, finished or not.
        path: The file; by default ``comparison.html`` beside the folder of the first run.
    """
    path = views[0].folder.parent / COMPARISON if path is None else path
    write_bytes(path, compare_page(views, path.parent).encode())
    return path
