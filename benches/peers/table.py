"""The table of ratios, as Markdown, from JSON lines."""

import json

from plan import PEERS, REACH, TASKS, Task

BUILD = {"clean_build_s": "clean release build, s", "crates": "crates", "stripped_bytes": "stripped program, bytes"}
UNITS = {"samples_per_s": "samples/s", "us": "µs", "seconds_to_99": "s"}


def read(files):
    lines = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    lines.append(json.loads(line))
                except json.JSONDecodeError as error:
                    raise ValueError(f"{name}:{number}: {error}") from error
    return lines


def of(line):
    return Task(line["task"], line["batch"], line["threads"])


def disturbed(lines):
    """The peers, modes and tasks whose latest figures are disturbed; without a peer where nnet ran alone."""
    figures = [line for line in lines if line.get("metric") in UNITS and "beside" not in line]
    latest = {(line["peer"], line["mode"], of(line)): line for line in figures}
    for (peer, mode, task), line in latest.items():
        if line.get("disturbed"):
            yield task, *((None, None) if peer == "nnet" else (peer, mode))


def pairs(lines):
    """The latest line of each peer, mode and task, and nnet's: of the same run, or a later one of nnet alone."""
    theirs, ours = {}, {}
    for at, line in enumerate(lines):
        if line.get("metric") not in UNITS:
            continue
        if line["peer"] != "nnet":
            theirs[f"{line['peer']} {line['mode']}", of(line)] = line
        else:
            ours[line.get("beside"), of(line)] = at, line
    for (peer, task), line in theirs.items():
        found = [ours[beside, task] for beside in (peer, None) if (beside, task) in ours]
        if found:
            yield line, max(found, key=lambda pair: pair[0])[1]


def ratio(theirs, ours):
    """How many times faster nnet is; by the shares of the peak, for the two may be of different runs."""
    if "fma_fraction" in theirs:
        return ours["fma_fraction"] / theirs["fma_fraction"]
    if theirs["value"] is None or ours["value"] is None:
        return None
    return theirs["value"] / ours["value"]


def disturbed_pair(theirs, ours):
    return theirs.get("disturbed") or ours.get("disturbed")


def number(value):
    if value is None:
        return "not reached"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def times(value):
    return "–" if value is None else f"{value:.2f}"


def rows(header, body):
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join('---' if at == 0 else '---:' for at in range(len(header)))}|"
    for row in body:
        yield f"| {' | '.join(row)} |"


def name(task):
    return f"`{task.task}` batch {task.batch}, {task.threads} thread{'s' if task.threads > 1 else ''}"


def summary(found):
    """A row a task: nnet against the best mode of each peer."""
    best = {}
    for theirs, ours in found:
        place = theirs["peer"], of(theirs)
        value = ratio(theirs, ours)
        if value is not None and (place not in best or value < best[place][0]):
            best[place] = value, theirs["mode"], "*" if disturbed_pair(theirs, ours) else ""
    for task in [*TASKS, REACH]:
        cells = [best.get((peer, task)) for peer in PEERS]
        if any(cells):
            yield name(task), *(f"{times(cell[0])}{cell[2]} ({cell[1]})" if cell else "" for cell in cells)


def details(found):
    order = {task: at for at, task in enumerate([*TASKS, REACH])}

    def place(pair):
        return order[of(pair[0])], PEERS.index(pair[0]["peer"]), pair[0]["mode"]

    for theirs, ours in sorted(found, key=place):
        task, unit = of(theirs), UNITS[theirs["metric"]]
        share = [f"{100 * line['fma_fraction']:.1f} %" if "fma_fraction" in line else "" for line in (theirs, ours)]
        mark = "*" if disturbed_pair(theirs, ours) else ""
        figures = [f"{number(line['value'])} {unit}" for line in (theirs, ours)]
        peer = f"{theirs['peer']} {theirs['mode']}"
        yield f"{name(task)}: {peer}", figures[0], share[0], figures[1], share[1], times(ratio(theirs, ours)) + mark


def builds(lines):
    found = {}
    for line in lines:
        if line.get("task") == "build":
            found.setdefault(line["peer"], {})[line["metric"]] = line["value"]
    for peer, values in found.items():
        yield peer, *(f"{values[metric]:,}" if metric in values else "" for metric in BUILD)


def markdown(lines):
    found = list(pairs(lines))
    machine = next((line for line in lines if "cpu" in line), None)
    versions = {line["peer"]: line["version"] for line in lines if "peer" in line}
    peaks = {line["threads"]: line["value"] for line in lines if line.get("task") == "fma_peak"}
    yield "# nnet beside its peers"
    yield ""
    if machine:
        programs = ", ".join(f"{peer} {version}" for peer, version in versions.items())
        yield f"{machine['cpu']}, {machine['cores']} cores, {machine['date']}: {programs}."
    if peaks:
        each = ", ".join(f"{value:,.0f} GFLOP/s on {threads}" for threads, value in sorted(peaks.items()))
        yield f"Multiply-add peak of the active instruction set, by number of threads: {each}."
    yield ""
    yield "How many times faster nnet is than the best mode of each (above 1: nnet is faster). A star: other"
    yield "processes took more than a few percent of the cores meanwhile."
    yield ""
    yield from rows(["task", *PEERS], summary(found))
    yield ""
    yield "Every mode. The shares are of the multiply-add peak in the same run; `lenet_99` is the time from the start of"
    yield "a process until 99.0 % of MNIST's test images are told right."
    yield ""
    yield from rows(["task and peer", "peer", "of the peak", "nnet", "of the peak", "nnet / peer"], details(found))
    if built := list(builds(lines)):
        yield ""
        yield "Built from nothing, with the sources already fetched: nnet's `examples/lenet.rs`, and the others' programs of this folder."
        yield ""
        yield from rows(["program", *BUILD.values()], built)
