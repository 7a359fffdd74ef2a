"""The programs that are measured: where they are, how they are built, what versions they are of."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from alternate import Failure

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = Path(os.environ.get("NNET_PEERS") or ROOT / "target" / "peers").absolute()
VENV = FOLDER / "venv"
MNIST = ROOT / "examples" / "data" / "mnist"

CARGO = ["nnet", "burn", "candle"]
# Peers in Rust get every instruction that this processor has; nnet chooses while it runs, as its users have it.
NATIVE = {"RUSTFLAGS": "-Ctarget-cpu=native"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def setup():
    """A virtual environment with the peers in Python, and everything in Rust."""
    if not (VENV / "bin" / "pip").exists():
        call([sys.executable, "-m", "venv", VENV])
    call([VENV / "bin" / "pip", "install", "--quiet", "--requirement", HERE / "requirements.txt"])
    for program in ["lenet", *CARGO]:
        cargo(program)


def call(command, **options):
    say(f"$ {' '.join(map(str, command))}")
    if subprocess.run(command, stdout=sys.stderr, check=False, **options).returncode:
        raise Failure(f"{command[0]} failed, see above")


def cargo(program, clean=False):
    """Builds a peer, or `lenet`, our example. Gives what cargo said."""
    target = FOLDER / program
    own = {"CARGO_TARGET_DIR": str(target)} | (NATIVE if program in ("burn", "candle") else {})
    options = {"cwd": ROOT if program == "lenet" else HERE / program, "env": os.environ | own}
    if clean:
        shutil.rmtree(target, ignore_errors=True)
    example = ["--example", "lenet"] if program == "lenet" else []
    say(f"building {program}")
    build = ["cargo", "build", "--release", "--locked", *example]
    done = subprocess.run(build, stderr=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode:
        raise Failure(f"{program} cannot be built:\n{done.stderr}")
    return done.stderr


def fetch(program):
    call(["cargo", "fetch", "--locked", "--quiet"], cwd=ROOT if program == "lenet" else HERE / program)


def built(program):
    """Where cargo puts it."""
    path = FOLDER / program / "release"
    return path / "examples" / "lenet" if program == "lenet" else path / f"peer-{program}"


def command(peer, mode):
    """What starts a peer, or `lenet`, our example."""
    if peer == "lenet":
        return [present(built(peer))]
    if peer in CARGO:
        return [present(built(peer)), "--mode", mode]
    return [present(VENV / "bin" / "python"), HERE / "python" / f"with_{peer}.py", "--mode", mode]


def present(program):
    if not program.exists():
        raise Failure(f"{program} is missing; `run setup` makes it, in the folder that NNET_PEERS names")
    return program


@cache
def version(peer):
    if peer == "nnet":
        asked = ["git", "describe", "--always", "--dirty"]
    elif peer in CARGO:
        package = {"candle": "candle-core"}.get(peer, peer)
        return re.search(f'name = "{package}"\nversion = "(.*)"', (HERE / peer / "Cargo.lock").read_text())[1]
    else:
        asked = [VENV / "bin" / "python", "-c", f"from importlib import metadata; print(metadata.version('{peer}'))"]
    done = subprocess.run(asked, cwd=HERE, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
