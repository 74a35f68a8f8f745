"""Hundreds of clients follow events and lists: each event is made text once, and none holds
another up."""

import json
import re
import selectors
import socket
import time
import unittest

from case import OrchestratorCase
from program import WAIT_SECONDS, eventually

CLIENTS = 300
A_TOKEN = 60  # streams
EVENTS = 40


class Client:
    """A stream of server-sent events, read when there is something to read."""

    def __init__(self, port, path, token):
        self.data = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
                            "Accept: text/event-stream\r\n\r\n".encode())

    def read(self):
        self.data += self.socket.recv(1 << 20)

    def events(self, kind):
        return [json.loads(body) for body in
                re.findall(rf"^event: {re.escape(kind)}\ndata: (.*)$", self.data.decode(), re.M)]


class Streams(OrchestratorCase):
    # After three of them the silence of a host has it looked at: longer than we wait.
    heartbeat = "2m"

    def setUp(self):
        super().setUp()
        self.port = int(self.orchestrator.url.rsplit(":", 1)[1])
        self.tokens = [self.rest.call("POST", "/v1/tokens", {"name": f"t{i}", "role": "admin"})
                       .body["secret"] for i in range(CLIENTS // A_TOKEN + 1)]
        self.clients, self.selector = [], selectors.DefaultSelector()
        self.addCleanup(lambda: [one.socket.close() for one in self.clients])

    def open(self, path, reads=True):
        client = Client(self.port, path, self.tokens[len(self.clients) // A_TOKEN])
        self.clients.append(client)
        if reads:
            self.selector.register(client.socket, selectors.EVENT_READ, client)
        return client

    def read_until(self, done, clients, patience=WAIT_SECONDS):
        """Reads all of them until `done` holds of each of `clients`."""
        waiting, end = set(clients), time.monotonic() + patience
        while waiting:
            self.assertLess(time.monotonic(), end, f"{len(waiting)} of them wait")
            for key, _ in self.selector.select(1):
                key.data.read()
                if done(key.data):
                    waiting.discard(key.data)

    def metric(self, name):
        text = self.rest.call("GET", "/metrics").body
        return int(re.search(rf"^evenkeel_{name} (\d+)", text, re.M)[1])

    def label(self, number):
        done = self.rest.call("PATCH", "/v1/hosts/web1", {"labels": {"n": str(number)}},
                              {"Content-Type": "application/merge-patch+json"})
        self.assertEqual(done.status, 200, done)

    def rename(self, host, name):
        done = self.rest.call("PATCH", f"/v1/hosts/{host}", {"name": name},
                              {"Content-Type": "application/merge-patch+json"})
        self.assertEqual(done.status, 200, done)

    def test_a_name_that_became_another_hosts_is_watched_as_that_host(self):
        for host in ("web1", "web2"):
            self.enrolled(host)
        first = self.open("/v1/hosts/web1/resources?watch=1")
        self.read_until(lambda client: client.events("bookmark"), [first])
        self.rename("web1", "old1")
        self.rename("web2", "web1")
        second = self.open("/v1/hosts/web1/resources?watch=1")
        self.read_until(lambda client: client.events("bookmark"), [second])
        self.put("/tmp/of-the-second", {"content": "a"}, host="web1")
        self.read_until(lambda client: client.events("added"), [second])
        self.assertEqual(first.events("added"), [])

    def test_an_event_is_made_text_once_for_all_who_follow(self):
        self.enrolled("web1")
        stalled = [self.open("/v1/events", reads=False) for _ in range(5)]
        everything = [self.open("/v1/events") for _ in range(CLIENTS // 2)]
        of_host = [self.open("/v1/events?host=web1&type=host.changed,agent.shed")
                   for _ in range(CLIENTS // 4)]
        watches = [self.open("/v1/hosts?watch=1") for _ in range(CLIENTS // 8)]
        watches += [self.open("/v1/hosts?watch=1&filter=name%20%3D%20web1")
                    for _ in range(CLIENTS // 8 - 5)]
        eventually("all follow", lambda: self.metric("event_streams") +
                   self.metric("list_watches") == len(self.clients))
        self.read_until(lambda one: one.data.count(b"id: ") >= 2, everything + of_host)
        self.read_until(lambda one: b"bookmark" in one.data, watches)
        before = self.metric("stream_frames_total")
        for number in range(1, EVENTS + 1):
            self.label(number)
        last = f'"n":"{EVENTS}"'.encode()
        self.read_until(lambda one: last in one.data, everything + of_host + watches)
        # For the events, for the list at most one item and one bookmark each.
        self.assertLessEqual(self.metric("stream_frames_total") - before, 3 * EVENTS)
        for client in everything + of_host:
            self.assertEqual([one["data"]["labels"]["n"] for one in client.events("host.changed")],
                             [str(number) for number in range(1, EVENTS + 1)])
        for client in watches:
            self.assertEqual(client.events("modified")[-1]["labels"], {"n": str(EVENTS)})
        for client in stalled:
            client.socket.settimeout(WAIT_SECONDS)
            while last not in client.data:
                client.read()


if __name__ == "__main__":
    unittest.main()
