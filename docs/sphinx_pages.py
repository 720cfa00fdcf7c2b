"""What the site needs beyond Sphinx: formulas as MathML, which browsers draw without a network, links out of docs/,
and figures of gridsim in the gallery.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator
from sphinx_gallery.scrapers import figure_rst

from gridsim.report.figures.svg import Figure

#: Links of pages that are read on the repository too -> pages of the site that show the same file.
_OUTSIDE = {
    "(../CONTRIBUTING.md)": "(contributing.md)",
    "(../CHANGELOG.md)": "(changelog.md)",
    "(../benchmarks/peers/RESULTS.md)": "(peers.md)",
    "(../networks/kazakhstan/README.md)": "(kazakhstan.md)",
    "(../events/history/README.md)": "(known_days.md)",
    "(../networks/kazakhstan/LICENSE.md)": "(kazakhstan_licence.md)",
}


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _display(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(convert(node.astext(), display="block"))
    raise nodes.SkipNode


def _rewrite_links(app: Sphinx, name: str, source: list[str]) -> None:
    up = "../" * name.count("/")
    for link, page in _OUTSIDE.items():
        source[0] = source[0].replace(link.replace("(", f"({up}", 1), f"({up}{page[1:]}")


def scrape_figures(block: Any, variables: dict[str, Any], settings: dict[str, Any]) -> str:
    """Save the figures that a block of a gallery program made; RST that shows them."""
    shown = variables.setdefault("shown_figures", set())
    paths = []
    for name, value in variables["example_globals"].items():
        if isinstance(value, Figure) and name not in shown:
            shown.add(name)
            paths.append(str(value.save(next(variables["image_path_iterator"]).replace(".png", ".svg"))))
    return figure_rst(paths, settings["src_dir"])


def _get_sg_image_scraper() -> Any:
    """What sphinx-gallery asks a module for that is named as its scraper."""
    return scrape_figures


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_display, None))
    app.connect("source-read", _rewrite_links)
    for name in ("csv", "mermaid"):  # shown as they are
        app.add_lexer(name, TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
