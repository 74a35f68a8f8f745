"""ek get --watch: the list, then what becomes of it, over lost connections."""

import json
import signal
import threading
import unittest

from ek import EkCase
from fake_api import bookmark, hang_up, page, problem, reply, stream, told
from samples import HOST_A, HOST_B, MOTD, command

HOSTS = "/v1/hosts"
AGAIN = "retry: 50\n\n"


class Watches(EkCase):
    def setUp(self):
        super().setUp()
        self.held = threading.Event()
        self.addCleanup(self.held.set)

    def lines(self, count, *arguments):
        """The first `count` lines of ek get -w, which is interrupted then and has no more."""
        process = self.start("get", *arguments, "-w")
        watchdog = threading.Timer(20, process.kill)
        watchdog.start()
        lines = [process.stdout.readline() for _ in range(count)]
        process.send_signal(signal.SIGINT)
        rest, self.told = process.communicate(timeout=10)
        watchdog.cancel()
        self.assertEqual(process.returncode, 130, self.told)
        self.assertEqual(rest, "")
        return lines

    def changes(self, count, *arguments):
        """(event, name) of the first `count` lines with -o json, and the items."""
        found = [json.loads(line) for line in self.lines(count, *arguments, "-o", "json")]
        self.items = [one["item"] for one in found]
        return [(one["event"], one["item"].get("name")) for one in found]

    def test_the_list_comes_first_and_then_each_change(self):
        self.api.on("GET", HOSTS, stream(
            told("added", **HOST_A), told("added", **HOST_B), bookmark(7, True),
            told("modified", **{**HOST_A, "connection": "offline"}), bookmark(8),
            told("deleted", id="host_b"), bookmark(9), hold=self.held))
        self.assertEqual(self.changes(4, "hosts", "--filter", "labels.role = web"),
                         [("added", "web1"), ("added", "web2"), ("modified", "web1"),
                          ("deleted", "web2")])
        self.assertEqual(self.items[0], HOST_A)
        self.assertEqual(self.items[3], HOST_B)  # as it was, not only its id
        request = self.api.asked("GET", HOSTS)[0]
        self.assertEqual(request.query, {"watch": "1", "filter": "labels.role = web"})
        self.assertEqual(request.headers["accept"], "text/event-stream")

    def test_people_see_rows_of_one_table(self):
        longer = {**HOST_A, "name": "a-much-longer-name"}
        self.api.on("GET", HOSTS, page([HOST_A, HOST_B]), stream(
            told("added", **HOST_A), bookmark(7, True), told("added", **{**longer, "id": "host_l"}),
            bookmark(8), told("deleted", id="host_a"), bookmark(9), hold=self.held))
        header, first, second, third = self.lines(4, "hosts")
        self.assertEqual(header.split()[:3], ["EVENT", "NAME", "ENROLMENT"])
        self.assertEqual(first.split()[:3], ["added", "web1", "active"])
        self.assertEqual(second.split()[:3], ["added", "a-much-longer-name", "active"])
        self.assertEqual(third.split()[:3], ["deleted", "web1", "active"])
        self.assertEqual(second.index("active"), third.index("active"))

    def test_a_lost_stream_goes_on_with_nothing_left_out_and_nothing_twice(self):
        offline = {**HOST_A, "connection": "offline"}
        self.api.on("GET", HOSTS,
                    stream(AGAIN, told("added", **HOST_A)),  # lost before it was whole
                    stream(AGAIN, told("added", **HOST_A), bookmark(7, True),
                           told("modified", **offline)),  # lost before the bookmark
                    hang_up(), problem(503, "unavailable"),
                    stream(told("modified", **offline), told("added", **HOST_B), bookmark(9),
                           hold=self.held))
        self.assertEqual(self.changes(3, "hosts"),
                         [("added", "web1"), ("modified", "web1"), ("added", "web2")])
        self.assertEqual([one.headers.get("last-event-id") for one in self.api.asked("GET", HOSTS)],
                         [None, None, "s1-7", "s1-7", "s1-7"])
        self.assertIn("connection lost", self.told)

    def test_what_is_not_kept_any_more_is_found_by_listing_anew(self):
        offline = {**HOST_A, "connection": "offline"}
        third = {**HOST_A, "id": "host_d", "name": "web4"}
        self.api.on("GET", HOSTS,
                    stream(AGAIN, told("added", **HOST_A), told("added", **HOST_B),
                           told("added", **third), bookmark(7, True)),
                    problem(410, "gone"),
                    stream(told("added", **third), told("added", **offline),
                           bookmark(90, True, "s2"), hold=self.held))
        self.assertEqual(self.changes(5, "hosts")[3:], [("modified", "web1"), ("deleted", "web2")])
        self.assertNotIn("last-event-id", self.api.asked("GET", HOSTS)[2].headers)

    def test_one_thing_is_followed_by_its_id(self):
        self.api.on("GET", HOSTS + "/web1", reply(200, HOST_A))
        self.api.on("GET", HOSTS, stream(told("added", **HOST_A), bookmark(7, True),
                                         hold=self.held))
        self.changes(1, "hosts", "web1")
        self.assertEqual(self.api.asked("GET", HOSTS)[0].query["filter"], 'id = "host_a"')
        self.ek("get", "hosts", "web9", "-w", exits=5)
        path = HOSTS + "/web1/resources/files"
        self.api.on("GET", path, stream(told("added", **MOTD), bookmark(7, True), hold=self.held))
        self.changes(1, "resources", "files", "/etc/motd", "--host", "web1")
        self.assertEqual(self.api.asked("GET", path)[0].query["filter"], 'id = "/etc/motd"')

    def test_commands_by_host_and_state_and_only_the_newest(self):
        some = [told("added", **command(id=f"cmd_{n}")) for n in range(4)]
        self.api.on("GET", "/v1/commands", stream(*some, bookmark(7, True),
                                                  told("added", **command(id="cmd_9")),
                                                  bookmark(8), hold=self.held))
        self.changes(3, "commands", "--limit", "2", "--host", "web1", "--state", "running")
        self.assertEqual([one["id"] for one in self.items], ["cmd_2", "cmd_3", "cmd_9"])
        self.assertEqual(self.api.asked("GET", "/v1/commands")[0].query,
                         {"watch": "1", "host": "web1", "state": "running"})

    def test_what_cannot_be_followed_is_usage_and_a_refusal_ends_it(self):
        self.api.on("GET", HOSTS, page([HOST_A, HOST_B]))
        self.ek("get", "hosts", "-w", "--order-by", "name", exits=2)
        self.ek("get", "tokens", "-w", exits=2)
        self.api.on("GET", HOSTS, page([HOST_A, {**HOST_B, "enrolment": "active"}]))
        self.ek("get", "resources", "-w", exits=2)
        self.assertIn("--host", self.told)
        self.api.on("GET", "/v1/compliance", problem(401, "unauthenticated"))
        self.ek("compliance", "-w", "-o", "json", exits=4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
