"""The most stack that a program can need: the frames along its calls, added up."""

import re
import subprocess

from elf import FUNCTION

HEAD = re.compile(r"^([0-9a-f]+) <(.+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
TARGET = re.compile(r"\b([0-9a-f]+) <")
BRANCH = re.compile(r"^(bl|b(eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?|cbz|cbnz)(\.[nw])?$")


class Unbounded(Exception):
    """Why no bound can be given."""


def bound(elf, path, objdump, root):
    """Bytes of stack below the call of `root`, an ARM function, and the functions on the way to the deepest place."""
    frames = elf.frames()
    names = {s.address & ~1: s.name for s in elf.symbols if s.kind == FUNCTION}
    calls, indirect = edges(path, objdump, names)
    start = next((address for address, name in names.items() if name == root), None)
    if start is None:
        raise Unbounded(f"there is no function {root}")
    deepest = {}

    def walk(function, above):
        if function in above:
            raise Unbounded(f"{names[function]} calls itself")
        if function in indirect:
            raise Unbounded(f"{names[function]} calls what only a register knows")
        if function not in deepest:
            below = [walk(callee, above | {function}) for callee in sorted(calls.get(function, ()))]
            size, way = max(below, key=lambda found: found[0], default=(0, []))
            deepest[function] = (frame(function) + size, [names[function], *way])
        return deepest[function]

    def frame(function):
        # Functions written in assembly have no entry.
        if function not in frames:
            raise Unbounded(f"nobody says how much stack {names[function]} needs")
        return frames[function]

    return walk(start, frozenset())


def edges(path, objdump, names):
    """Which functions each function calls or jumps to, and those that call what a register holds."""
    command = [objdump, "-d", "--no-show-raw-insn", path]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    calls, indirect, current = {}, set(), None
    for line in text.splitlines():
        if head := HEAD.match(line):
            address = int(head[1], 16)
            current = address if address in names else current
            continue
        instruction = INSTRUCTION.match(line)
        if not instruction or current is None:
            continue
        operation, operands = instruction[2], instruction[3]
        target = TARGET.search(operands)
        if BRANCH.match(operation) and target:
            callee = int(target[1], 16)
            if callee in names and callee != current:
                calls.setdefault(current, set()).add(callee)
        elif operation == "blx" or (operation == "bx" and operands.strip() != "lr"):
            indirect.add(current)
    return calls, indirect
