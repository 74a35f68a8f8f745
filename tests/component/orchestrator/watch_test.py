"""Lists followed: the next change, and streams of changes that converge on the list."""

import contextlib
import http.client
import json
import random
import signal
import threading
import time
import unittest
import urllib.parse

from case import OrchestratorCase
from program import WAIT_SECONDS, eventually

RECONNECT_SECONDS = 0.01


class Watch:
    """Keeps what a watch says the list is, and comes back after every break."""

    def __init__(self, rest, path, key, since=None):
        self.items, self.kinds, self.position = {}, [], since
        self.initial_ends = 0
        self.status = None
        self._rest, self._path, self._key = rest, path, key
        self._closing = threading.Event()
        self._connection = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._closing.set()
        self.cut()

    def cut(self):
        """Ends the connection under way, as a lost link would."""
        connection = self._connection
        if connection and connection.sock:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(2)

    def _run(self):
        while not self._closing.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
                self._read()
            self._closing.wait(RECONNECT_SECONDS)

    def _read(self):
        headers = {"Last-Event-ID": self.position} if self.position else {}
        if not self.position:
            self.items = {}
        with contextlib.closing(self._rest.connect(30)) as connection:
            self._connection = connection
            joint = "&" if "?" in self._path else "?"
            connection.request("GET", self._path + joint + "watch=1",
                               headers=self._rest.headers(headers))
            response = connection.getresponse()
            self.status = response.status
            if response.status != 200:
                return
            fields = {}
            while not self._closing.is_set():
                line = response.readline()
                if not line:
                    return
                text = line.decode().rstrip("\n")
                if text:
                    name, _, value = text.partition(": ")
                    fields[name] = value
                    continue
                if "data" in fields:
                    self._take(fields)
                fields = {}

    def _take(self, fields):
        data, kind = json.loads(fields["data"]), fields["event"]
        self.kinds.append(kind)
        if kind == "bookmark":
            self.position = fields["id"]
            self.initial_ends += data["initial_end"]
        elif kind == "deleted":
            self.items.pop(self._key(data), None)
        else:
            assert kind in ("added", "modified"), kind
            self.items[self._key(data)] = data


