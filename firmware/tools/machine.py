"""What this machine has to build and run firmware with, and how to get what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

# Unpacked, not installed: Debian's QEMU conflicts with newer qemu-utils, which apt would remove.
QEMU = ["qemu-system-arm", "qemu-system-misc", "qemu-system-common", "qemu-system-data"]
QEMU_PROGRAMS = ["qemu-system-arm", "qemu-system-riscv32"]


class Missing(Exception):
    """What this machine has not, and why it could not be had."""


class Machine:
    """The programs that build and run firmware."""

    def __init__(self, target):
        """Finds them, or installs what is missing; `target` is the folder for what is built."""
        self.target = target
        qemu = target / "tools" / "qemu"
        os.environ["PATH"] += f"{os.pathsep}{qemu / 'usr/bin'}"
        if missing := self._missing():
            install(missing)
        if not all(shutil.which(program) for program in QEMU_PROGRAMS):
            unpack(QEMU, qemu)
        self._need()

    def _missing(self):
        """Looks around, and names Debian's packages for what is not there."""
        self.rustc = next(filter(has_source, compilers()), None)
        self.objdump = shutil.which("arm-none-eabi-objdump")
        self.linker = shutil.which("ld.lld") or (self.rustc and linker_of(self.rustc))
        missing = [] if self.rustc else ["rustc-web", "rust-web-src"]
        missing += [] if self.linker else ["lld"]
        return missing + ([] if self.objdump else ["binutils-arm-none-eabi"])

    def _need(self):
        if missing := self._missing():
            raise Missing(f"{', '.join(missing)}: installed, and not to be found")
        for program in QEMU_PROGRAMS:
            if not shutil.which(program):
                raise Missing(f"there is no {program}")

    def need_browser(self):
        """Chromium and its driver."""
        programs = {"chromium": "chromium", "chromedriver": "chromium-driver"}
        missing = [package for program, package in programs.items() if not shutil.which(program)]
        if missing:
            install(missing)

    def environment(self):
        """Of a build for a board. The library is built with the compiler that it belongs to."""
        return os.environ | {"RUSTC": self.rustc, "RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": "-Zemit-stack-sizes"}

    def build(self):
        """The command that builds for a board, or for WebAssembly."""
        board = f"target.'cfg(target_os=\"none\")'.linker={str(self.linker)!r}"
        wasm = f"target.wasm32-unknown-unknown.linker={str(shutil.which('wasm-ld') or self.linker)!r}"
        return ["cargo", "build", "--release", "--quiet", "-Zbuild-std=core", "--config", board, "--config", wasm]


def compilers():
    """The compiler that cargo would use, then Debian's."""
    return [rustc for rustc in (shutil.which("rustc"), "/usr/bin/rustc") if rustc and Path(rustc).exists()]


def sysroot(rustc):
    done = subprocess.run([rustc, "--print", "sysroot"], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def has_source(rustc):
    return (sysroot(rustc) / "lib/rustlib/src/rust/library/Cargo.lock").exists()


def linker_of(rustc):
    return next((str(path) for path in sysroot(rustc).glob("lib/rustlib/*/bin/rust-lld")), None)


def can_install(packages):
    """Fails if this user cannot install packages here."""
    needed = f"this needs what Debian's packages {', '.join(packages)} hold"
    if not shutil.which("apt-get"):
        raise Missing(f"{needed}, and there is no apt-get")
    if os.getuid() != 0:
        raise Missing(f"{needed}, and only root can install them")


def apt(*arguments, cwd=None):
    """Runs apt-get, waiting for another one that runs."""
    command = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", *arguments]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def install(packages):
    can_install(packages)
    print(f"installing {' '.join(packages)}")
    apt("update")
    apt("install", "-y", "--no-install-recommends", *packages)


def unpack(packages, folder):
    """Puts the files of `packages` into `folder`, and installs the libraries that they need."""
    can_install(packages)
    print(f"unpacking {' '.join(packages)} into {folder}")
    apt("update")
    plan = apt("install", "-s", "--no-install-recommends", *packages)
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    libraries = [name for name in names if not name.startswith("qemu")]
    if libraries:
        apt("install", "-y", "--no-install-recommends", *libraries)
    archives = folder.with_name("archives")
    archives.mkdir(parents=True, exist_ok=True)
    # apt downloads as a user of its own, who must be able to write here.
    archives.chmod(0o777)
    apt("download", *packages, cwd=archives)
    for archive in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg", "-x", archive, folder], check=True)
    shutil.rmtree(archives)
