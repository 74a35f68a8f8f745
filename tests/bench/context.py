"""What the measuring modules share: where to work, how often, and what was found."""

import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from programs import Agent, Orchestrator, cpu_ms
from table import Line

FLEET = 10_000


class Bench:
    """`fleet` is made once and shared."""

    def __init__(self, build, rounds, agents=FLEET, peers=False):
        self.build, self.rounds, self.agents, self.peers = build, rounds, agents, peers
        self.lines = []
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="ek-bench-", dir="/var/tmp"))
        self._stack = contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self.root, ignore_errors=True)
        self._fleet = None
        self._made = 0

    def close(self):
        self._stack.close()

    def add(self, work, unit, values, **more):
        line = Line(work, unit, list(values), **more)
        self.lines.append(line)
        print(line.text(), flush=True)

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def folder(self, parent=None):
        self._made += 1
        return pathlib.Path(parent or self.root) / f"{self.root.name}-{self._made}"

    @contextlib.contextmanager
    def orchestrator(self, parent=None, **options):
        made = Orchestrator(self.build, self.folder(parent), **options)
        try:
            yield made
        finally:
            made.close()

    @contextlib.contextmanager
    def agent(self, orchestrator=None, parent=None, **options):
        made = Agent(self.build, self.folder(parent), orchestrator, **options)
        try:
            yield made
        finally:
            made.close()

    def floor(self, name, *argv, text=""):
        done = subprocess.run([self.build / "tests/bench/floors" / f"floor_{name}",
                               *map(str, argv)], input=text, capture_output=True, text=True,
                              check=True)
        return json.loads(done.stdout)

    def floor_store(self, batch, folder=None, record_bytes=1500):
        where = self.folder(folder)
        where.mkdir()
        try:
            return self.floor("store", where, 2, batch, record_bytes)
        finally:
            shutil.rmtree(where)

    @property
    def fleet(self):
        if not self._fleet:
            self._fleet = Fleet(self)
            self._stack.callback(self._fleet.close)
        return self._fleet


class Fleet:
    """An orchestrator and a herd that is connected to it; `connecting` says what that took."""

    def __init__(self, bench):
        self.bench = bench
        self.orchestrator = Orchestrator(bench.build, bench.folder())
        bench.say(f"enrolling {bench.agents} agents")
        before = cpu_ms(self.orchestrator.pid)
        self.herd = self.orchestrator.herd(bench.agents)
        self.enrolling = {**self.herd.enrolled,
                          "orchestrator_cpu_ms": cpu_ms(self.orchestrator.pid) - before}
        self.connecting = None
        self.put = 0  # resources of each host

    def connect(self, measure):
        """`measure()` gives what is compared: [before, after]."""
        if self.connecting:
            return
        before = measure()
        self.herd.start(self.orchestrator.port("bus"))
        line = self.herd.wait("all online", lambda one: one["event"] == "all_online")
        time.sleep(2)  # time is the subject: the digests have come, and what was freed is free
        self.connecting = {"herd": line, "before": before, "after": measure()}

    def describe_on_each(self):
        """One PUT for each host; seconds until all outcomes are committed, and what load says."""
        before, start = self.herd.report()["outcomes_accepted"], time.monotonic()
        said = self.orchestrator.load("--hosts", self.herd.hosts, "--count", self.bench.agents,
                                      "--first", self.put)
        return self._wait_for_outcomes(before, start), said

    def apply_on_all(self):
        """The same with one request for all hosts; seconds, and those until it was answered."""
        before, start = self.herd.report()["outcomes_accepted"], time.monotonic()
        done = self.orchestrator.rest.call("POST", "/v1/resources:apply", {
            "target": {"filter": "connection = online"},
            "resources": [{"collection": "files", "id": f"/bench/{self.put}",
                           "description": {"content": "x" * 64, "mode": "0644"}}]})
        if done.status != 202 or done.body["hosts"] != self.bench.agents:
            raise RuntimeError(f"not all hosts: {done}")
        answered = time.monotonic() - start
        return self._wait_for_outcomes(before, start), answered

    def _wait_for_outcomes(self, before, start):
        self.put += 1
        while self.herd.report()["outcomes_accepted"] < before + self.bench.agents:
            time.sleep(0.02)  # so that asking costs the herd little
        return time.monotonic() - start

    def close(self):
        self.herd.close()
        self.orchestrator.close()
