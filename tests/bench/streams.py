"""A thousand clients follow events."""

import contextlib
import selectors
import socket
import time

from programs import cpu_ms

CLIENTS, A_TOKEN = 1_000, 60  # streams
EVENTS = 200


def measure(bench):
    with bench.orchestrator() as orchestrator:
        herd = orchestrator.herd(1)
        herd.start(orchestrator.port("bus"))
        herd.wait("all online", lambda one: one["event"] == "all_online")
        orchestrator.load("--hosts", herd.hosts, "--count", EVENTS)
        while herd.report()["outcomes_accepted"] < EVENTS:
            time.sleep(0.02)  # so that asking costs the herd little
        few = cpu_of(bench, orchestrator, herd, 1)
        many = cpu_of(bench, orchestrator, herd, CLIENTS)
        herd.close()
    alone = sorted(few)[len(few) // 2]
    bench.add(f"an event to {CLIENTS:,} clients, CPU of the orchestrator for each client", "us",
              [(one - alone) / (CLIENTS - 1) for one in many],
              note=f"an event to one client: {alone:.0f} us")


def cpu_of(bench, orchestrator, herd, count):
    """An event's CPU, in us, while so many clients follow: of events that come one by one."""
    with contextlib.closing(Clients(orchestrator, count)) as clients:
        found = []
        for _ in range(bench.rounds):
            before = cpu_ms(orchestrator.pid)
            for _ in range(EVENTS):
                herd.tell("storm 1")
                clients.wait_for_one_more()
            found.append((cpu_ms(orchestrator.pid) - before) * 1000 / EVENTS)
        return found


class Clients:
    """Sockets that count the events they are sent."""

    def __init__(self, orchestrator, count):
        rest = orchestrator.rest
        tokens = [rest.call("POST", "/v1/tokens", {"name": f"{count}-{i}", "role": "admin"})
                  .body["secret"] for i in range(count // A_TOKEN + 1)]
        self.selector, self.seen, self.wanted, self.late = selectors.DefaultSelector(), {}, 0, 0
        for number in range(count):
            # A client's address has a limit too.
            one = socket.create_connection(("127.0.0.1", orchestrator.port("rest")),
                                           source_address=(f"127.0.1.{number // 250 + 1}", 0))
            one.sendall("GET /v1/events?type=resource.drifted,resource.restored HTTP/1.1\r\n"
                        f"Host: x\r\nAuthorization: Bearer {tokens[number // A_TOKEN]}\r\n\r\n"
                        .encode())
            text = b""
            while text.count(b"id: ") < 2:  # where it begins, and that it is there
                text += one.recv(65_536)
            self.seen[one] = 0
            self.selector.register(one, selectors.EVENT_READ)

    def wait_for_one_more(self):
        self.wanted += 1
        self.late = len(self.seen)
        while self.late:
            ready = self.selector.select(60)
            if not ready:
                raise RuntimeError(f"{self.late} clients were not sent an event")
            for key, _ in ready:
                before = self.seen[key.fileobj]
                self.seen[key.fileobj] += key.fileobj.recv(1 << 20).count(b"\ndata: ")
                self.late -= before < self.wanted <= self.seen[key.fileobj]

    def close(self):
        for one in self.seen:
            one.close()
        self.selector.close()
