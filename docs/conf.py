"""Sphinx's settings: `pip install --editable '.[docs]'`, then `sphinx-build -W docs site`. Needs no network."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from gridsim import __version__  # noqa: E402

project = "gridsim"
author = "the gridsim developers"
copyright = "the gridsim developers; texts and code MIT"
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "sphinx_pages",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["gallery_source/*", "sg_execution_times.rst"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
smartquotes = False

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"gridsim {version}"
html_static_path = ["static"]
html_css_files = ["formulas.css"]
html_show_sourcelink = False

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": False}

#: `-D plot_gallery=0` builds the site without running the three programs.
sphinx_gallery_conf = {
    "examples_dirs": "gallery_source",
    "gallery_dirs": "gallery",
    "image_scrapers": ("sphinx_pages",),
    "capture_repr": ("_repr_html_", "__repr__"),
    "matplotlib_animations": False,
    "reset_modules": (),
    "show_memory": False,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "remove_config_comments": True,
}
