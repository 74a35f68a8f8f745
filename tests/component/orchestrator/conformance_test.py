"""The check of all traffic against /v1/openapi.json: what it lets pass, and what it finds."""

import contextlib
import json
import pathlib
import socket
import sys
import threading
import unittest

from case import OrchestratorCase
from program import Proxy, Rest, eventually
from harness.conformance import Conformance

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "sdk/client/python"))

from evenkeel_client import Client, Problem  # noqa: E402

HOST = {"id": "host_1", "name": "web1", "enrolment": "active", "connection": "online",
        "environment": "default", "wanted": None,
        "compliance": {"compliant": 1, "drifted": 0, "unknown": 0, "failed": 0}}
PAGE = {"items": [HOST], "next": None, "revision": 7}
HOSTILE = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n",
    "no version": b"GET /v1/hosts\r\nHost: x\r\n\r\n",
    "two lengths": b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                   b"Content-Length: 2\r\n\r\n",
    "chunked": b"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"0\r\n\r\n",
    "a line without a colon": b"GET /v1/hosts HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "a target without end": b"GET /" + b"a" * 60_000,
    "a header without end": b"GET / HTTP/1.1\r\nX-A: " + b"a" * 100_000,
    "a huge body": b"PUT /v1/hosts/x/resources/files/%2Fa HTTP/1.1\r\nHost: x\r\n"
                   b"Content-Length: 99999999999\r\n\r\n",
    "NUL in a segment": b"GET /v1/hosts/a%00b HTTP/1.1\r\nHost: x\r\n\r\n",
    "another method": b"BREW /v1/hosts HTTP/1.1\r\nHost: x\r\n\r\n",
    "no such route": b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n",
}


class Canned:
    """A server that gives every request the same bytes, then closes."""

    def __init__(self, answer):
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                with client:
                    seen = b""
                    while b"\r\n\r\n" not in seen:
                        seen += client.recv(4096)
                    client.sendall(self._answer)

    def close(self):
        self._listening.close()


def answer(body, status="200 OK", kind="application/json", more=""):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n"
            f"Connection: close\r\n{more}\r\n").encode() + data


def stream(*events):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return head + "retry: 3000\n\n: alive\n\n".encode() + "".join(events).encode()


def event(name, data, identity=""):
    return f"{identity and f'id: {identity}' + chr(10)}event: {name}\ndata: {json.dumps(data)}\n\n"


class Planted(OrchestratorCase):
    """Answers that are wrong on purpose, of a server that stands in for the orchestrator."""

    def found(self, canned, target="/v1/hosts", method="GET", body=None):
        """What the check finds wrong in an exchange that is answered so."""
        server = Canned(canned)
        self.addCleanup(server.close)
        proxy = Proxy(conformance=Conformance(self.rest.get("/v1/openapi.json")))
        self.addCleanup(proxy.close)
        proxy.serve(server.port)
        # The client gets what it would get without the check.
        with contextlib.closing(Rest("x", proxy.port).connect()) as connection:
            connection.request(method, target, body, {"Content-Type": "application/json"})
            self.assertEqual(connection.getresponse().read(), canned.partition(b"\r\n\r\n")[2])
        wrong = list(proxy.wrong)
        if wrong:
            with self.assertRaises(AssertionError):
                proxy.assert_conforming()
        proxy.assert_conforming()  # told once
        return wrong

    def test_what_is_declared_passes(self):
        self.assertEqual(self.found(answer(PAGE)), [])
        self.assertEqual(self.found(stream(
            event("added", HOST), event("deleted", {"id": "host_1"}),
            event("bookmark", {"revision": 7, "initial_end": True}, "s-7")),
            "/v1/hosts?watch=1"), [])

    def test_an_answer_that_lacks_a_required_member_is_found(self):
        broken = {**PAGE, "items": [{name: HOST[name] for name in HOST if name != "name"}]}
        self.assertEqual(self.found(answer(broken))[0], "GET /v1/hosts (/v1/hosts) -> 200: "
                         "/items/0: 'name' is a required property")

    def test_what_else_is_not_declared_is_found(self):
        for what, canned in {
                "'colour' was unexpected": answer({**PAGE, "items": [{**HOST, "colour": "red"}]}),
                "status 201": answer(PAGE, "201 Created"),
                "x-new": answer(PAGE, more="X-New: 1\r\n"),
                "text/plain": answer(PAGE, kind="text/plain"),
                "no JSON": answer(b"{"),
                "'code' is a required": answer({"type": "/problems/x"}, "404 Not Found",
                                               "application/problem+json"),
                "media type application/json": answer({}, "500 Oops")}.items():
            wrong = self.found(canned)
            self.assertTrue(any(what in one for one in wrong), (what, wrong))

    def test_a_request_that_was_taken_and_is_not_declared_is_found(self):
        for target, body in (("/v1/hosts?colour=red", None), ("/v2/hosts", None)):
            self.assertEqual(len(self.found(answer(PAGE), target, body=body)), 1, target)
        wrong = self.found(answer({}, "201 Created"), "/v1/tokens", "POST", b'{"role": "king"}')
        self.assertTrue(any("king" in one for one in wrong), wrong)

    def test_each_event_of_a_stream_is_held_against_its_schema(self):
        drifted = {"specversion": "1.0", "id": "s-8", "source": "/v1/hosts/h",
                   "type": "resource.drifted", "subject": "files//a", "time": "t",
                   "data": {"host": "h", "collection": "files", "id": "/a", "policy": "report",
                            "generation": None, "compliance": None, "changes": []}}
        events = "/v1/events"
        self.assertEqual(self.found(stream(event("resource.drifted", drifted, "s-8")), events), [])
        for what, sent in {
                "'changes' is a required": event("resource.drifted", {**drifted, "data": {
                    name: value for name, value in drifted["data"].items() if name != "changes"}},
                    "s-8"),
                "is not declared": event("resource.moved", drifted, "s-8"),
                "id and type": event("resource.drifted", drifted, "s-9"),
                "no JSON": "event: resource.drifted\ndata: {\n\n"}.items():
            good = event("resource.drifted", drifted, "s-8")
            wrong = self.found(stream(good, sent, good), events)
            self.assertTrue(wrong and all(what in one for one in wrong), (what, wrong))
        wrong = self.found(stream(event("deleted", {"name": "web1"})), "/v1/hosts?watch=1")
        self.assertIn("GET /v1/hosts?watch=1 event deleted", wrong[0])


