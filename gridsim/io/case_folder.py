"""The folder of one case of a study: its inputs, the manifest of its finished blocks, a file per table and block."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from gridsim.errors import InputError
from gridsim.io.manifest import MANIFEST, has_mark, is_0_1, plain_content, read_manifest, sealed
from gridsim.io.owned import refuse
from gridsim.io.store import BLOCK_REPLICATES, storing, to_arrow
from gridsim.io.study_inputs import stop_of
from gridsim.io.study_jobs import JobResult
from gridsim.io.whole_files import content_of, damaged, entry_of, part_name, write_file, write_json, write_table
from gridsim.model.study import Case, Study


class CaseFolder:
    """One case's run folder as the study writes it. ``blocks``: finished ones by number, as in the manifest.

    ``place``: the folder's path once the study has its final one, if that is not ``path`` yet. ``inputs``: the study's.
    """

    def __init__(self, path: Path, place: Path, case: Case, study: Study, inputs: str, tables: Mapping[str, Any]):
        self.path = path
        self.place = place
        self._schemas: Mapping[str, Sequence[Any]] = tables
        self.blocks: dict[int, dict[str, Any]] = {}
        self._scripts = [shlex.quote(os.path.abspath(file)) for file in case.scenario.script_files]
        self._head: dict[str, Any] = {
            "status": "running",
            "scenario": case.name,
            "network": case.system.name,
            "variant": case.scenario.variant,
            "network_hash": case.system.content_hash,
            "network_licence": case.system.licence,
            "changes": dict(case.changes),
            "seed": study.seed,
            "replicates": study.replicates,
            "stop": stop_of(study),
            "block_replicates": BLOCK_REPLICATES,
            "inputs": inputs,
            "tables": sorted(tables),
        }
        text = yaml.safe_dump(case.keys, sort_keys=False, allow_unicode=True)
        self._inputs = {"scenario.yaml": text.encode()} | {
            Path(file).name: Path(file).read_bytes() for file in case.files
        }
        self._files = {name: entry_of(content) for name, content in self._inputs.items()}

    def create(self) -> None:
        """Folder, an empty manifest, and the files it names."""
        with storing(self.path, resumable=True):
            self.path.mkdir(parents=True, exist_ok=True)
        self.write_manifest()
        for name, content in self._inputs.items():
            write_file(self.path / name, content)

    def take_over(self) -> list[Path]:
        """Go on with what an earlier study left; gives the files that were not what was written."""
        file = self.path / MANIFEST
        if not file.exists():
            self.create()
            return []
        manifest = self._known(file)
        if manifest is None:
            self.create()
            return [file]
        self.blocks = {block["block"]: block for block in manifest["blocks"] if self._is_block(block)}
        bad = damaged(self.parts())
        for block in {block for block, _ in bad}:
            del self.blocks[block]
        mended = [part for _, part in bad]
        for name, content in self._inputs.items():
            if content_of(self.path / name) != content:
                write_file(self.path / name, content)
                mended.append(self.path / name)
        return mended

    def _known(self, file: Path) -> dict[str, Any] | None:
        """The manifest, None if it is damaged; InputError if somebody else's file stands there."""
        refuse_foreign(file)
        with contextlib.suppress(InputError):
            manifest = read_manifest(file)
            return manifest if manifest.get("inputs") == self._head["inputs"] else None
        return None

    def _is_block(self, block: Mapping[str, Any]) -> bool:
        """True if a block is one of the schedule."""
        first = block["block"] * BLOCK_REPLICATES
        count = min(BLOCK_REPLICATES, self._head["replicates"] - first)
        return count > 0 and (block["first"], block["count"]) == (first, count)

    def write_manifest(self, **changes: Any) -> None:
        """Say what is finished. Only what is written here counts."""
        self._head |= changes
        blocks = [self.blocks[number] for number in sorted(self.blocks)]
        failed = [{"replicate": f["replicate"], "error": f["error"], "replay": self.replay(f["replicate"])}
                  for block in blocks for f in block["failed"]]  # fmt: skip
        content = {**self._head, "files": self._files, "failed": failed, "blocks": blocks}
        write_json(self.path / MANIFEST, sealed(MANIFEST, "case", content))

    def write_table(self, name: str, arrow: Any) -> None:
        """Write a table about the whole case; the next manifest names it."""
        self._files[name] = write_table(self.path / name, arrow)

    def replay(self, replicate: int, folder: Path | None = None) -> str:
        """The command that runs one replicate alone, of the scenario in ``folder`` instead of in the final place."""
        seed = self._head["seed"]
        scripts = "".join(f" --script {file}" for file in self._scripts)
        return f"gridsim run {(folder or self.place) / 'scenario.yaml'}{scripts} --seed {seed} --replicate {replicate}"

    @property
    def failed(self) -> list[dict[str, Any]]:
        """{replicate, error, traceback} of every failed replicate of finished blocks."""
        return [failure for number in sorted(self.blocks) for failure in self.blocks[number]["failed"]]

    def add_block(self, block: int, first: int, count: int, results: Sequence[JobResult]) -> None:
        """Join jobs in replicate order into one file per table, then say so in the manifest."""
        import pyarrow as pa

        entries = {}
        for name, schema in self._schemas.items():
            parts = [result.tables[name] for result in results if name in result.tables]
            table = pa.concat_tables(parts) if parts else to_arrow(schema, {column.name: [] for column in schema})
            # One chunk: pages of the file must not show where jobs began.
            entries[name] = self._write_part(name, block, table.combine_chunks())
        failed = [failure for result in results for failure in result.failed]
        self.blocks[block] = {"block": block, "first": first, "count": count, "failed": failed, "tables": entries}
        self.write_manifest()

    def _write_part(self, table: str, block: int, arrow: Any) -> dict[str, Any]:
        path = self.path / table / part_name(block)
        with storing(path, resumable=True):
            path.parent.mkdir(exist_ok=True)
        return write_table(path, arrow)

    def parts(self) -> list[tuple[int, Path, str]]:
        """(block, file, SHA-256) of every part that the manifest counts."""
        return [
            (number, self.path / table / part_name(number), entry["sha256"])
            for number, block in sorted(self.blocks.items())
            for table, entry in block["tables"].items()
        ]


def refuse_foreign(file: Path) -> None:
    """InputError if somebody else's file stands in the place of a manifest; a damaged or empty one is ours to mend."""
    plain = plain_content(file)
    if file.is_dir() or (plain and not has_mark(file.name, plain) and not is_0_1(file.name, plain)):
        refuse(file, "is not what gridsim writes there", "move it away and go on with --resume")
