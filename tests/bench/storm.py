"""Thousands of drifts at once, from the bus to a client that follows events."""

import contextlib
import threading
import time

from programs import cpu_ms

DRIFTS = 2_000
EVENT_BYTES = 900  # about, as it is stored
GOAL = "<= 200"


def measure(bench):
    floor = bench.floor_store(batch=64, record_bytes=EVENT_BYTES)
    floor = ("LMDB alone", 1e6 / floor["per_second"])
    for name, agents in (("one host", 1), (f"{DRIFTS:,} hosts", DRIFTS)):
        with bench.orchestrator() as orchestrator:
            storms(bench, orchestrator, name, agents, floor)


def storms(bench, orchestrator, name, agents, floor):
    herd = orchestrator.herd(agents)
    herd.start(orchestrator.port("bus"))
    herd.wait("all online", lambda one: one["event"] == "all_online")
    orchestrator.load("--hosts", herd.hosts, "--count", DRIFTS)
    while herd.report()["outcomes_accepted"] < DRIFTS:
        time.sleep(0.02)  # so that asking costs the herd little
    cpu, took = [], []
    follower = Follower(orchestrator.rest, "resource.drifted,resource.restored")
    with contextlib.closing(follower):
        for number in range(1, bench.rounds + 3):
            before, start = cpu_ms(orchestrator.pid), time.monotonic()
            herd.tell(f"storm {DRIFTS}")
            follower.wait(number * DRIFTS)
            took.append((time.monotonic() - start) * 1e6 / DRIFTS)
            cpu.append((cpu_ms(orchestrator.pid) - before) * 1000 / DRIFTS)
    herd.close()
    bench.add(f"{DRIFTS:,} drifts at once, {name}, until a client has read all, each", "us", took,
              goal=GOAL, floor=floor)
    bench.add("the same, CPU of the orchestrator each", "us", cpu, goal=GOAL, floor=floor)


class Follower:
    """Counts the events of these types."""

    def __init__(self, rest, types):
        self.count, self.changed = 0, threading.Condition()
        self.connection = rest.connect()
        self.connection.request("GET", f"/v1/events?type={types}", headers=rest.headers())
        self.answer = self.connection.getresponse()
        self.socket = self.answer.fp.raw._sock  # closing an answer does not end who reads it
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while data := self.answer.read1(1 << 20):
            with self.changed:
                self.count += data.count(b"\ndata: ")
                self.changed.notify()

    def wait(self, count):
        with self.changed:
            if not self.changed.wait_for(lambda: self.count >= count, 120):
                raise RuntimeError(f"{self.count} of {count} events came")

    def close(self):
        self.socket.shutdown(2)
        self.connection.close()
