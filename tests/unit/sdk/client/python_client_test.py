"""The Python client against the same fake API as ek."""

import os
import pathlib
import sys
import tempfile
import threading
import unittest
from unittest import mock

sys.path.insert(0, os.environ["EK_PYTHON_CLIENT"])

from evenkeel_client import Client, Problem  # noqa: E402
from fake_api import FakeApi, hang_up, page, problem, reply, sse, stream  # noqa: E402
from samples import DRIFTED, FILE, HOST_A, HOST_B, MODE_CHANGE, MOTD, command, planned  # noqa: E402

MOTD_PATH = "/v1/hosts/web1/resources/files/%2Fetc%2Fmotd"
EVENTS = "/v1/events"


class ClientCase(unittest.TestCase):
    def setUp(self):
        self.api = FakeApi()
        self.addCleanup(self.api.close)
        self.client = Client(self.api.url, "t0ken")
        self.held = threading.Event()
        self.addCleanup(self.held.set)


class Calls(ClientCase):
    def test_every_page_of_a_list_is_read(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A], "c+1"), page([HOST_B]))
        self.assertEqual(self.client.hosts(), [HOST_A, HOST_B])
        self.assertEqual([r.query.get("cursor") for r in self.api.requests], [None, "c+1"])
        self.assertEqual(self.api.requests[0].headers["authorization"], "Bearer t0ken")

    def test_compliance_has_the_rows_of_every_page(self):
        self.api.on("GET", "/v1/compliance", page([{"id": "a"}], "c", counts={"failed": 2}),
                    page([{"id": "b"}]))
        report = self.client.compliance(status="failed")
        self.assertEqual([row["id"] for row in report["items"]], ["a", "b"])
        self.assertEqual(report["counts"], {"failed": 2})
        self.assertEqual(self.api.requests[1].query, {"status": "failed", "cursor": "c"})

    def test_resources_are_read_put_and_deleted(self):
        self.api.on("GET", MOTD_PATH, reply(200, MOTD))
        self.api.on("PUT", MOTD_PATH, reply(200, command()))
        self.api.on("DELETE", MOTD_PATH, reply(200, planned(MODE_CHANGE)))
        self.assertEqual(self.client.resource("web1", "files", "/etc/motd", live=True), MOTD)
        done = self.client.put("web1", "files", "/etc/motd", {"mode": "0644"}, "enforce", wait=10,
                               if_match='"7"')
        self.assertEqual(done["state"], "succeeded")
        put = self.api.requests[1]
        self.assertEqual(put.json(), {"description": {"mode": "0644"}, "policy": "enforce"})
        self.assertEqual((put.headers["prefer"], put.headers["if-match"]), ("wait=10", '"7"'))
        self.client.delete("web1", "files", "/etc/motd", dry_run=True)
        self.assertEqual(self.api.requests[2].query, {"dry_run": "all"})

    def test_what_is_owned_is_changed_only_when_it_is_overridden(self):
        self.api.on("PUT", MOTD_PATH, problem(409, "owned"), reply(202, command()))
        self.api.on("DELETE", MOTD_PATH, reply(200, planned(MODE_CHANGE)))
        self.api.on("POST", MOTD_PATH + ":rollback", reply(202, command()))
        with self.assertRaises(Problem) as refused:
            self.client.put("web1", "files", "/etc/motd", {})
        self.assertEqual(refused.exception.code, "owned")
        self.client.put("web1", "files", "/etc/motd", {}, override=True)
        self.client.delete("web1", "files", "/etc/motd", dry_run=True, override=True)
        self.client.rollback("web1", "files", "/etc/motd", 7, override=True)
        self.assertEqual([sent.query for sent in self.api.requests],
                         [{}, {"override": "true"}, {"dry_run": "all", "override": "true"},
                          {"override": "true"}])

    def test_apply_waits_for_an_unfinished_command(self):
        self.api.on("POST", "/v1/hosts/web1:apply", reply(202, command("queued")))
        self.api.on("GET", "/v1/commands/cmd_1", reply(200, command("running")),
                    reply(200, command("failed")))
        done = self.client.apply("web1", FILE["resources"], wait=10)
        self.assertEqual(done["state"], "failed")
        self.assertEqual(self.api.requests[0].json(), FILE)

    def test_many_hosts_are_one_request(self):
        answer = {"request_id": "req_1", "hosts": 2, "commands": {"succeeded": 2}}
        self.api.on("POST", "/v1/resources:apply", reply(200, answer))
        resources = FILE["resources"]
        self.assertEqual(self.client.apply_to_fleet(resources, filter="name = web1", wait=90),
                         answer)
        self.client.apply_to_fleet(resources, hosts=["web1"], dry_run=True, wait=9)
        first, dry = self.api.requests
        self.assertEqual(first.json(), {**FILE, "target": {"filter": "name = web1"}})
        self.assertEqual((first.headers["prefer"], first.query), ("wait=60", {}))
        self.assertEqual(dry.json(), {**FILE, "target": {"hosts": ["web1"]}})
        self.assertEqual(dry.query, {"dry_run": "all"})
        self.assertNotIn("prefer", dry.headers)

    def test_waiting_has_an_end(self):
        self.api.on("GET", "/v1/commands/cmd_1", reply(200, command("queued")))
        with self.assertRaises(TimeoutError):
            self.client.wait(command("queued"), 0.3)

    def test_a_problem_carries_everything(self):
        errors = [{"pointer": "/name", "code": "pattern", "detail": "no blanks"}]
        self.api.on("PATCH", "/v1/hosts/web1", problem(400, "invalid-description", "d", errors))
        with self.assertRaises(Problem) as raised:
            self.client.update_host("web1", name="a b")
        self.assertEqual((raised.exception.status, raised.exception.code),
                         (400, "invalid-description"))
        self.assertIn("/name: no blanks", str(raised.exception))
        self.assertIn("request req_", str(raised.exception))

    def test_requests_are_tried_again_and_changes_under_one_key(self):
        self.api.on("GET", "/v1/hosts/web1", hang_up(), problem(503, "unavailable"),
                    problem(429, "rate-limited", headers={"Retry-After": "0"}), reply(200, HOST_A))
        self.assertEqual(self.client.host("web1"), HOST_A)
        self.api.on("POST", "/v1/hosts/web1:retire", hang_up(), problem(503, "unavailable"),
                    problem(409, "idempotency-key-busy", headers={"Retry-After": "0"}),
                    reply(200, HOST_A))
        self.client.retire("web1")
        keys = [request.headers["idempotency-key"] for request in self.api.asked("POST")]
        self.assertEqual((len(keys), len(set(keys))), (4, 1))

    def test_what_is_not_the_api_is_a_problem_too(self):
        self.api.on("GET", "/v1/hosts", reply(200, raw=b"<html>"))
        with self.assertRaises(Problem) as raised:
            self.client.hosts()
        self.assertEqual(raised.exception.code, "bad-answer")

    def test_settings_that_cannot_be_meant_are_refused(self):
        for url, token in (("ftp://127.0.0.1", ""), ("nonsense", ""), ("http://192.0.2.1", "t"),
                           (self.api.url, "two words"), (self.api.url, "a\r\nb: c")):
            with self.assertRaises(ValueError):
                Client(url, token)

    def test_the_environment_names_url_and_token_file(self):
        self.api.on("GET", "/v1/hosts", page([]))
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "token"
            file.write_text("from-file\n", encoding="ascii")
            with mock.patch.dict(os.environ, EK_URL=self.api.url, EK_TOKEN_FILE=str(file)):
                Client.from_environment().hosts()
        self.assertEqual(self.api.requests[0].headers["authorization"], "Bearer from-file")


