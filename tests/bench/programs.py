"""The programs that are measured, on loopback, each in a folder of its own; and what they use."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

from harness.local_agent import LocalAgent
from harness.rest import Rest
from support.herd import Herd

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(pid):
    """User and system time of a process, its ended threads too."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS


def fine_cpu_ms(pid):
    """The same to the microsecond, of the threads that there are."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e6


def private_kib(pid):
    """Memory that would be free if this process ended."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", text, re.M))


def share_kib(pid):
    """Its memory, of what it shares with others its part (PSS)."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss: +(\d+)", text, re.M)[1])


def anonymous_kib(pid):
    """Of its memory what is no file's."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^RssAnon:\s+(\d+)", text, re.M)[1])


def wake_ups(pid):
    """How often its threads have gone to sleep and were woken."""
    found = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        found += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", text, re.M)[1])
    return found


class Program:
    """One that tells on a descriptor when it is ready."""

    def __init__(self, argv, log):
        self.argv, self.log, self.process, self.ready = argv, log, None, None

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        reading, writing = os.pipe()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*self.argv, "--ready-fd", str(writing)],
                                            pass_fds=(writing,), stderr=log, stdout=log)
        os.close(writing)
        with os.fdopen(reading) as ready:
            line = ready.readline()
        if not line:
            raise RuntimeError(f"{self.argv[0]} did not start: " + self.log.read_text()[-2000:])
        self.ready = json.loads(line)

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def kill(self):
        self.stop(signal.SIGKILL)


class Orchestrator(Program):
    def __init__(self, build, root, heartbeat="10s"):
        self.root, self.build = root, build
        root.mkdir(parents=True)
        self.state = root / "state"
        self.config = root / "orchestrator.json"
        self.settings = {
            "state_dir": str(self.state), "bus": {"listen": "127.0.0.1:0", "heartbeat": heartbeat},
            "enrolment": {"listen": "127.0.0.1:0"}, "log": {"level": "warning"},
            "rest": {"listen": "127.0.0.1:0", "rate_limit": {"per_second": 0}}}
        self.config.write_text(json.dumps(self.settings))
        super().__init__([str(build / "orchestrator/evenkeel-orchestrator"), "run", "--config",
                          str(self.config)], root / "log")
        self.start()
        for name in ("bus", "enrolment", "rest"):
            self.settings[name]["listen"] = self.ready[name]
        self.config.write_text(json.dumps(self.settings))

    def port(self, name):
        return int(self.ready[name].rsplit(":", 1)[1])

    @property
    def token_file(self):
        return self.state / "admin.token"

    @property
    def rest(self):
        return Rest(self.token_file.read_text().strip(), port=self.port("rest"))

    def enrolment_token(self, uses=1):
        return self.rest.call("POST", "/v1/enrolment-tokens", {"uses": uses}).body

    def store_bytes(self):
        return sum(file.stat().st_size for file in self.state.rglob("*.mdb"))

    def herd(self, count):
        """Enrolled, not started; the file `hosts` beside it has their ids."""
        herd = Herd(self.build / "tests/bench/herd/herd", self.root, self.state / "ca.pem")
        herd.enrolled = herd.enrol(self.port("enrolment"), self.enrolment_token(count)["secret"],
                                   count)
        herd.hosts = self.root / "hosts"
        herd.hosts.write_text("".join(json.loads(line)["host"] + "\n"
                                      for line in open(herd.agents, encoding="utf-8")))
        return herd

    def load(self, *options):
        """tests/bench/load against this one; what it says."""
        done = subprocess.run(
            [self.build / "tests/bench/load/load", "--port", str(self.port("rest")),
             "--token-file", self.token_file, *map(str, options)],
            capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def close(self):
        self.kill()
        shutil.rmtree(self.root)


class Agent(Program):
    """With the collection files, unless `settings` says otherwise, and plugins of `plugin_dirs` of
    the build tree; enrolled if there is an orchestrator. `local` is how root speaks to it."""

    def __init__(self, build, root, orchestrator=None, plugin_dirs=("plugins",), **settings):
        self.root = root
        root.mkdir(parents=True)
        self.config = root / "agent.json"
        self.config.write_text(json.dumps({
            "state_dir": str(root / "state"), "socket": str(root / "run" / "agent.sock"),
            "plugins": [{"name": "files"}], "log": {"level": "warning"}, **settings}))
        self.program = [str(build / "core/agent/evenkeel-agent"), "--config", str(self.config)]
        for folder in plugin_dirs:
            self.program += ["--plugin-dir", str(build / folder)]
        self.local = LocalAgent(path=root / "run" / "agent.sock")
        if orchestrator:
            token = orchestrator.enrolment_token()
            self.ask("enrol", "--orchestrator",
                     f"127.0.0.1:{orchestrator.port('enrolment')}", "--ca-sha256",
                     re.search(r"--ca-sha256 ([0-9a-f]{64})", token["install"])[1],
                     "--token-file", "-", text=token["secret"])
        super().__init__([*self.program, "run"], root / "log")
        self.start()

    def ask(self, *argv, text="", codes=(0,)):
        """A subcommand that ends; what it prints."""
        done = subprocess.run([*self.program, *map(str, argv)], input=text, capture_output=True,
                              text=True, check=False)
        if done.returncode not in codes:
            raise RuntimeError(f"{argv}: {done.returncode}: {done.stdout[-1000:]}{done.stderr}")
        return done.stdout

    def close(self):
        self.kill()
        shutil.rmtree(self.root)
