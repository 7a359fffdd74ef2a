"""Windows of two programs and of the processor's peak, in turn."""

import json
import os
import select
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

WINDOWS = 9
WINDOW = 0.3
# Compilers take this long at most to get ready.
READY = 300
# A call of the slowest takes seconds.
ANSWER = 120
# More than this part of our cores used by other processes disturbs a window, and it is done again;
DISTURBED = 0.08
# but after so many, one that is disturbed counts.
TRIES = 6
# Seconds to wait for the cores to be free before the first window.
PATIENCE = float(os.environ.get("NNET_PEERS_PATIENCE") or 20)


class Failure(Exception):
    """Why something cannot be measured, for the user."""


def cores(count):
    """That many cores, no two of them threads of one."""
    found = {}
    for core in sorted(os.sched_getaffinity(0)):
        siblings = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        found.setdefault(siblings.read_text() if siblings.exists() else core, core)
    if len(found) < count:
        raise Failure(f"{count} cores are needed, and this process may use {len(found)}")
    return list(found.values())[:count]


def surroundings(threads, folder):
    """The environment of a process that is to use so many threads."""
    pools = ["OMP", "MKL", "OPENBLAS", "RAYON"]
    limits = {f"{pool}_NUM_THREADS": str(threads) for pool in pools} | {"NPROC": str(threads), "JAX_PLATFORMS": "cpu"}
    if threads == 1:
        limits["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "MKL_", "KMP_", "GOMP_"))}
    return kept | limits | {"TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"), "PYTHONDONTWRITEBYTECODE": "1"}


class Peer:
    """A process that answers requests for windows, on as many cores as it may have threads."""

    def __init__(self, command, task, folder):
        self.errors = tempfile.TemporaryFile("w+")
        asked = ["--task", task.task, "--batch", str(task.batch), "--threads", str(task.threads)]
        self.cores = cores(task.threads)
        self.process = subprocess.Popen(
            [*command, *asked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=surroundings(task.threads, folder),
            preexec_fn=lambda: os.sched_setaffinity(0, self.cores),
        )

    def __enter__(self):
        try:
            self.about = json.loads(self.line(READY))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.errors.close()

    def line(self, seconds):
        arrived, _, _ = select.select([self.process.stdout], [], [], seconds)
        line = self.process.stdout.readline() if arrived else ""
        if not line:
            self.errors.seek(0)
            last = (self.errors.read().strip().splitlines() or ["it said nothing"])[-1]
            why = last if arrived else f"no answer in {seconds} s"
            raise Failure(f"{' '.join(map(str, self.process.args))}: {why}")
        return line

    def window(self, seconds):
        """The figure of a window, and the part of our cores that other processes used meanwhile."""
        # The threads of the program before stop looking for work.
        sleep(0.02)
        before, own, begin = busy(self.cores), self.used(), perf_counter()
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        figure = float(self.line(ANSWER))
        others = (busy(self.cores) - before) - (self.used() - own)
        return figure, others / (perf_counter() - begin) / len(self.cores)

    def used(self):
        """Processor seconds of all threads."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def busy(chosen):
    """Seconds in which those cores were not idle. The kernel counts in hundredths."""
    names, ticks = {f"cpu{core}" for core in chosen}, 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *spent = line.split()
        if name in names:
            user, nice, system, _idle, _wait, *others = map(int, spent[:8])
            ticks += user + nice + system + sum(others)
    return ticks / os.sysconf("SC_CLK_TCK")


def await_quiet(threads):
    """Waits until the cores are free for half a second, or patience ends."""
    chosen, end = cores(threads), perf_counter() + PATIENCE
    while perf_counter() < end:
        before = busy(chosen)
        sleep(0.5)
        if busy(chosen) - before < 0.5 * DISTURBED * len(chosen):
            return


def undisturbed(peer, seconds):
    """The figure of a window, tried until nothing disturbs it, and whether nothing did."""
    tried = []
    while len(tried) < TRIES:
        tried.append(peer.window(seconds))
        if tried[-1][1] <= DISTURBED:
            return tried[-1][0], True
    return min(tried, key=lambda one: one[1])[0], False


def alternate(peak, peers):
    """The median figure of the peak and of each peer, of windows in turn, and whether nearly all were undisturbed."""
    rounds, clear = [], 0
    for at in range(WINDOWS):
        # Each goes first in every other round.
        order = [peak, *(peers if at % 2 else peers[::-1])]
        found = {id(one): undisturbed(one, WINDOW / 4 if one is peak else WINDOW) for one in order}
        figures, quiet = zip(*(found[id(one)] for one in [peak, *peers]))
        rounds.append(figures)
        clear += all(quiet)
        # On a busy machine more of the same says nothing.
        if at == 2 and clear == 0:
            break
    return [median(column) for column in zip(*rounds)], clear >= WINDOWS - 2