class Passing(OrchestratorCase):
    """What real clients and hostile ones do with the real orchestrator."""

    def test_every_hostile_request_is_answered_with_a_declared_problem(self):
        for name, sent in HOSTILE.items():
            with self.subTest(name), socket.create_connection(
                    ("127.0.0.1", self.orchestrator.port("rest")), 30) as client:
                client.sendall(sent)
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_WR)
                got = b""
                while piece := client.recv(1 << 16):
                    got += piece
                self.assertRegex(got, rb"^HTTP/1.1 4\d\d ")
                self.assertIn(b"application/problem+json", got)
                self.orchestrator.proxy.assert_conforming()

    def test_the_python_client_says_and_gets_what_is_declared(self):
        agent = self.online()
        client = Client(self.orchestrator.url, self.orchestrator.token)
        self.assertEqual([one["name"] for one in client.hosts()], ["web1"])
        events = client.events()
        client.put("web1", "files", "/a", {"mode": "0644"})
        self.assertEqual(next(iter(events))["subject"], "files//a")
        agent.outcome(agent.take_command())
        with self.assertRaises(Problem):
            client.request("GET", "/v1/hosts/nobody")
        seen = self.orchestrator.proxy.conformance.seen
        self.assertIn(("GET", "/v1/hosts/{h}", 404), seen)
        self.assertTrue({"description.changed", "command.changed"} &
                        {name for method, _, name in seen if method == "EVENT"}, seen)

    def test_ek_says_and_gets_what_is_declared(self):
        agent = self.online()
        files = self.orchestrator.root / "file.json"
        files.write_text(json.dumps({"resources": [
            {"collection": "files", "id": "/a", "description": {"mode": "0644"}}]}))
        applying = self.start_ek("apply", "-f", str(files), "--host", "web1")
        agent.outcome(agent.take_command())
        self.assertEqual(applying.wait(30), 0)
        for argv in (["get", "hosts"], ["get", "commands", "--limit", "1"], ["compliance"],
                     ["get", "resources", "files", "/a"], ["describe", "collection", "files",
                                                           "--host", "web1"],
                     ["label", "host", "web1", "a=b"], ["audit", "--verify"],
                     ["create", "enrolment-token"], ["wait", "host/web1", "--for",
                                                     "connection=online"]):
            done = self.ek(*argv)
            self.assertEqual(done.returncode, 0, (argv, done))
        self.assertEqual(self.ek("get", "hosts", "nobody").returncode, 5)
        self.assertIn(("POST", "/v1/hosts/{h}:apply", 200),
                      self.orchestrator.proxy.conformance.seen)

    def test_a_connection_that_is_cut_breaks_at_both_ends(self):
        events = self.events()
        eventually("it is open", lambda: events.position)
        before = events.breaks
        self.orchestrator.proxy.cut()
        eventually("it broke", lambda: events.breaks > before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