class Events(ClientCase):
    def test_it_is_connected_before_the_call_returns(self):
        self.api.on("GET", EVENTS, stream(hold=self.held))
        with self.client.events(host="web1"):
            self.assertEqual(self.api.requests[0].query, {"host": "web1"})

    def test_a_lost_stream_resumes_with_nothing_lost_and_nothing_twice(self):
        self.api.on("GET", EVENTS, stream("retry: 50\n\n", sse(1), sse(2), sse(3)[:40]), hang_up(),
                    problem(503, "unavailable"), stream(": alive\n\n", sse(3)),
                    stream(sse(4, compliance=DRIFTED), hold=self.held))
        with self.client.events(since="s1-0", idle=10) as events:
            seen = [next(events) for _ in range(4)]
        self.assertEqual([e["id"] for e in seen], ["s1-1", "s1-2", "s1-3", "s1-4"])
        self.assertEqual(seen[3]["data"]["compliance"], DRIFTED)
        self.assertEqual([r.headers.get("last-event-id") for r in self.api.requests],
                         ["s1-0", "s1-2", "s1-2", "s1-2", "s1-3"])
        self.assertEqual(events.last_id, "s1-4")

    def test_silence_is_bounded_and_the_stream_reads_on(self):
        more = threading.Event()

        def answer(handler, request):
            stream(sse(1))(handler, request)
            more.wait(10)
            handler.wfile.write(sse(2).encode())
            handler.wfile.flush()
            self.held.wait(10)

        self.api.on("GET", EVENTS, answer)
        with self.client.events() as events:
            self.assertEqual(events.next(10)["id"], "s1-1")
            with self.assertRaises(TimeoutError):
                events.next(0.1)
            more.set()
            self.assertEqual(events.next(10)["id"], "s1-2")

    def test_events_that_are_gone_end_it_with_the_problem(self):
        self.api.on("GET", EVENTS, stream("retry: 50\n\n", sse(1)), problem(410, "gone"))
        with self.client.events(idle=10) as events:
            next(events)
            with self.assertRaises(Problem) as raised:
                next(events)
        self.assertEqual(raised.exception.status, 410)

    def test_a_stream_lost_before_its_first_event_is_told(self):
        self.api.on("GET", EVENTS, stream("retry: 50\n\n"))
        with self.client.events(idle=10) as events, self.assertRaises(ConnectionError):
            next(events)

    def test_closing_ends_the_iteration_and_the_thread(self):
        self.api.on("GET", EVENTS, stream(sse(1), hold=self.held))
        events = self.client.events(idle=10)
        for _ in events:
            events.close()
        events._thread.join(5)
        self.assertFalse(events._thread.is_alive())


if __name__ == "__main__":
    unittest.main()
