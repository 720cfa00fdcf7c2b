"""Order of replicates: blocks of 64, cut into jobs; a stop rule looks after blocks 1, 2, 4, 8 ..."""

from __future__ import annotations

from collections.abc import Callable

from gridsim.io.store import BLOCK_REPLICATES
from gridsim.io.study_jobs import Job


class CasePlan:
    """Remaining work of one case. ``next_job`` gives None while nothing can begin before a stop rule has looked."""

    def __init__(self, case: int, replicates: int, finished: set[int], enough: Callable[[int], bool] | None):
        self.case = case
        self.replicates = replicates
        self.n_blocks = -(-replicates // BLOCK_REPLICATES)
        self.finished = set(finished)
        self._enough = enough
        self._open: dict[int, int] = {}  # block -> first replicate not given out
        self._missing: dict[int, int] = {}  # block -> replicates not yet done
        self._next_block = 0
        self._looked = 0
        self.stopped = False
        self._look()

    def bounds(self, block: int) -> tuple[int, int]:
        """First replicate of a block and how many it has."""
        first = block * BLOCK_REPLICATES
        return first, min(BLOCK_REPLICATES, self.replicates - first)

    @property
    def done(self) -> bool:
        return self.stopped or len(self.finished) == self.n_blocks

    @property
    def n_remaining(self) -> int:
        """Replicates still to run, at most."""
        if self.done:
            return 0
        whole = sum(self.bounds(block)[1] for block in range(self.n_blocks) if block not in self.finished)
        return whole - sum(self.bounds(block)[1] - missing for block, missing in self._missing.items())

    def _begin(self, block: int) -> None:
        first, count = self.bounds(block)
        self._open[block], self._missing[block] = first, count

    def next_job(self, size: int, *, new_blocks: bool = True) -> Job | None:
        """The next run of at most ``size`` replicates inside one block."""
        for block in sorted(self._open):
            first, count = self.bounds(block)
            at, end = self._open[block], first + count
            if at < end:
                job = Job(self.case, at, min(size, end - at))
                self._open[block] = at + job.n
                return job
        while new_blocks and not self.done and self._next_block < self._limit():
            block = self._next_block
            self._next_block += 1
            if block not in self.finished and block not in self._open:
                self._begin(block)
                return self.next_job(size)
        return None

    def take(self, jobs: list[Job]) -> list[Job]:
        """Count jobs that were finished before; returns those that fit. Their block must still be whole afterwards."""
        fitting = []
        for block in sorted({job.block for job in jobs}):
            first, count = self.bounds(block)
            at = first
            self._begin(block)
            for job in sorted((job for job in jobs if job.block == block), key=lambda job: job.first):
                if job.first == at and job.first + job.n <= first + count:
                    at = job.first + job.n
                    fitting.append(job)
                    self._missing[block] -= job.n
            self._open[block] = at
        return fitting

    def count(self, job: Job) -> bool:
        """Count a finished job; True when its block is whole."""
        self._missing[job.block] -= job.n
        return self._missing[job.block] == 0

    def close_block(self, block: int) -> None:
        """A block is in the manifest; the stop rule may look."""
        del self._open[block], self._missing[block]
        self.finished.add(block)
        self._look()

    def is_whole(self, block: int) -> bool:
        """True if every replicate of an open block is done."""
        return self._missing.get(block) == 0

    @property
    def open_blocks(self) -> list[int]:
        return sorted(self._open)

    def _limit(self) -> int:
        """Blocks that may begin: up to the next look of the stop rule."""
        if self._enough is None:
            return self.n_blocks
        ahead = 1
        while ahead <= self._looked:
            ahead *= 2
        return min(ahead, self.n_blocks)

    def _look(self) -> None:
        """Look at every checkpoint whose blocks are all finished, in order."""
        if self._enough is None:
            return
        while not self.stopped and (limit := self._limit()) > self._looked:
            if not all(block in self.finished for block in range(limit)):
                return
            self._looked = limit
            self.stopped = self._enough(limit)
