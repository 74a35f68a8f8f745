"""The real evenkeel-orchestrator on loopback, in a folder of its own."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "e2e")]

from harness.events import Events  # noqa: E402,F401  for case.py
from harness.proxy import Proxy  # noqa: E402
from harness.rest import Rest  # noqa: E402
from support.wait import WAIT_SECONDS, eventually  # noqa: E402,F401  for the tests

PROGRAM = os.environ["EVENKEEL_ORCHESTRATOR"]
START_SECONDS = WAIT_SECONDS


class Orchestrator:
    """start(), stop(), kill(); `rest` talks to the one that runs."""

    def __init__(self, heartbeat="10s", rest=None, enrolment=None):
        self.folder = tempfile.TemporaryDirectory(prefix="ek-")
        self.root = pathlib.Path(self.folder.name)
        self.state = self.root / "state"
        self.config = self.root / "orchestrator.json"
        self.config.write_text(json.dumps({
            "state_dir": str(self.state),
            "bus": {"listen": "127.0.0.1:0", "heartbeat": heartbeat},
            "enrolment": {"listen": "127.0.0.1:0", **(enrolment or {})},
            "rest": {"listen": "127.0.0.1:0", **(rest or {})},
            "log": {"level": "debug"}}))
        self.log = open(self.root / "log", "ab")
        self.process = None
        self.environment = {}  # beside ours
        self.proxy = Proxy()
        self.start()

    def close(self):
        try:
            if self.process:
                self.kill()
        finally:
            self.proxy.close()
            self.log.close()
            self.folder.cleanup()

    def start(self):
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [PROGRAM, "run", "--config", str(self.config), "--ready-fd", str(writing)],
            pass_fds=(writing,), stderr=self.log, env={**os.environ, **self.environment})
        os.close(writing)
        with os.fdopen(reading) as ready:
            line = ready.readline()
        if not line:
            raise AssertionError("it did not start: " + self.logged()[-2000:])
        self.ready = json.loads(line)
        self.token = (self.state / "admin.token").read_text().strip()
        self.proxy.serve(self._port("rest"))
        self.rest = Rest(self.token, port=self.port("rest"))

    def _port(self, name):
        return int(self.ready[name].rsplit(":", 1)[1])

    def port(self, name):
        """Where clients reach it: the REST API through the proxy that checks what passes."""
        return self.proxy.port if name == "rest" else self._port(name)

    @property
    def url(self):
        """Of the REST API."""
        return f"http://127.0.0.1:{self.port('rest')}"

    def keep_ports(self):
        """Of the start before, for agents that know them."""
        config = json.loads(self.config.read_text())
        for name in ("bus", "enrolment", "rest"):
            config[name]["listen"] = self.ready[name]
        self.config.write_text(json.dumps(config))

    def stop(self):
        """Returns the exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(START_SECONDS)
        self.process = None
        return code

    def kill(self):
        ended = self.process.poll()
        self.process.kill()
        self.process.wait(START_SECONDS)
        self.process = None
        if ended is not None:
            raise AssertionError(f"it had ended by itself with {ended}: {self.logged()[-2000:]}")

    def run(self, *argv):
        """A subcommand that ends: (exit code, what it said on stderr)."""
        done = self.ended(*argv)
        return done.returncode, done.stderr

    def ended(self, *argv):
        """The same with `stdout`."""
        return subprocess.run([PROGRAM, argv[0], "--config", str(self.config), *argv[1:]],
                              capture_output=True, text=True, check=False)

    def logged(self):
        return (self.root / "log").read_text(errors="replace")
