"""A host of a lab: a booted systemd on an overlay over a cached root, in a container."""

import contextlib
import ctypes
import os
import pathlib
import shlex
import shutil
import signal
import subprocess

from support.wait import eventually

NETWORK = "198.18.77"
GROUPS = pathlib.Path("/sys/fs/cgroup")
PREFIX = "evenkeel-bed-"
BEDS = pathlib.Path("/run/beds")
CLONE_NEWNET = 0x40000000


def hierarchies():
    """Every control group tree of this machine: one with cgroup 2, several with cgroup 1."""
    if (GROUPS / "cgroup.controllers").exists():
        return [GROUPS]
    # An empty cpuset of cgroup 1 takes no process.
    return [tree for tree in GROUPS.iterdir()
            if (tree / "cgroup.procs").exists() and tree.name not in ("cpuset", "cpuset,cpu")]


def quiet(*argv):
    """Runs a command that says nothing when it succeeds; its words are the error when it fails."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


class Host:
    """One booted machine. Its files are under `files`, also while it is off."""

    BOOT_SECONDS = 60

    def __init__(self, name, number, layers):
        self.name = name
        self.address = f"{NETWORK}.{number}"
        self.folder = BEDS / name
        self.files = self.folder / "root"
        self._layers = layers
        self._process = None
        self._leader = 0

    def boot(self):
        """Starts it (again) and waits until its systemd has finished booting."""
        if not self.folder.exists():
            self._prepare()
        self._spawn()
        try:
            eventually("it has booted or ended",
                       lambda: self._is_up() or self._process.poll() is not None, self.BOOT_SECONDS)
        except AssertionError as error:
            raise RuntimeError(f"{self.name}: {error}\n{self._console()}") from None
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.name} did not boot:\n{self._console()}")
        (self.folder / "entry").write_text(shlex.join(self._entry()), encoding="utf-8")

    def run(self, *argv, check=True, stdin="", timeout_s=60):
        """Runs a command inside and returns its CompletedProcess with text output."""
        done = subprocess.run(
            self._inside(argv), input=stdin, capture_output=True, text=True, timeout=timeout_s,
            check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.name}: {' '.join(argv)}: exit {done.returncode}\n"
                               f"{done.stdout}{done.stderr}")
        return done

    def copy(self, files, folder):
        """Copies files into a folder of it, which is made, as root's."""
        there = self.files / folder[1:]
        there.mkdir(mode=0o755, parents=True, exist_ok=True)
        for each in files:
            shutil.copy(each, there)

    def socket(self, path):
        """Where a local socket of it is reached from outside."""
        return f"/proc/{self._leader}/root{path}"

    def power_cut(self):
        """Everything inside stops between two instructions. The files stay; boot() starts it."""
        os.kill(self._leader, signal.SIGKILL)
        self._process.wait(self.BOOT_SECONDS)

    def remove(self):
        """Stops it and takes its files and its network away."""
        if self._process and self._process.poll() is None:
            self.power_cut()
        # Lazily, since the kernel lets go of the last process a moment later.
        quiet("umount", "--lazy", str(self.files))
        self._unlink()
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

    def _entry(self):
        """What a command is put after to run inside."""
        return ["nsenter", "-t", str(self._leader), "-a", "--"]

    def _inside(self, argv):
        return [*self._entry(), *argv]

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
        self._link()

    def _link(self):
        inside = ["ip", "-n", self.name]
        quiet("ip", "netns", "add", self.name)
        quiet("ip", "link", "add", self._port(), "type", "veth", "peer", "name", "eth0",
              "netns", self.name)
        quiet("ip", "link", "set", self._port(), "master", "br0", "up")
        quiet(*inside, "link", "set", "lo", "up")
        quiet(*inside, "address", "add", f"{self.address}/24", "dev", "eth0")
        quiet(*inside, "link", "set", "eth0", "up")

    def _unlink(self):
        quiet("ip", "netns", "delete", self.name)

    def _spawn(self):
        # Each host in its own control group: else all systemds would manage one tree.
        groups = [tree / f"{PREFIX}{os.environ['EVENKEEL_LAB']}-{self.name}"
                  for tree in hierarchies()]
        for group in groups:
            group.mkdir(exist_ok=True)
        join = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs"; shift; done; shift; exec "$@"'
        with open(self.folder / "console", "a", encoding="utf-8") as console:
            self._process = subprocess.Popen(
                ["sh", "-c", join, "sh", *map(str, groups), "--",
                 "systemd-nspawn", "--quiet", f"--directory={self.files}",
                 f"--machine={self.name}", "--register=no", "--keep-unit", "--console=pipe",
                 "--link-journal=no", f"--network-namespace-path=/run/netns/{self.name}",
                 # The network is its own: nftables and sysctls are root's there, as on a machine.
                 "--capability=CAP_NET_ADMIN",
                 "--boot"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)

    def _is_up(self):
        pid = self._process.pid
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return False
        if not children:
            return False
        self._leader = int(children[0])
        (self.folder / "leader").write_text(str(self._leader), encoding="utf-8")
        return self._has_booted()

    def _has_booted(self):
        said = self.run("systemctl", "is-system-running", "--wait", check=False,
                        timeout_s=self.BOOT_SECONDS).stdout.strip()
        return said in ("running", "degraded")

    def _console(self):
        return (self.folder / "console").read_text(encoding="utf-8", errors="replace")