class Shown:
    """What a running ek get -w has shown."""

    def __init__(self, process):
        self.process, self.seen = process, []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def has(self, event, **members):
        """Whether such an event was shown of an item with these members."""
        return any(one["event"] == event and members.items() <= one["item"].items()
                   for one in self.seen)

    def interrupt(self):
        """Its exit code and what it said on standard error."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(WAIT_SECONDS)
        self._thread.join(WAIT_SECONDS)
        return code, self.process.stderr.read()


class Watched(OrchestratorCase):
    def watch(self, path, *members, since=None):
        watch = Watch(self.rest, path, lambda item: tuple(item[one] for one in members), since)
        self.addCleanup(watch.close)
        return watch


class SilentHost(Watched):
    heartbeat = "2s"

    def test_a_host_that_falls_silent_is_told_although_no_event_says_so(self):
        agent = self.online()
        fall_silent = self.keep_alive(agent)
        self.put_done(agent, "/a", {})
        watch = self.watch("/v1/compliance", "id")
        eventually("it is whole", lambda: watch.initial_ends == 1)
        self.assertEqual(watch.items[("/a",)]["compliance"]["status"], "compliant")
        fall_silent()
        agent.close()
        eventually("it is unknown", lambda: watch.items[("/a",)]["compliance"]["reason"]
                   == "host_offline")


class Lists(Watched):
    def ask(self, path, **query):
        return self.rest.call("GET", path + "?" + urllib.parse.urlencode(query))

    def test_a_poll_answers_at_the_next_change_of_this_list_and_304_without(self):
        self.enrolled("web1")
        self.enrolled("web2")
        path = "/v1/hosts/web1/resources"
        page = self.ask(path)
        self.assertRegex(page.headers["x-revision"], rf"^stream_.*-{page.body['revision']}$")
        begun = time.monotonic()
        same = self.ask(path, since=page.body["revision"], wait="1s")
        self.assertEqual((same.status, same.body), (304, ""))
        self.assertGreaterEqual(time.monotonic() - begun, 0.9)
        replies = []
        asking = threading.Thread(target=lambda: replies.append(
            self.ask(path, since=page.headers["x-revision"], wait="20s")))
        asking.start()
        eventually("it waits", lambda: "evenkeel_list_watches 1" in self.metrics())
        self.put("/other", {}, host="web2")
        self.assertEqual(replies, [])
        self.put("/mine", {})
        asking.join(WAIT_SECONDS)
        self.assertEqual([one["id"] for one in replies[0].body["items"]], ["/mine"])
        late = self.ask(path, since=page.body["revision"])
        self.assertEqual(late.status, 200)

    def metrics(self):
        return self.rest.call("GET", "/metrics").body

    def test_a_filter_holds_for_polls_and_watches(self):
        web = self.enrolled("web1")
        self.enrolled("db1")
        watch = self.watch("/v1/hosts?filter=labels.role+%3D+web", "id")
        eventually("it is whole", lambda: watch.initial_ends == 1)
        self.assertEqual(watch.items, {})
        self.rest.call("PATCH", "/v1/hosts/web1", {"labels": {"role": "web"}})
        eventually("it came in", lambda: set(watch.items) == {(web.host,)})
        self.rest.call("PATCH", "/v1/hosts/db1", {"labels": {"role": "db"}})
        self.rest.call("PATCH", "/v1/hosts/web1", {"labels": {"role": "db"}})
        eventually("it left", lambda: "deleted" in watch.kinds)
        self.assertEqual([kind for kind in watch.kinds if kind != "bookmark"],
                         ["added", "deleted"])

    def test_positions_and_parameters_that_cannot_be_are_refused(self):
        for query in ({"since": 999999}, {"since": "x"}, {"since": 0, "wait": "11m"},
                      {"watch": 2}, {"watch": 1, "cursor": "x"}, {"watch": 1, "order_by": "name"}):
            self.assert_problem(self.ask("/v1/hosts", **query), 400, "invalid-parameter")
        self.assert_problem(self.ask("/v1/hosts", since="stream_other-1", watch=1), 410, "gone")
        self.assert_problem(self.ask("/v1/enrolment-tokens", watch=1), 400, "unknown-parameter")

    def ek_watches(self, *argv):
        return Shown(self.start_ek("get", *argv, "-w", "-o", "json"))

    def test_ek_shows_what_becomes_of_every_list(self):
        agent = self.online()
        self.keep_alive(agent)
        self.put_done(agent, "/old", {})
        shown = {name: self.ek_watches(*argv) for name, argv in {
            "hosts": ["hosts"], "commands": ["commands"], "enrolments": ["enrolments"],
            "resources": ["resources", "--host", "web1"],
            "collections": ["collections", "--host", "web1"]}.items()}
        shown["compliance"] = Shown(self.start_ek("compliance", "-w", "-o", "json"))
        for name, watch in shown.items():
            eventually(f"the {name} are shown", lambda w=watch: w.seen)
        self.assertTrue(shown["resources"].has("added", id="/old"), shown["resources"].seen)
        self.enrolled("web2")
        command = self.put_done(agent, "/new", {"mode": "0600"})
        self.rest.call("POST", self.path("/old") + ":forget")
        for name, event, members in (
                ("hosts", "added", {"name": "web2"}), ("enrolments", "added", {"name": "web2"}),
                ("commands", "added", {"id": command["id"]}),
                ("commands", "modified", {"id": command["id"], "state": "succeeded"}),
                ("resources", "added", {"id": "/new"}), ("compliance", "added", {"id": "/new"}),
                ("resources", "deleted", {"id": "/old", "description": {}})):
            eventually(f"{name}: {event} {members}",
                       lambda n=name, e=event, m=members: shown[n].has(e, **m))
        for watch in shown.values():
            self.assertEqual(watch.interrupt(), (130, ""))

    def test_ek_goes_on_after_a_cut_and_after_a_killed_orchestrator(self):
        self.enrolled("web1")
        watch = self.ek_watches("hosts")
        eventually("the list is there", lambda: watch.has("added", name="web1"))
        self.orchestrator.proxy.cut()
        self.enrolled("web2")
        eventually("it goes on after the cut", lambda: watch.has("added", name="web2"))
        self.orchestrator.kill()
        self.orchestrator.start()
        self.enrolled("web3")
        eventually("it goes on after the kill", lambda: watch.has("added", name="web3"))
        code, said = watch.interrupt()
        self.assertEqual(code, 130)
        self.assertIn("connection lost", said)
        added = [one["item"]["name"] for one in watch.seen if one["event"] == "added"]
        self.assertEqual(added, ["web1", "web2", "web3"])

    def test_random_writes_and_cuts_converge_on_the_list(self):
        """List, then watch from its first page's revision, whatever is written and lost."""
        dice = random.Random(11)
        agents = [self.enrolled(name) for name in ("web1", "web2")]
        self.assertEqual(len(agents), 2)
        lists = {"/v1/hosts/web1/resources": ("host", "collection", "id"),
                 "/v1/compliance": ("host", "collection", "id"), "/v1/commands": ("id",),
                 "/v1/hosts": ("id",)}
        for number in range(5):
            self.put(f"/old{number}", {})
        watches = {path: self.watch(path, *members) for path, members in lists.items()}
        for path, members in lists.items():
            page = self.ask(path, limit=2)
            watch = self.watch(path, *members, since=page.headers["x-revision"])
            watch.items = {tuple(one[name] for name in members): one
                           for one in self.rest.items(path + "?limit=2")}
            watches[path + " since"] = watch
        for _ in range(120):
            host, name = dice.choice(("web1", "web2")), f"/x{dice.randrange(12)}"
            what = dice.randrange(6)
            if what < 3:
                self.put(name, {"mode": f"0{dice.randrange(400, 777)}"[:4]}, host=host)
            elif what == 3:
                self.rest.call("POST", self.path(name, host) + ":forget")
            elif what == 4:
                self.rest.call("PATCH", f"/v1/hosts/{host}",
                               {"labels": {"n": str(dice.randrange(9))}})
            else:
                dice.choice(list(watches.values())).cut()
        for path, watch in watches.items():
            route = path.split(" ")[0]
            whole = {tuple(one[name] for name in lists[route]): one
                     for one in self.rest.items(route)}
            eventually(f"{path} has converged", lambda w=watch, a=whole: w.items == a)


if __name__ == "__main__":
    unittest.main(verbosity=2)
