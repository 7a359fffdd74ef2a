#!/usr/bin/env python3
"""Measures, and writes the tables of `performance.md` and the picture `roofline.svg`.

    docs/performance.py                 runs the benches throughput, kernels and compile_time
    docs/performance.py kernels         runs this one; the others' last figures stay
    docs/performance.py --keep          runs none, and writes anew what was measured last

A table whose bench was not measured here stays as it is. What the benches print is kept in `performance/` in cargo's target folder. Python's own library, nothing else.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import roofline

ROOT = Path(__file__).resolve().parent.parent
BENCHES = {"throughput": ["--simd", "all"], "kernels": ["--simd", "all"], "compile_time": []}
TASKS = {
    "lenet_train": "LeNet, training",
    "lenet_predict_batch": "LeNet, prediction",
    "lenet_latency": "LeNet, prediction",
    "mlp_train": "784-256-128-10, training",
    "resnet_train": "ResNet-8, training",
}
BUILDS = {
    "check": "`cargo check`",
    "check_edited": "`cargo check` after an edit",
    "build_edited": "`cargo build` after an edit",
    "release_build": "`cargo build --release`",
}


def kept(bench):
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "performance"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{bench}.jsonl"


def run(bench):
    print(f"measuring: {bench}", file=sys.stderr)
    command = ["cargo", "bench", "--quiet", "--bench", bench, "--", "--json", *BENCHES[bench]]
    load = json.dumps({"load": os.getloadavg()[0]})
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    kept(bench).write_text(f"{load}\n{output}")


def lines(bench):
    """The bench's figures, without the load that was there before it."""
    return [json.loads(line) for line in kept(bench).read_text().splitlines()[1:]]


def busy():
    """Says so if other programs ran beside the benches."""
    measured = [bench for bench in BENCHES if kept(bench).exists()]
    loads = {bench: json.loads(kept(bench).read_text().splitlines()[0])["load"] for bench in measured}
    found = [f"{load:.0f} before `{bench}`" for bench, load in loads.items() if load > 0.5]
    if not found:
        return ""
    return f" Other programs ran as well (load average {', '.join(found)}): long times are too long, shares less wrong."


def table(head, rows):
    """Markdown; the columns after the first `head` that begins with > are aligned to the right."""
    rule = ["---:" if cell.startswith(">") else "---" for cell in head]
    rows = [[cell.lstrip(">") for cell in head], rule, *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def percent(share):
    return f"{100 * share:.0f} %"


def sets(entries):
    """Instruction sets in the order in which they were measured."""
    return list(dict.fromkeys(entry["simd"] for entry in entries))


def throughput():
    entries = lines("throughput")
    found = {(e["task"], e["batch"], e["threads"], e["simd"]): e for e in entries}
    names = sets(entries)

    def cell(subject, simd):
        entry = found.get((*subject, simd))
        if entry is None:
            return "–"
        amount = f'{entry["value"]:.1f} µs' if entry["metric"] == "us" else f'{entry["value"]:,.0f}'
        return f'{amount} ({percent(entry["fma_fraction"])})'

    subjects = list(dict.fromkeys((e["task"], e["batch"], e["threads"]) for e in entries if e["task"] != "fma_peak"))
    rows = [[TASKS[s[0]], str(s[1]), str(s[2]), *(cell(s, simd) for simd in names)] for s in subjects]
    peaks = [[f'{found["fma_peak", 0, n, simd]["value"]:.0f} GFLOP/s' for simd in names] for n in (1, 2)]
    rows += [["multiply-add peak", "", str(n), *row] for n, row in zip((1, 2), peaks)]
    return table(["samples a second", ">batch", ">threads", *(f">{simd}" for simd in names)], rows)


def kernels():
    entries = lines("kernels")
    names = sets(entries)
    found = {(e["kernel"], e["layer"], e["element"], e["simd"]): e for e in entries if "kernel" in e}

    def cell(subject, simd):
        entry = found.get((*subject, simd))
        if entry is None:
            return "–"
        # Where products are few the memory decides.
        few = entry["flop"] < 2 * entry["bytes"]
        return f'{entry["gb_per_s"]:.0f} GB/s' if few else percent(entry["fma_fraction"])

    rows = []
    for kernel, layer, element in dict.fromkeys(key[:3] for key in found):
        shape = found[kernel, layer, element, names[0]]["shape"].replace("->", "→")
        cells = [cell((kernel, layer, element), simd) for simd in names]
        samples = {"group": "16", "single": "1", "weights": ""}[element]
        rows.append([f"`{kernel}`", f"{layer}, {shape}", samples, *cells])
    return table(["kernel", "layer", ">samples", *(f">{simd}" for simd in names)], rows)


def roofs():
    entries = [entry for entry in lines("kernels") if "roof" in entry]
    names = sets(entries)

    def cell(roof, simd):
        entry = next(entry for entry in entries if (entry["roof"], entry["simd"]) == (roof, simd))
        return f'{entry["gflop_per_s"]:.0f} GFLOP/s' if roof == "fma_peak" else f'{entry["gb_per_s"]:.0f} GB/s'

    sizes = {entry["roof"]: entry.get("kib") for entry in entries}
    def label(roof, kib):
        if kib is None:
            return "multiply-add peak"
        return f"{roof}, {kib} KiB" if kib < 1024 else f"{roof}, {kib // 1024} MiB"

    rows = [[label(roof, kib), *(cell(roof, simd) for simd in names)] for roof, kib in sizes.items()]
    return table(["roof, one core", *(f">{simd}" for simd in names)], rows)


def compile_time():
    entries = lines("compile_time")
    lengths = list(dict.fromkeys(entry["layers"] for entry in entries))
    found = {(e["task"], e["network"], e["layers"]): e["seconds"] for e in entries}
    rows = [
        [BUILDS[task], network, *(f"{found[task, network, n]:.2f} s" for n in lengths)]
        for task, network in dict.fromkeys(key[:2] for key in found)
    ]
    return table(["command", "network", *(f">{n} layers" for n in lengths)], rows)


def machine():
    """What the processor and the compiler call themselves."""
    about = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":", 1)[1].strip() for line in about.splitlines() if line.startswith("model name")), "")
    compiler = subprocess.run(["rustc", "-V"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return f"{model or 'a processor without a name'}, {os.cpu_count()} hardware threads; {compiler.split(' (')[0]}.{busy()}"


def write():
    page = ROOT / "docs/performance.md"
    words = page.read_text()
    measured = [bench for bench in BENCHES if kept(bench).exists()]
    parts = {"throughput": [machine, throughput], "kernels": [roofs, kernels], "compile_time": [compile_time]}
    for part in (part for bench in measured for part in parts[bench]):
        begin, end = f"<!-- {part.__name__} -->", f"<!-- /{part.__name__} -->"
        before, rest = words.split(begin)
        words = f"{before}{begin}\n{part()}\n{end}{rest.split(end)[1]}"
    page.write_text(words)
    if "kernels" in measured:
        entries = lines("kernels")
        (ROOT / "docs/roofline.svg").write_text(roofline.picture(entries, sets(entries)[0]))


def main():
    arguments = sys.argv[1:]
    wanted = [] if arguments == ["--keep"] else arguments or list(BENCHES)
    if unknown := [name for name in wanted if name not in BENCHES]:
        sys.exit(f"error: {unknown[0]} is none of {', '.join(BENCHES)}, --keep")
    for bench in wanted:
        run(bench)
    write()


main()
