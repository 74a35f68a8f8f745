"""Hosts that are machines of their own: Debian's kernel, emulated, for what a container
shares with the machine it runs on, such as control groups and Landlock.

They are about ten times slower than this machine: /dev/kvm is not needed.
"""

import os
import platform
import shlex
import shutil
import subprocess

from beds import root
from beds.host import NETWORK, Host, quiet

TOOLS = ("qemu-system-x86_64", "mkfs.ext4", "ssh", "scp")
DISK = "3G"
MEMORY = "1536M"
# Two, so that a bound of one is seen.
PROCESSORS = "2"


def obstacle():
    """Why this machine can boot none, or None. Makes their root."""
    if platform.machine() != "x86_64":
        return f"the kernel is for x86_64, and this machine is {platform.machine()}"
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        return f"there is no {', '.join(missing)}: run scripts/dependencies --vm"
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "there is no /dev/net/tun to link it with"
    root.of("vm")
    return None


class Machine(Host):
    """One booted machine. `files` are what its disk is made of before its first boot."""

    BOOT_SECONDS = 900

    def __init__(self, name, number, layers):
        super().__init__(name, number, layers)
        self._disk = self.folder / "disk"
        self._line = self.folder / "ssh"
        self._master = None

    def copy(self, files, folder):
        self.run("mkdir", "-p", folder)
        quiet("scp", *self._options(), "-p", *map(str, files), f"root@{self.address}:{folder}/")

    def socket(self, path):
        there = self.folder / path.replace("/", "-")
        if not there.exists():
            quiet("ssh", *self._options(), "-O", "forward", "-L", f"{there}:{path}",
                  f"root@{self.address}")
        return str(there)

    def power_cut(self):
        self._process.kill()
        self._process.wait()
        self._hang_up()

    def _entry(self):
        return ["ssh", *self._options(), f"root@{self.address}", "--"]

    def _inside(self, argv):
        return [*self._entry(), shlex.join(argv)]

    def _options(self):
        return ["-F", "none", "-o", f"ControlPath={self._line}", "-o", "BatchMode=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5"]

    def _link(self):
        quiet("ip", "tuntap", "add", self._port(), "mode", "tap")
        quiet("ip", "link", "set", self._port(), "master", "br0", "up")

    def _unlink(self):
        quiet("ip", "link", "delete", self._port())

    def _spawn(self):
        if not self._disk.exists():
            self._make_disk()
        kernel, = self.files.glob("boot/vmlinuz-*")
        initrd, = self.files.glob("boot/initrd.img-*")
        with open(self.folder / "console", "a", encoding="utf-8") as console:
            self._process = subprocess.Popen(
                ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-accel", "tcg,thread=multi",
                 "-cpu", "max", "-m", MEMORY, "-smp", PROCESSORS, "-display", "none",
                 "-serial", "stdio", "-kernel", str(kernel), "-initrd", str(initrd),
                 "-append", "console=ttyS0 root=/dev/vda rw panic=-1 net.ifnames=0 mitigations=off",
                 "-drive", f"file={self._disk},format=raw,if=virtio,cache=unsafe",
                 "-netdev", f"tap,id=net,ifname={self._port()},script=no,downscript=no",
                 "-device", f"virtio-net-pci,netdev=net,mac={self._mac()}"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)

    def _make_disk(self):
        network = self.files / "etc/systemd/network/eth0.network"
        network.write_text(f"[Match]\nName=eth0\n[Network]\nAddress={self.address}/24\n"
                           f"Gateway={NETWORK}.1\n", encoding="utf-8")
        quiet("truncate", "-s", DISK, str(self._disk))
        quiet("mkfs.ext4", "-q", "-d", str(self.files), str(self._disk))

    def _mac(self):
        return f"52:54:00:00:00:{int(self.address.rsplit('.', 1)[1]):02x}"

    def _is_up(self):
        if self._master is None or self._master.poll() is not None:
            # All commands go over one connection.
            self._master = subprocess.Popen(
                ["ssh", "-M", "-N", *self._options(), f"root@{self.address}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self._line.exists() and self._has_booted()

    def _hang_up(self):
        if self._master:
            self._master.kill()
            self._master.wait()
            self._master = None
        self._line.unlink(missing_ok=True)
