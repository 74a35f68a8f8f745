"""A lab: hosts with a booted systemd, joined by a bridge, in namespaces of their own.

enter() starts a program in new mount, network and process namespaces. Whatever it mounts, links or
boots there ends with it, however it ends: the kernel sees to that, so a killed test leaves no host
behind. Only empty control groups stay after a kill; the next start removes them.

Inside, Lab boots hosts by systemd-nspawn on an overlay over the cached root, each in its own
network namespace and control group. The test itself sits on the bridge as 198.18.77.1.
"""

import concurrent.futures
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from beds import root
from support.wait import eventually

NETWORK = "198.18.77"
GROUPS = pathlib.Path("/sys/fs/cgroup")
PREFIX = "evenkeel-bed-"
BEDS = pathlib.Path("/run/beds")
BOOT_SECONDS = 60
CLONE_NEWNET = 0x40000000


def hierarchies():
    """Every control group tree of this machine: one with cgroup 2, several with cgroup 1."""
    if (GROUPS / "cgroup.controllers").exists():
        return [GROUPS]
    # An empty cpuset of cgroup 1 takes no process.
    return [tree for tree in GROUPS.iterdir()
            if (tree / "cgroup.procs").exists() and tree.name not in ("cpuset", "cpuset,cpu")]


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


def quiet(*argv):
    """Runs a command that says nothing when it succeeds; its words are the error when it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


class Host:
    """One booted machine. Its files are under `files`, also while it is off."""

    def __init__(self, name, number, layers):
        self.name = name
        self.address = f"{NETWORK}.{number}"
        self.folder = BEDS / name
        self.files = self.folder / "root"
        self._layers = layers
        self._nspawn = None
        self._leader = 0

    def boot(self):
        """Starts it (again) and waits until its systemd has finished booting."""
        if not self.folder.exists():
            self._prepare()
        self._spawn()
        try:
            eventually("it has booted or ended",
                       lambda: self._is_up() or self._nspawn.poll() is not None, BOOT_SECONDS)
        except AssertionError as error:
            raise RuntimeError(f"{self.name}: {error}\n{self._console()}") from None
        if self._nspawn.poll() is not None:
            raise RuntimeError(f"{self.name} did not boot:\n{self._console()}")
        (self.folder / "leader").write_text(str(self._leader), encoding="utf-8")

    def run(self, *argv, check=True, stdin="", timeout_s=60):
        """Runs a command inside and returns its CompletedProcess with text output."""
        done = subprocess.run(
            ["nsenter", "-t", str(self._leader), "-a", "--", *argv], input=stdin,
            capture_output=True, text=True, timeout=timeout_s, check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {' '.join(argv)}: exit {done.returncode}\n"
                               f"{done.stdout}{done.stderr}")
        return done

    def power_cut(self):
        """Everything inside stops between two instructions. The files stay; boot() starts it."""
        os.kill(self._leader, signal.SIGKILL)
        self._nspawn.wait(BOOT_SECONDS)

    def remove(self):
        """Stops it and takes its files and its network away."""
        if self._nspawn and self._nspawn.poll() is None:
            self.power_cut()
        # Lazily, since the kernel lets go of the last process a moment later.
        quiet("umount", "--lazy", str(self.files))
        quiet("ip", "netns", "delete", self.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def cut_link(self):
        """Nothing passes any more and nobody is told: what a pulled cable looks like."""
        quiet("ip", "link", "set", self._port(), "down")

    def restore_link(self):
        quiet("ip", "link", "set", self._port(), "up")

    @contextlib.contextmanager
    def network(self):
        """Sockets that this thread makes inside the block belong to the host, its loopback too."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", encoding="utf-8") as home, \
                open(f"/run/netns/{self.name}", encoding="utf-8") as there:
            if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "--output=short-iso-precise",
                        f"--unit={unit}", check=False).stdout

    def _port(self):
        return f"port-{self.name}"[:15]

    def _prepare(self):
        for folder in (self.folder, self.folder / "upper", self.folder / "work", self.files):
            folder.mkdir()
        # Without index and nfs_export, fanotify marks of a filesystem fail on an overlay.
        quiet("mount", "-t", "overlay", "-o",
              f"lowerdir={':'.join(map(str, self._layers))},upperdir={self.folder}/upper,"
              f"workdir={self.folder}/work,index=on,nfs_export=on", "bed", str(self.files))
        (self.files / "etc/hostname").write_text(self.name + "\n", encoding="utf-8")
        inside = ["ip", "-n", self.name]
        quiet("ip", "netns", "add", self.name)
        quiet("ip", "link", "add", self._port(), "type", "veth", "peer", "name", "eth0",
              "netns", self.name)
        quiet("ip", "link", "set", self._port(), "master", "br0", "up")
        quiet(*inside, "link", "set", "lo", "up")
        quiet(*inside, "address", "add", f"{self.address}/24", "dev", "eth0")
        quiet(*inside, "link", "set", "eth0", "up")

    def _spawn(self):
        # Each host in its own control group: else all systemds would manage one tree.
        groups = [tree / f"{PREFIX}{os.environ['EVENKEEL_LAB']}-{self.name}"
                  for tree in hierarchies()]
        for group in groups:
            group.mkdir(exist_ok=True)
        join = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'
        with open(self.folder / "console", "a", encoding="utf-8") as console:
            self._nspawn = subprocess.Popen(
                ["sh", "-c", join, "sh", *map(str, groups), "--",
                 "systemd-nspawn", "--quiet", f"--directory={self.files}",
                 f"--machine={self.name}", "--register=no", "--keep-unit", "--console=pipe",
                 "--link-journal=no", f"--network-namespace-path=/run/netns/{self.name}",
                 # The network is its own: nftables and sysctls are root's there, as on a machine.
                 "--capability=CAP_NET_ADMIN",
                 "--boot"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)

    def _is_up(self):
        pid = self._nspawn.pid
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return False
        if not children:
            return False
        self._leader = int(children[0])
        said = self.run("systemctl", "is-system-running", "--wait", check=False).stdout.strip()
        return said in ("running", "degraded")

    def _console(self):
        return (self.folder / "console").read_text(encoding="utf-8", errors="replace")


class Lab:
    """The hosts of one test, made on demand. `stage` is a tree laid over the root, or None.

    Names are unique within the process at one time; close() frees them. `kinds` gives the kind of
    root of those hosts that are not Debian, by name.
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
            layers = [*self._stage, root.of(self._kinds.get(name, "debian"))]
            self.hosts[name] = Host(name, 11 + len(self.hosts), layers)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(Host.boot, (self.hosts[name] for name in names)))
        known = "".join(f"{host.address} {name}\n" for name, host in self.hosts.items())
        for host in self.hosts.values():
            (host.files / "etc/hosts").write_text("127.0.0.1 localhost\n" + known,
                                                  encoding="utf-8")
        return [self.hosts[name] for name in names]

    def close(self):
        for host in self.hosts.values():
            host.remove()
        self.hosts.clear()
