"""The final training: what a search found, trained by a final recipe and tested once."""

from nas_env.final.grid import GRIDS, Grid, make_grid
from nas_env.final.plan import Plan
from nas_env.final.top import Found, best_first, top
from nas_env.final.training import FinalTraining

__all__ = ["GRIDS", "FinalTraining", "Found", "Grid", "Plan", "best_first", "make_grid", "top"]
