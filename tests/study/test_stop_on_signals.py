"""A study that is asked to stop: it says so at once and finishes its block; asked again it stops now."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gridsim.io.read_run import load_run
from gridsim.study.run_study import run_study
from gridsim.study.worker import Worker
from tests.support.study_cases import small_study, table_hashes, write_study

TOLD = "finishing the block in work; press Ctrl-C again to stop now, --resume goes on\n"


def signals_at(monkeypatch: pytest.MonkeyPatch, asked: dict[int, list[int]]) -> list[int]:
    """Jobs that were run; before job k the process gets the signals ``asked[k]``."""
    ran: list[int] = []
    original = Worker.run

    def run(self: Worker, job: object) -> object:
        for number in asked.get(len(ran), []):
            os.kill(os.getpid(), number)
        ran.append(1)
        return original(self, job)  # type: ignore[arg-type]

    monkeypatch.setattr(Worker, "run", run)
    return ran


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_once_it_says_so_and_finishes_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], number: int
) -> None:
    before = {which: signal.getsignal(which) for which in (signal.SIGINT, signal.SIGTERM)}
    ran = signals_at(monkeypatch, {2: [number]})
    result = run_study(small_study(tmp_path), tmp_path / "out", workers=0, job_size=16)
    assert capfd.readouterr().err == TOLD
    assert result.status == "stopped" and result.replicates == {"day": 64} and len(ran) == 4
    assert {which: signal.getsignal(which) for which in before} == before


def test_asked_again_by_either_signal_it_stops_now_and_keeps_what_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    study, out = small_study(tmp_path), tmp_path / "out"
    run_study(study, tmp_path / "whole", workers=0)
    ran = signals_at(monkeypatch, {5: [signal.SIGTERM], 6: [signal.SIGINT]})
    with pytest.raises(KeyboardInterrupt):
        run_study(study, out, workers=0, job_size=16)
    assert capfd.readouterr().err == TOLD and len(ran) == 6
    assert load_run(out / "day").n_replicates == 64 and load_run(out / "day").damaged() == []
    monkeypatch.undo()
    assert run_study(study, out, workers=0, resume=True).reused == 96
    assert table_hashes(out) == table_hashes(tmp_path / "whole")


def test_asked_again_it_does_not_wait_for_a_process_that_is_busy(tmp_path: Path) -> None:
    """Replicate 70 takes ten minutes; the block before it is finished."""
    driver = tmp_path / "driver.py"
    driver.write_text(
        "import time\n"
        "from gridsim.engine.run import Replicates\n"
        "run = Replicates.run\n"
        "def slow(self, **options):\n"
        "    if options.get('replicate') == 70: time.sleep(600)\n"
        "    return run(self, **options)\n"
        "Replicates.run = slow\n"
        "if __name__ == '__main__':\n"
        "    from gridsim.cli import main\n"
        "    main()\n"
    )
    out = tmp_path / "out"
    command = [sys.executable, str(driver), "study", str(write_study(tmp_path)), "--out", str(out), "--workers", "1"]
    process = subprocess.Popen([*command, "--job-size", "16"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if process.poll() is not None or ((out / "day").is_dir() and load_run(out / "day").n_replicates == 64):
                break
            time.sleep(0.1)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert TOLD.encode() in iter(process.stderr.readline, b"")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode not in (0, 3)
    assert load_run(out / "day").n_replicates == 64 and load_run(out / "day").damaged() == []
