"""Callers who take much leave the others what they need."""

import contextlib
import resource
import socket
import unittest

from case import OrchestratorCase
from program import eventually

MIB = 1048576


class Door(OrchestratorCase):
    def connect(self, text):
        made = self.held.enter_context(
            socket.create_connection(("127.0.0.1", self.orchestrator.port("rest")), timeout=10))
        made.sendall(text.encode())
        return made

    def setUp(self):
        super().setUp()
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)

    def token_of(self, role):
        reply = self.rest.call("POST", "/v1/tokens", {"name": role, "role": role})
        self.assertEqual(reply.status, 201, reply)
        return reply.body["secret"]

    def status(self, path, secret=None):
        text = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        text += f"Authorization: Bearer {secret}\r\n\r\n" if secret else "\r\n"
        with socket.create_connection(
                ("127.0.0.1", self.orchestrator.port("rest")), timeout=10) as link:
            link.sendall(text.encode())
            return int(link.recv(4096).split(b" ")[1])

    def metric(self, name):
        connection = self.rest.connect()
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                    if line.startswith("evenkeel_" + name))

    def test_bodies_announced_without_a_token_stop_nobody(self):
        for _ in range(64):
            link = self.connect("POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
                                "Content-Type: application/json\r\n"
                                f"Content-Length: {MIB}\r\n\r\n{{")
            self.assertTrue(link.recv(64).startswith(b"HTTP/1.1 401 "))
        self.assertEqual(self.metric('http_held{what="body_bytes"}'), 0)
        self.token_of("viewer")

    def test_a_token_without_the_permission_holds_no_body(self):
        link = self.connect("POST /v1/tokens HTTP/1.1\r\nHost: x\r\n"
                            f"Authorization: Bearer {self.token_of('viewer')}\r\n"
                            "Content-Type: application/json\r\n"
                            f"Content-Length: {MIB}\r\n\r\n{{")
        self.assertTrue(link.recv(64).startswith(b"HTTP/1.1 403 "))
        self.assertEqual(self.metric('http_held{what="body_bytes"}'), 0)

    def test_streams_of_one_token_do_not_lock_out_its_address(self):
        viewer, other = self.token_of("viewer"), self.token_of("viewer")
        follow = ("GET /v1/events HTTP/1.1\r\nHost: x\r\n"
                  f"Authorization: Bearer {viewer}\r\n\r\n")
        seen = [self.connect(follow).recv(64)[9:12] for _ in range(520)]
        self.assertEqual((seen.count(b"200"), seen.count(b"429")), (64, 456))
        self.assertEqual(self.metric('http_held{what="streams"}'), 64)
        self.assertEqual(
            self.metric('http_held_refused_total{what="streams",limit="token"}'), 456)
        self.assertEqual(self.status("/livez"), 200)
        self.assertEqual(self.status("/readyz"), 200)
        self.assertEqual(self.status("/v1/hosts", other), 200)
        self.assertEqual(self.rest.call("GET", "/v1/hosts").status, 200)
        self.held.close()
        eventually("no stream is held", lambda: self.metric('http_held{what="streams"}') == 0)

    def strangers(self, port, count=200):
        """Connections from one address that say nothing."""
        for _ in range(count):
            self.held.enter_context(
                socket.create_connection(("127.0.0.1", self.orchestrator.port(port)), timeout=10))

    def test_few_open_files_by_default_are_not_used_up_by_strangers(self):
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.orchestrator.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        self.orchestrator.start()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        allowed, _ = resource.prlimit(self.orchestrator.process.pid, resource.RLIMIT_NOFILE)
        self.assertEqual(allowed, min(65536, before[1]))
        self.strangers("bus", 300)
        self.online()

    def test_two_hundred_silent_connections_from_its_own_address_stop_no_enrolment(self):
        self.strangers("enrolment")
        for number in range(3):
            self.enrolled(f"web{number}")
            self.strangers("enrolment", 60)


if __name__ == "__main__":
    unittest.main()
