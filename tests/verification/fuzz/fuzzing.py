"""One fuzzed input after another: success, or an InputError that says what to mend; anything else is a finding."""

from __future__ import annotations

import math
import os
import random
import resource
import shutil
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gridsim
from tests.verification.fuzz.mutations import Files, mutate
from tests.verification.fuzz.subjects import BY_NAME, SUBJECTS, Subject

HANG_S = 10.0  # of CPU time, so that a busy machine finds no hangs of its own
STUCK_S = 120.0  # of waiting
MOST_MUTATIONS = 3
RUN_EVERY = 10  # of the inputs accepted


class Hang(BaseException):
    """Raised by the alarm; no handler of Exception can swallow it."""


@dataclass
class Report:
    """Counts of one fuzzing run, and a line for each finding."""

    n_inputs: int = 0
    n_refused: int = 0
    n_run: int = 0
    by_subject: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    wall_s: float = 0.0
    peak_mb: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.n_inputs} inputs, {self.n_refused} refused, {self.n_inputs - self.n_refused} accepted, "
            f"{self.n_run} of them run, {len(self.findings)} findings, {self.wall_s:.0f} s, {self.peak_mb:.0f} MB"
        )


def fuzz(n_inputs: int, seed: int, save_to: Path, *, minutes: float = math.inf) -> Report:
    """Try ``n_inputs`` inputs, or as many as ``minutes`` allow; what goes wrong is made small and saved as a case."""
    report, began = Report(), time.monotonic()
    for index in range(n_inputs):
        if time.monotonic() - began > minutes * 60:
            break
        subject = _subject(seed, index)
        chosen = [f"{seed}/{index}/{k}" for k in range(1 + random.Random(f"{seed}/{index}").randrange(MOST_MUTATIONS))]
        report.n_inputs += 1
        report.by_subject[subject.name] += 1
        runs = index % RUN_EVERY == 0
        wrong, accepted = attempt(subject, _mutated(subject, chosen), run=runs)
        report.n_refused += not accepted
        report.n_run += accepted and runs
        if wrong:
            chosen = _fewest(subject, chosen, wrong, runs)
            case = save(subject, _mutated(subject, chosen), save_to / f"{subject.name}-{seed}-{index}")
            report.findings.append(f"{case}: {wrong}")
    report.wall_s = time.monotonic() - began
    report.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return report


def attempt(subject: Subject, files: Files, *, run: bool) -> tuple[str, bool]:
    """(what is wrong or "", whether the input was accepted) of one input; ``run``: play its six hours if accepted."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    accepted = False
    try:
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        with _alarm():
            found = subject.read(folder)
            accepted = True
            if run and found is not None:
                system, scenario = found
                return _not_finite(gridsim.run(system, scenario, seed=1)), True
    except gridsim.InputError as error:
        return _unclear(error), accepted
    except gridsim.GridsimError as error:
        # a run may find what reading cannot know; it says so in one line
        return ("" if accepted and str(error) else f"{type(error).__name__}: {error}"), accepted
    except Hang:
        return f"took over {HANG_S:g} s", accepted
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:150]}", accepted
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return "", accepted


def save(subject: Subject, files: Files, folder: Path) -> Path:
    """Write a case: the files, only those that differ from the subject's own, and its name."""
    own = subject.files()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "subject").write_text(subject.name)
    lost = sorted(own.keys() - files.keys())
    (folder / "lost").write_text("\n".join(lost))
    for name, data in files.items():
        if own.get(name) != data:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
    return folder


def load(folder: Path) -> tuple[Subject, Files]:
    """A case that :func:`save` wrote."""
    subject = BY_NAME[(folder / "subject").read_text()]
    files = dict(subject.files())
    for name in (folder / "lost").read_text().split():
        files.pop(name, None)
    for file in folder.rglob("*"):
        if file.is_file() and file.name not in ("subject", "lost"):
            files[str(file.relative_to(folder))] = file.read_bytes()
    return subject, files


def _subject(seed: int, index: int) -> Subject:
    return random.Random(f"subject/{seed}/{index}").choices(SUBJECTS, [subject.share for subject in SUBJECTS])[0]


def _mutated(subject: Subject, chosen: list[str]) -> Files:
    files = subject.files()
    for one in chosen:
        files = mutate(one, files, subject.kinds)
    return files


def _fewest(subject: Subject, chosen: list[str], wrong: str, run: bool) -> list[str]:
    """The mutations without those that the finding does not need."""
    kind = wrong.split(":")[0]
    for one in list(chosen):
        fewer = [other for other in chosen if other != one]
        if fewer and attempt(subject, _mutated(subject, fewer), run=run)[0].split(":")[0] == kind:
            chosen = fewer
    return chosen


def _unclear(error: gridsim.InputError) -> str:
    for problem in error.problems:
        if not problem.file or not problem.value or not problem.mend:
            return f"a problem without place or mend: {problem}"
        text = str(problem)
        if not text.isprintable() and any(ord(letter) < 32 and letter != "\n" for letter in text):
            return f"control characters reach the terminal: {problem!r}"
    return ""


def _not_finite(result: Any) -> str:
    frame = gridsim_frame(result)
    wrong = frame[frame["value"].notna() & ~frame["value"].map(math.isfinite)]
    return f"not finite: {wrong.iloc[0].to_dict()}" if len(wrong) else ""


def gridsim_frame(result: Any) -> Any:
    """The metrics of a run as a frame."""
    from gridsim.results.metrics import to_frame

    metrics = result.metrics
    return to_frame(metrics) if isinstance(metrics, tuple) else metrics


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, HANG_S), (signal.SIGALRM, signal.ITIMER_REAL, STUCK_S))
    before = [(sign, signal.signal(sign, ring)) for sign, _, _ in timers]
    for _, timer, seconds in timers:
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for _, timer, _ in timers:
            signal.setitimer(timer, 0.0)
        for sign, handler in before:
            signal.signal(sign, handler)
