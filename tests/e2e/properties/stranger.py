"""A second agent on a host, which knows nothing of the first: it plans under seal, and tampers."""

import json
import pathlib
import subprocess
import tempfile

from harness.system import AGENT, write
from properties import trace

STATE = "/var/lib/evenkeel/stranger"
CONFIG = "/etc/evenkeel/stranger.json"
# Remounts all but these folders, says so, and stays until its input is closed.
SEAL = """
for open in "$@"; do mount --bind "$open" "$open"; done
for at in $(cut -d ' ' -f 5 /proc/self/mountinfo); do mount -o remount,bind,ro "$at"; done
for open in "$@"; do mount -o remount,bind,rw "$open"; done
echo sealed; read -r _
"""


class Stranger:
    """Runs without a daemon: each call is a process of its own, which ends with its answer.

    The seal spares its state and the folders in `spared`, where the trace has to suffice.
    """

    def __init__(self, bed, plugin_dirs, isolation, spared=()):
        self._bed = bed
        leader = (bed.folder / "leader").read_text(encoding="utf-8")
        write(bed, CONFIG, json.dumps({"state_dir": STATE, "plugin_dirs": plugin_dirs,
                                       "isolation": isolation,
                                       "socket": "/run/evenkeel/nobody.sock"}))
        bed.run("mkdir", "-p", "-m", "700", STATE)
        self._holder = subprocess.Popen(
            ["nsenter", "-t", leader, "-a", "--", "unshare", "--mount", "--propagation",
             "private", "sh", "-c", SEAL, "sh", STATE, *spared],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "sealed\n":
            raise RuntimeError("the mounts of the stranger are not sealed")
        pid = self._holder.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        self._enter = ["nsenter", "-t", leader, "-u", "-i", "-n", "-p", "-C",
                       f"--mount=/proc/{children.split()[0]}/ns/mnt", "--"]

    def close(self):
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()

    def plan(self, entries):
        """(the plan's entries, what it tried that a plan must not, in words)."""
        offences, done = self.agent_sealed("plan", "-", stdin=json.dumps({"resources": entries}))
        return entries_of(done), offences

    def agent_sealed(self, *argv, stdin=""):
        """(what it tried to change or has changed, CompletedProcess) of its subcommand."""
        before = self._files()
        offences, done = self.run_sealed(AGENT, "--config", CONFIG, *argv, stdin=stdin)
        changed = {name for name, _ in before ^ self._files()}
        return offences + [f"{name} has changed" for name in sorted(changed)], done

    def run_sealed(self, *argv, stdin=""):
        """(what it tried to change, CompletedProcess) where nothing can be written."""
        with tempfile.NamedTemporaryFile(mode="r", encoding="utf-8") as log:
            done = subprocess.run([*trace.command(log.name), *self._enter, *argv], input=stdin,
                                  capture_output=True, text=True, check=False, timeout=60)
            return trace.offences(log, argv[0], STATE), done

    def apply(self, entry):
        """Applies for good and returns the outcome's entry."""
        done = self._bed.run(AGENT, "--config", CONFIG, "apply", "-", check=False,
                             stdin=json.dumps({"resources": [entry]}))
        return entries_of(done)[0]

    def run(self, *argv):
        """Runs a command of the host for good."""
        done = self._bed.run(*argv, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")

    def _files(self):
        """What of the host's files is not as in its image, but for what agents keep."""
        upper = self._bed.folder / "upper"
        found = set()
        for path in upper.rglob("*"):
            name = "/" + str(path.relative_to(upper))
            if not name.startswith("/var/lib/evenkeel"):
                seen = path.lstat()
                found.add((name, (seen.st_ino, seen.st_mode, seen.st_size, seen.st_ctime_ns)))
        return found


def entries_of(done):
    """What plan or apply printed of each resource."""
    try:
        return json.loads(done.stdout)["resources"]
    except (ValueError, KeyError):
        said = f"{done.returncode} {done.stdout}{done.stderr}"
        raise AssertionError(f"the stranger's agent answers {said}") from None
