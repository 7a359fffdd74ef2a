"""What the peers written in Python share: options, data, and windows of work on request.

A peer gets ready, prints one line (of JSON, where a peer in Rust tells about itself), and then answers each line of its
standard input, a number of seconds, with its figure over a window of about that length: samples a second, or for a
`_latency` task the median microseconds of a call. So the runner can let it alternate with another program.
"""

import argparse
import statistics
import sys
from time import perf_counter

import numpy

SAMPLES = 4096
RATE = 1e-3


def request(modes):
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", required=True)
    parser.add_argument("--mode", choices=modes, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    # Of `lenet_99` only.
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--data")
    return parser.parse_args()


def noise(*shape):
    """Normal numbers."""
    return numpy.random.default_rng(1).standard_normal(shape, dtype=numpy.float32)


def classes(count):
    """A random class of ten for each sample."""
    return numpy.random.default_rng(2).integers(0, 10, count)


def cycle(items):
    """Gives the items in turn, for ever."""
    while True:
        yield from items


def serve(asked, step, finish=lambda: None, samples=None):
    """Answers requests for windows of `step`, which does `samples`; `finish` waits for what was only begun."""
    samples = samples or asked.batch
    once = timed(step, finish, 3)
    # Compilers, caches and allocators settle.
    begin = perf_counter()
    while perf_counter() - begin < 1:
        once = timed(step, finish, max(1, int(0.1 / once)))
    print("{}", flush=True)
    for line in sys.stdin:
        seconds = float(line)
        step()
        finish()
        if asked.task.endswith("_latency"):
            print(1e6 * latency(step, seconds), flush=True)
        else:
            once = timed(step, finish, max(1, int(seconds / once)))
            print(samples / once, flush=True)


def timed(step, finish, calls):
    """Seconds of a call. The number of calls is set before, for some peers queue them and return at once."""
    begin = perf_counter()
    for _ in range(calls):
        step()
    finish()
    return (perf_counter() - begin) / calls


def latency(step, seconds):
    """The median seconds of a call."""
    times, end = [], perf_counter() + seconds
    while not times or times[-1][1] < end:
        begin = perf_counter()
        step()
        times.append((begin, perf_counter()))
    return statistics.median(after - before for before, after in times)
