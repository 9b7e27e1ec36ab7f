"""The common style of axes, whatever a user's matplotlibrc says."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from nas_env.drawing._palette import FAINT, INK, MUTED, PAPER
from nas_env.drawing._type import FAMILY


def dress(axes: Axes, x: str, y: str) -> None:
    """Set the style of axes and grid, and write what they show.

    Args:
        axes: The axes.
        x: Label of the horizontal one.
        y: Label of the vertical one.
    """
    style: dict[str, Any] = {"fontsize": 9, "family": FAMILY, "color": INK}
    axes.set_xlabel(x, **style)
    axes.set_ylabel(y, **style)
    axes.grid(True, color=FAINT, lw=0.5, alpha=0.6, ls="-")
    axes.set_axisbelow(True)
    axes.set_facecolor(PAPER)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_edgecolor(FAINT)
    axes.tick_params(labelsize=8, labelcolor=MUTED, color=FAINT, labelfontfamily=FAMILY)
