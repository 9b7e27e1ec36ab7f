"""Sphinx's configuration; ``make docs`` builds the site.

The repository's own pages are the source, where they lie, so that their links lead to the same
place here and on the forge. The pages of catalogues and the API reference are written beside them
before each build (``docs/catalogue``, ``docs/api``: never committed).
"""

import os
import sys
from importlib.metadata import version as installed
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(ROOT), str(DOCS)]
# Importing a library for its docstrings should not start its services.
os.environ |= {"WANDB_MODE": "disabled", "OMP_NUM_THREADS": "1"}

from _site import docstrings, names, pages  # noqa: E402 - the path is set above

project = "nas-env"
author = "The nas-env developers"
version = release = installed("nas-env")

root_doc = "docs/index"
include_patterns = ["docs/**", "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
exclude_patterns = ["docs/_site/**", "docs/_templates/**", "build/**", "tests/**", "runs/**"]
exclude_patterns += [".[a-z]*/**"]  # ".*" would leave out the files of _static as well
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]

# -- Markdown ---------------------------------------------------------------------------------
myst_heading_anchors = 4  # the forge's anchors
myst_enable_extensions = ["colon_fence", "html_image"]
suppress_warnings = ["misc.highlighting_failure"]  # a `…` in a block of JSON
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# -- docstrings -------------------------------------------------------------------------------
autodoc_default_options = {"show-inheritance": True, "member-order": "bysource", "no-value": True}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True
add_module_names = False

# -- the pages --------------------------------------------------------------------------------
html_theme = "furo"
html_title = "nas-env"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
html_additional_pages = {"index": "to_the_docs.html"}
templates_path = ["_templates"]


def setup(app):
    """Write the generated pages before Sphinx looks for pages, and read our docstrings."""
    app.connect("builder-inited", lambda app: pages.write(DOCS))
    app.connect("autodoc-process-docstring", docstrings.convert, priority=400)  # before napoleon
    app.connect("missing-reference", names.resolve)
    app.connect("html-page-context", _open_one_branch, priority=400)  # before furo


def _open_one_branch(app, pagename, templatename, context, doctree):
    """List in the sidebar what lies below the present page's chapter alone: half of the build."""
    if toctree := context.get("toctree"):
        context["toctree"] = lambda **options: toctree(**{**options, "collapse": True})
