"""Measurements, each printed as JSON lines."""

import fcntl
import json
import os
import re
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from math import inf
from statistics import median
from time import perf_counter

from alternate import Failure, Peer, alternate, await_quiet, cores, surroundings
from plan import REACH, RECIPE, SEEDS, Task
from programs import FOLDER, MNIST, built, cargo, command, fetch, say, version


@contextmanager
def alone():
    """Holds the lock file that NNET_PEERS_LOCK names, if any, so that measurements of others can wait for it."""
    name = os.environ.get("NNET_PEERS_LOCK")
    if not name:
        yield
        return
    with open(name, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def put(who, task, metric, value, **more):
    """Prints a line; `who` is peer, mode, and the peer beside which nnet ran, if any."""
    peer, mode, beside = who
    line = {"peer": peer, "mode": mode, "version": version(peer)} | ({"beside": beside} if beside else {})
    print(json.dumps(line | task._asdict() | {"metric": metric, "value": value} | more), flush=True)


def throughput(task, peer=None, mode=None):
    """nnet on a task, alone or in turn with a peer."""
    beside = f"{peer} {mode}" if peer else None
    say(f"{task.task} batch {task.batch} threads {task.threads}: {beside or 'nnet'}")
    with ExitStack() as stack:
        peak = stack.enter_context(Peer(command("nnet", "peak"), Task("fma_peak", 0, task.threads), FOLDER))
        ours = stack.enter_context(Peer(command("nnet", "default"), task, FOLDER))
        theirs = [stack.enter_context(Peer(command(peer, mode), task, FOLDER))] if peer else []
        await_quiet(task.threads)
        with alone():
            (gigaflops, *figures), quiet = alternate(peak, [ours, *theirs])
    own = ("nnet", ours.about["mode"], beside)
    if not peer:
        put(own, Task("fma_peak", 0, task.threads), "gflop_per_s", round(gigaflops, 1))
    mark = {} if quiet else {"disturbed": True}
    latency = task.task.endswith("_latency")
    for who, figure in zip([own, (peer, mode, None)], figures):
        operations = ours.about["flop"] * (1e6 / figure if latency else figure)
        fraction = round(operations / (1e9 * gigaflops), 5)
        put(who, task, "us" if latency else "samples_per_s", round(figure, 2), fma_fraction=fraction, **mark)


def reach(peer=None, mode=None):
    """Time to 99.0 % over the seeds, of nnet alone or in turn with a peer: the medians, and the accuracy at the end."""
    runs = {("nnet", "example", f"{peer} {mode}" if peer else None): []}
    if peer:
        runs[peer, mode, None] = []
    for seed in SEEDS:
        with alone():
            for who, figures in runs.items():
                say(f"{REACH.task}, seed {seed}: {who[0]}")
                figures.append(reach_once(*who[:2], seed))
    for who, figures in runs.items():
        seconds = median(one for one, _ in figures)
        put(who, REACH, "seconds_to_99", None if seconds == inf else round(seconds, 2))
        put(who, REACH, "accuracy", round(median(accuracy for _, accuracy in figures), 4))


def reach_once(peer, mode, seed):
    """Seconds from the start of a process to the line that tells of 99.0 %, and the accuracy of its last line."""
    with tempfile.TemporaryDirectory() as folder:
        if peer == "nnet":
            own = ["--json", "--weights", f"{folder}/lenet.safetensors"]
            program = [*command("lenet", mode), *own]
        else:
            program = [*command(peer, mode), "--task", REACH.task]
        chosen, seconds, accuracy = cores(REACH.threads), inf, 0.0
        begin = perf_counter()
        with subprocess.Popen(
            [*program, "--data", MNIST, *RECIPE, "--seed", str(seed)],
            stdout=subprocess.PIPE,
            text=True,
            env=surroundings(REACH.threads, FOLDER),
            preexec_fn=lambda: os.sched_setaffinity(0, chosen),
        ) as process:
            for line in process.stdout:
                accuracy = json.loads(line)["accuracy"]
                if accuracy >= 0.99 and seconds == inf:
                    seconds = perf_counter() - begin
    if process.returncode:
        raise Failure(f"{peer} failed, see above")
    return seconds, accuracy


def build(program):
    """A release build into an empty folder: seconds, those of all cores together, crates, bytes without symbols."""
    source = "lenet" if program == "nnet" else program
    fetch(source)
    with alone():
        before, begin = os.times(), perf_counter()
        said = cargo(source, clean=True)
        seconds, after = perf_counter() - begin, os.times()
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, built(source)], check=True)
        size = os.path.getsize(stripped.name)
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    crates = len(re.findall(r"^ *Compiling ", said, re.MULTILINE))
    who, task = (program, "release", None), Task("build", 0, len(os.sched_getaffinity(0)))
    put(who, task, "clean_build_s", round(seconds, 1))
    put(who, task, "clean_build_cpu_s", round(busy, 1))
    put(who, task, "crates", crates)
    put(who, task, "stripped_bytes", size)
