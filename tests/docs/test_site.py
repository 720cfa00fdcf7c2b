"""The site: generated pages are those of the tree, every page has its place, the runner of examples finds faults."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType

import pytest

from tests.support.imports import ROOT


def script(name: str) -> ModuleType:
    """A program of docs/ or benchmarks/, without running it."""
    spec = importlib.util.spec_from_file_location(name.rsplit("/", 1)[-1].removesuffix(".py"), ROOT / name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["cli", "api"])
def test_pages_made_from_the_code_are_up_to_date(name: str) -> None:
    made = script(f"docs/make_{name}.py").page()
    assert made == (ROOT / f"docs/{name}.md").read_text(encoding="utf-8"), f"run python docs/make_{name}.py"


def test_every_public_name_is_on_the_page() -> None:
    import gridsim

    page = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    missing = [name for name in gridsim.__all__ if f"gridsim.{name}\n" not in page]
    assert missing == ["Waits", "__version__"]  # an alias, and no object of its own


def test_every_page_has_its_place() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    listed = {line for block in re.findall(r"```{toctree}(.*?)```", index, re.S) for line in block.split()}
    pages = {str(path.relative_to(ROOT / "docs"))[:-3] for path in (ROOT / "docs").rglob("*.md")}
    assert {page for page in pages if not page.startswith(("decisions/0", "gallery"))} - listed == {"index"}


def test_output_that_is_shown_must_be_printed() -> None:
    runner = script("docs/run_examples.py")
    runner.check_output("a 1\n...\nb ... 3\n", "a  1\nx\nb 2 3\n")
    for shown in ("a 2", "b 2 3\na 1", "c"):
        with pytest.raises(runner.Wrong):
            runner.check_output(shown, "a  1\nb 2 3\n")


def test_blocks_are_found_with_their_marks() -> None:
    runner = script("docs/run_examples.py")
    text = """<!-- file: a.yaml -->
```yaml
b: 1
```

```bash
ls
```

<!-- output -->
```text
a.yaml
```
<!-- before: true -->
"""
    found = [(block.mark, block.argument, block.language, block.runs) for block in runner.blocks(text)]
    assert found == [
        ("file", "a.yaml", "yaml", False),
        ("", "", "bash", True),
        ("output", "", "text", False),
        ("before", "true", "", True),
    ]


def test_a_block_that_fails_is_told_with_its_line(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = script("docs/run_examples.py")
    (tmp_path / "page.md").write_text(
        "x\n\n```bash\necho 1\n```\n\n<!-- output -->\n```text\n2\n```\n\n```sh\nfalse\n```\n"
    )
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    wrong = list(runner.play("page.md"))
    assert [one.split(":")[1] for one in wrong] == ["7", "12"]
    assert "shown:   2" in wrong[0] and "exit code 1" in wrong[1]
