"""A lab: hosts with a booted systemd, joined by a bridge, in namespaces of their own.

enter() starts a program in new mount, network and process namespaces. Whatever it mounts, links or
boots there ends with it, however it ends: the kernel sees to that, so a killed test leaves no host
behind. Only empty control groups stay after a kill; the next start removes them.

Inside, Lab boots hosts by systemd-nspawn on an overlay over the cached root, each in its own
network namespace and control group, or as emulated machines (vm.py). The test itself sits on the
bridge as 198.18.77.1.
"""

import concurrent.futures
import contextlib
import os
import pathlib
import signal
import subprocess
import sys

from beds import root, vm
from beds.host import BEDS, NETWORK, PREFIX, Host, hierarchies, quiet

SKIPPED = 77  # what Meson takes for a test that cannot run here


def prune():
    """Removes the control groups of this process's lab and of labs whose process is gone."""
    for tree in hierarchies():
        for group in tree.glob(PREFIX + "*"):
            owner = group.name[len(PREFIX):].split("-")[0]
            if owner != str(os.getpid()) and pathlib.Path("/proc", owner).exists():
                continue
            for folder, _, _ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)


def probe():
    """Ends the program, saying why, where this machine cannot make a lab."""
    if os.geteuid() != 0:
        sys.exit("beds need root: they mount, unshare and boot hosts")
    for tool in ("systemd-nspawn", "unshare", "nsenter", "ip", "mmdebstrap"):
        if not any(os.access(f"{folder}/{tool}", os.X_OK) for folder in os.get_exec_path()):
            sys.exit(f"beds need {tool}: run scripts/dependencies")
    trial = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"],
                           capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        sys.exit(f"beds need new namespaces: {trial.stderr.strip()}")
    for tree in hierarchies():
        group = tree / f"{PREFIX}{os.getpid()}"
        try:
            group.mkdir()
            group.rmdir()
        except OSError as error:
            sys.exit(f"beds need writable control groups: {error}")


def enter(argv, kinds=("debian",)):
    """Runs argv in new namespaces, with /run empty and a bridge up, and returns its exit code.

    What hosts boot from is made before, as there is no way out from inside: `kinds` of roots.
    """
    probe()
    prune()
    if "vm" in kinds and (obstacle := vm.obstacle()):
        print(f"skipped: this machine cannot boot another: {obstacle}")
        return SKIPPED
    for kind in kinds:
        root.of(kind)
    inside = {**os.environ, "EVENKEEL_LAB": str(os.getpid())}
    try:
        return subprocess.run(
            ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--net", "--pid", "--fork",
             "--kill-child", "--mount-proc", "--propagation=private", sys.executable, "-c",
             "import sys; from beds import lab; lab.settle(sys.argv[1:])", *argv],
            env=inside, check=False).returncode
    finally:
        prune()


def settle(argv):
    """The first act inside: lays the ground, runs argv and ends everything with it."""
    quiet("mount", "-t", "tmpfs", "-o", "mode=755,size=6g", "lab", "/run")
    BEDS.mkdir()
    quiet("ip", "link", "set", "lo", "up")
    quiet("ip", "link", "add", "br0", "type", "bridge")
    quiet("ip", "address", "add", f"{NETWORK}.1/24", "dev", "br0")
    quiet("ip", "link", "set", "br0", "up")
    # The first process of a namespace gets no signal that it has no handler for, so it is not argv.
    child = subprocess.Popen(argv)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    signal.signal(signal.SIGINT, lambda *_: None)
    os._exit(child.wait() & 0xFF)


class Lab:
    """The hosts of one test, made on demand. `stage` is a tree laid over the root, or None.

    Names are unique within the process at one time; close() frees them. `kinds` gives the kind of
    root of those hosts that are not Debian, by name; a `vm` is an emulated machine.
    """

    def __init__(self, stage=None, kinds=None):
        if "EVENKEEL_LAB" not in os.environ:
            raise RuntimeError("not in a lab: start this by tests/beds/bed")
        self.hosts = {}
        self._stage = [stage] if stage else []
        self._kinds = kinds or {}

    def boot(self, *names):
        """Boots new hosts side by side and returns them in order. All know all by name."""
        for name in names:
            kind = self._kinds.get(name, "debian")
            made = vm.Machine if kind == "vm" else Host
            self.hosts[name] = made(name, 11 + len(self.hosts), [*self._stage, root.of(kind)])
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: self.hosts[name].boot(), names))
        known = "".join(f"{host.address} {name}\n" for name, host in self.hosts.items())
        for host in self.hosts.values():
            host.run("tee", "/etc/hosts", stdin="127.0.0.1 localhost\n" + known)
        return [self.hosts[name] for name in names]

    def close(self):
        for host in self.hosts.values():
            host.remove()
        self.hosts.clear()
