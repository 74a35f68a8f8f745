"""What ek shows: lists, single things, tables, JSON, hostile text, problems, retries."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import unittest

from ek import EK, TOKEN, EkCase
from fake_api import REQUEST_ID, hang_up, page, problem, reply
from samples import DRIFTED, HOST_A, HOST_B, HOST_OLD, MOTD, command

HOSTILE = "web\x1b[2J\u202e1"


class Lists(EkCase):
    def test_every_page_of_a_list_is_read(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A], "c+1"), page([HOST_B]))
        shown = self.ek_json("get", "hosts")
        self.assertEqual(shown, {"items": [HOST_A, HOST_B]})
        self.assertEqual([r.query.get("cursor") for r in self.api.requests], [None, "c+1"])

    def test_a_cursor_that_comes_again_ends_the_list(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A], "c1"))
        self.ek("get", "hosts", exits=1)
        self.assertIn("same cursor", self.told)

    def test_the_token_travels_in_the_header_only(self):
        self.api.on("GET", "/v1/hosts", page([]))
        self.ek("get", "hosts")
        request = self.api.requests[0]
        self.assertEqual(request.headers["authorization"], f"Bearer {TOKEN}")
        self.assertEqual(request.target, "/v1/hosts")

    def test_one_host_is_an_object_and_keeps_members_that_ek_does_not_know(self):
        self.api.on("GET", "/v1/hosts/web1", reply(200, HOST_A))
        self.assertEqual(self.ek_json("get", "hosts", "web1"), HOST_A)
        self.assertIn("web1", self.ek("get", "host", "web1"))

    def test_a_name_that_only_a_retired_host_had_means_that_host(self):
        self.api.on("GET", "/v1/hosts/web3", problem(404, "not-found", "there is no host"))
        self.api.on("GET", "/v1/hosts/host_c", reply(200, HOST_OLD))
        self.api.on("GET", "/v1/hosts", page([HOST_OLD]))
        self.assertEqual(self.ek_json("describe", "host", "web3"), HOST_OLD)
        self.assertEqual(self.ek_json("get", "hosts", "web3"), HOST_OLD)
        self.assertEqual(self.api.asked("GET", "/v1/hosts")[0].query["filter"],
                         'name = "web3" AND enrolment = "retired"')
        self.api.on("GET", "/v1/hosts", page([HOST_OLD, {**HOST_OLD, "id": "host_d"}]))
        self.ek("describe", "host", "web3", exits=5)
        self.assertIn("several retired ones were: host_c host_d", self.told)
        self.api.on("GET", "/v1/hosts", page([]))
        self.ek("describe", "host", "web3", exits=5)
        self.assertIn("there is no host", self.told)

    def test_resources_without_a_host_are_those_of_all_active_hosts(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B, HOST_OLD]))
        self.api.on("GET", "/v1/hosts/web1/resources/files", page([MOTD]))
        self.api.on("GET", "/v1/hosts/web2/resources/files", page([]))
        table = self.ek("get", "resources", "files").splitlines()
        self.assertEqual(len(table), 2)
        self.assertIn("/mode 0644 is 0600", table[1])
        self.assertEqual(self.api.asked("GET", "/v1/hosts/web3/resources/files"), [])

    def test_an_id_is_one_encoded_segment(self):
        path = "/v1/hosts/web1/resources/files/%2Fetc%2Fmotd"
        self.api.on("GET", path, reply(200, MOTD))
        self.assertEqual(self.ek_json("get", "resources", "files", "/etc/motd", "--host", "web1"),
                         MOTD)
        self.assertNotIn("live", self.api.requests[0].query)
        shown = self.ek("describe", "resource", "files", "/etc/motd", "--host", "web1", "--live")
        self.assertEqual(self.api.requests[1].query, {"live": "true"})
        self.assertIn("description:\n  content: hello\\n\n  mode: 0644\n", shown)

    def test_commands_are_asked_for_by_host_and_state(self):
        self.api.on("GET", "/v1/commands", page([command()]))
        self.api.on("GET", "/v1/hosts", page([HOST_A]))
        self.assertIn("web1", self.ek("get", "commands", "--host", "web1", "--state", "failed"))
        self.assertEqual(self.api.requests[0].query, {"host": "web1", "state": "failed"})

    def test_as_many_commands_as_asked_for_and_no_page_more(self):
        some = [command(id=f"cmd_{n}") for n in range(3)]
        self.api.on("GET", "/v1/commands", page(some[:2], "c1"), page(some[2:], "c2"))
        shown = self.ek_json("get", "commands", "--limit", "3")
        self.assertEqual(shown["items"], some)
        self.assertEqual([r.query for r in self.api.requests],
                         [{"limit": "3"}, {"limit": "3", "cursor": "c1"}])

    def test_collections_and_their_schema(self):
        files = {"collection": "files", "plugin": "files 0.1.0", "schema": {"type": "object"}}
        self.api.on("GET", "/v1/hosts/web1/collections", page([files]))
        self.api.on("GET", "/v1/hosts/web1/collections/files", reply(200, files))
        self.assertIn("files 0.1.0", self.ek("get", "collections", "--host", "web1"))
        self.assertEqual(self.ek_json("describe", "collection", "files", "--host", "web1"), files)

    def test_compliance_shows_rows_and_counts(self):
        row = {"host": "host_a", "collection": "files", "id": "/etc/motd", "compliance": DRIFTED}
        counts = {"compliant": 3, "drifted": 1, "unknown": 0, "failed": 0}
        self.api.on("GET", "/v1/compliance", page([row], counts=counts))
        self.api.on("GET", "/v1/hosts", page([HOST_A]))
        shown = self.ek("compliance", "--host", "web1", "--status", "drifted")
        self.assertEqual(self.api.requests[0].query, {"host": "web1", "status": "drifted"})
        self.assertRegex(shown, r"web1 +files +/etc/motd +drifted +/mode 0644 is 0600")
        self.assertIn("3 compliant, 1 drifted, 0 unknown, 0 failed", shown)
        self.assertEqual(self.ek_json("compliance"), {"items": [row], "counts": counts})


class Terminal(EkCase):
    def on_a_terminal(self, *arguments, columns=60, **environment):
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([EK, *arguments], stdout=slave, stderr=subprocess.DEVNULL,
                                   env={**self.environment, "TERM": "xterm", **environment})
        os.close(slave)
        out = b""
        try:
            while data := os.read(master, 4096):
                out += data
        except OSError:
            pass  # how a pty tells its end
        os.close(master)
        self.assertEqual(process.wait(10), 0)
        return out.decode().replace("\r\n", "\n")

    def test_a_table_fits_the_terminal_and_is_whole_in_a_pipe(self):
        long = {**HOST_A, "name": "ü" * 80}
        self.api.on("GET", "/v1/hosts", page([long, HOST_B]))
        for columns in (20, 60, 200):
            lines = self.on_a_terminal("get", "hosts", columns=columns, NO_COLOR="1").splitlines()
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertEqual(len(lines), 3)
        self.assertIn("ü" * 80, self.ek("get", "hosts"))

    def test_colours_only_on_a_terminal_that_wants_them(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A]))
        self.assertIn("\x1b[32monline", self.on_a_terminal("get", "hosts", columns=200))
        self.assertNotIn("\x1b", self.on_a_terminal("get", "hosts", NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_a_terminal("get", "hosts", TERM="dumb"))
        self.assertNotIn("\x1b", self.ek("get", "hosts"))
        self.environment["CLICOLOR_FORCE"] = "1"
        self.assertIn("\x1b[32monline", self.ek("get", "hosts"))

    def test_what_a_host_sends_does_not_drive_the_terminal(self):
        host = {**HOST_A, "name": HOSTILE, "facts": {HOSTILE: HOSTILE + "\x9b"}}
        self.api.on("GET", "/v1/hosts", page([host]))
        self.api.on("GET", "/v1/hosts/web1", reply(200, host))
        for arguments in (("get", "hosts"), ("describe", "host", "web1"),
                          ("get", "hosts", "-o", "json"), ("api", "GET", "/v1/hosts")):
            shown = self.ek(*arguments)
            for character in "\x1b\u202e\x9b":
                self.assertNotIn(character, shown, arguments)
        self.assertEqual(self.ek_json("get", "hosts")["items"], [host])

    def test_what_a_server_says_in_a_problem_does_not_drive_the_terminal(self):
        self.api.on("GET", "/v1/hosts", problem(400, "bad\x1b[2J", "detail\x1b[2J\nek: done"))
        self.ek("get", "hosts", exits=1)
        self.assertNotIn("\x1b", self.told)
        self.assertEqual(self.told.count("\n"), 1)


class Refusals(EkCase):
    def test_a_problem_is_one_line_each_with_pointer_and_request_id(self):
        errors = [{"pointer": "/resources/0/description/mode", "code": "pattern", "detail": "four"},
                  {"pointer": "/resources/0/description/owmer", "code": "unknown", "detail": "no"}]
        self.api.on("POST", "/v1/hosts/web1:apply",
                    problem(400, "invalid-description", "it does not fit", errors))
        out = self.ek("apply", "-f", str(self.file), "--host", "web1", exits=1)
        self.assertEqual(out, "")
        self.assertEqual(self.told.splitlines(), [
            f"ek: web1: invalid-description: it does not fit (request {REQUEST_ID})",
            "ek:   /resources/0/description/mode: four",
            "ek:   /resources/0/description/owmer: no"])

    def test_one_wrong_field_is_told_once(self):
        pointer = "/resources/0/description/mode"
        errors = [{"pointer": pointer, "code": "pattern", "detail": "four digits"}]
        self.api.on("POST", "/v1/hosts/web1:apply",
                    problem(400, "invalid-description", pointer + ": four digits", errors))
        self.ek("apply", "-f", str(self.file), "--host", "web1", exits=1)
        self.assertEqual(self.told.count("four digits"), 1)
        self.assertEqual(self.told.count("\n"), 1)

    def test_each_status_has_its_exit_code(self):
        for status, code, exits in ((401, "unauthenticated", 4), (403, "forbidden", 1),
                                    (404, "not-found", 5), (404, "unknown-collection", 5),
                                    (409, "invalid-state", 6), (409, "already-exists", 6),
                                    (409, "owned", 6),
                                    (409, "host-offline", 7), (412, "precondition-failed", 6),
                                    (410, "gone", 1), (500, "internal", 1)):
            self.api.on("GET", "/v1/hosts/web1", problem(status, code))
            self.ek("get", "hosts", "web1", exits=exits)
            self.assertIn(code, self.told)

    def test_usage_is_2_and_goes_to_stderr(self):
        for arguments in ((), ("nonsense",), ("get",), ("get", "hosts", "-o", "xml"),
                          ("apply", "-f", "x"), ("get", "hosts", "--nonsense"),
                          ("describe", "resource", "files", "--host", "a"),
                          ("events", "x"), ("api", "GET", "v1/hosts")):
            self.assertEqual(self.ek(*arguments, exits=2), "")
            self.assertNotEqual(self.told, "")
        self.assertEqual(self.api.requests, [])
        self.assertIn("Usage: ek", self.ek("--help"))
        self.assertNotRegex(self.ek("--help"), r"(?m)^  [a-z-]+ *$", "a command without words")

    def test_what_is_not_the_api_is_said_so(self):
        self.api.on("GET", "/v1/hosts", reply(200, raw=b"<html>hello</html>"),
                    reply(502, raw=b"<html>bad gateway</html>"), reply(200, []),
                    reply(200, {"no": "items"}), reply(200, raw=b"[" * 100_000))
        for _ in range(5):
            self.ek("get", "hosts", exits=1)
            self.assertIn(self.api.url, self.told)

    def test_a_redirect_is_not_followed(self):
        self.api.on("GET", "/v1/hosts", reply(302, headers={"Location": "/v1/elsewhere"}))
        self.ek("get", "hosts", exits=1)
        self.assertEqual(len(self.api.requests), 1)

    def test_no_server_is_failed(self):
        self.ek("get", "hosts", "--url", "http://127.0.0.1:1", exits=1)
        self.assertIn("cannot reach http://127.0.0.1:1", self.told)

    def test_a_full_disk_behind_stdout_is_not_success(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A]))
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([EK, "get", "hosts"], env=self.environment, stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)


class Retries(EkCase):
    def test_busy_answers_to_a_get_are_tried_again(self):
        self.api.on("GET", "/v1/hosts", problem(429, "rate-limited", headers={"Retry-After": "0"}),
                    problem(503, "unavailable"), page([HOST_A]))
        self.assertEqual(len(self.ek_json("get", "hosts")["items"]), 1)
        self.assertEqual(len(self.api.requests), 3)

    def test_a_lost_connection_is_tried_again_for_get_and_delete(self):
        self.api.on("GET", "/v1/hosts", hang_up(), page([HOST_A]))
        self.ek("get", "hosts")
        path = "/v1/hosts/web1/resources/files/%2Fx"
        self.api.on("DELETE", path, hang_up(), reply(200, command()))
        self.ek("delete", "resource", "files", "/x", "--host", "web1")
        self.assertEqual(len(self.api.asked("DELETE")), 2)

    def test_what_changes_something_is_tried_again_under_one_key(self):
        path = "/v1/hosts/web1:apply"
        busy = problem(409, "idempotency-key-busy", headers={"Retry-After": "0"})
        self.api.on("POST", path, problem(503, "unavailable"), hang_up(), busy,
                    reply(200, command()))
        self.ek("apply", "-f", str(self.file), "--host", "web1")
        keys = [request.headers["idempotency-key"] for request in self.api.asked("POST")]
        self.assertEqual(len(keys), 4)
        self.assertEqual(len(set(keys)), 1)
        self.api.on("POST", path, reply(200, command()))
        self.ek("apply", "-f", str(self.file), "--host", "web1")
        self.assertNotIn(self.api.asked("POST")[-1].headers["idempotency-key"], keys)
        self.ek("apply", "-f", str(self.file), "--host", "web1", "--idempotency-key", "mine")
        self.assertEqual(self.api.asked("POST")[-1].headers["idempotency-key"], "mine/web1")

    def test_a_conflict_without_retry_after_is_not_tried_again(self):
        self.api.on("POST", "/v1/hosts/web1:retire", problem(409, "invalid-state"))
        self.ek("retire", "host", "web1", exits=6)
        self.assertEqual(len(self.api.asked("POST")), 1)

    def test_it_gives_up_after_a_few_tries(self):
        busy = problem(503, "unavailable", headers={"Retry-After": "0"})
        self.api.on("GET", "/v1/hosts", busy)
        self.ek("get", "hosts", exits=1)
        self.assertEqual(len(self.api.requests), 4)


class Api(EkCase):
    def test_any_request_and_its_answer(self):
        self.api.on("PATCH", "/v1/hosts/web1", reply(200, HOST_A, {"ETag": '"7"'}))
        self.file.write_text('{"name":"web9"}')
        shown = self.ek("api", "patch", "/v1/hosts/web1?x=1", "--data", f"@{self.file}",
                        "-H", "If-Match: \"6\"", "-i")
        self.assertEqual(json.loads(shown), HOST_A)
        request = self.api.requests[0]
        self.assertEqual(request.target, "/v1/hosts/web1?x=1")
        self.assertEqual(request.json(), {"name": "web9"})
        self.assertEqual(request.headers["content-type"], "application/merge-patch+json")
        self.assertEqual(request.headers["if-match"], '"6"')
        self.assertIn('etag: "7"', self.told)
        self.ek("api", "PATCH", "/v1/hosts/web1", "--data", "@-", stdin="{}")
        self.assertEqual(self.api.requests[1].json(), {})

    def test_a_problem_is_data_too(self):
        shown = self.ek("api", "GET", "/v1/nothing", exits=5)
        self.assertEqual(json.loads(shown)["code"], "not-found")
        self.assertIn("not-found", self.told)

    def test_text_answers_come_as_they_are(self):
        self.api.on("GET", "/metrics", reply(200, raw=b"a 1\n", headers={
            "Content-Type": "text/plain"}))
        self.assertEqual(self.ek("api", "GET", "/metrics"), "a 1\n")

    def test_a_header_cannot_smuggle_another(self):
        self.ek("api", "GET", "/v1/hosts", "-H", "A: b\r\nC: d", exits=2)
        self.ek("api", "GET", "/v1/hosts HTTP/1.1\r\nX: y", exits=2)
        self.assertEqual(self.api.requests, [])


if __name__ == "__main__":
    unittest.main()
