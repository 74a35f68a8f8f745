"""One story: a web server described in one file, kept by two hosts, upgraded, and one host retired.

The description is docs/examples/webserver.json and the events are kept beside it as
webserver-events.jsonl; EVENKEEL_KEEP_LOG=1 writes that page anew.
"""

import http.client
import json
import os
import pathlib
import unittest

from beds import webserver
from harness.case import SystemCase
from harness.events import Events, about
from support.wait import eventually

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "examples"
LOG = EXAMPLES / "webserver-events.jsonl"
HOSTS = ("web1", "web2")
NEW_VERSION = webserver.VERSIONS["v2"]
SITE = "/etc/nginx/conf.d/site.conf"
PAGE = "/srv/www/index.html"

# what is done by hand, and what is seen of it: collection, id, path of the field
TAMPERING = [
    (["sh", "-c", f"echo '# by hand' >>{SITE}"], "files", SITE, "/content"),
    (["systemctl", "stop", "nginx"], "services", "nginx", "/running"),
    (["systemctl", "kill", "--signal=KILL", "nginx"], "services", "nginx", "/running"),
    (["systemctl", "disable", "nginx"], "services", "nginx", "/enabled"),
    (["chmod", "0700", "/srv/www"], "directories", "/srv/www", "/mode"),
    (["rm", PAGE], "files", PAGE, "/ensure"),
    (["usermod", "--shell", "/usr/sbin/nologin", "deploy"], "users", "deploy", "/shell"),
    (["apt-get", "-q", "-y", "remove", "nginx"], "packages", "nginx", "/ensure"),
]


def description():
    return json.loads((EXAMPLES / "webserver.json").read_text(encoding="utf-8"))


def entries(command):
    """(collection, id, action) -> entry of a command."""
    return {(one["collection"], one["id"], one.get("action")): one
            for one in command["resources"]}


def tale(events):
    """Host and subject -> the types of its events, in order; without the service, which moves
    with its package in more than one right order."""
    names = {event["data"]["id"]: event["data"]["name"] for event in events
             if event["type"] == "host.changed"}
    told = {}
    for event in events:
        if event["type"].startswith("resource.") and event["subject"] != "services/nginx":
            key = f"{names[event['data']['host']]} {event['subject']}"
            told.setdefault(key, []).append(event["type"])
    return told


class Story(SystemCase):
    hosts = HOSTS
    prepare = staticmethod(lambda bed: webserver.give(bed, "v1"))

    def test_a_web_server_from_the_first_plan_to_the_last_day_of_a_host(self):
        self.step("the plan says it all and does nothing", self.plan)
        self.step("one file makes two web servers", self.describe)
        self.step("what is so already is left alone", self.describe_again)
        for name in HOSTS:
            for argv, collection, rid, path in TAMPERING:
                with self.subTest(host=name, by_hand=argv):
                    self.step(f"{name}: {' '.join(argv)}", lambda: self.tamper(
                        name, argv, collection, rid, path))
        self.step("one change to the file upgrades the package", self.upgrade)
        self.step("one host is retired", self.retire)
        self.step("the log is as it was kept", self.compare_log)

    def step(self, title, act):
        print(f"--- {title}", flush=True)
        act()

    def order(self, name, body, query="", wait_s=60):
        prefer = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        return self.rest.call("POST", f"/v1/hosts/{name}:apply{query}", body, prefer)

    def page(self, name):
        """What a visitor gets."""
        with self.system.orchestrator.network():
            connection = http.client.HTTPConnection(self.bed(name).address, 8080, timeout=5)
            connection.connect()
        connection.request("GET", "/")
        reply = connection.getresponse()
        return reply.status, reply.read().decode()

    def is_served(self, name):
        return self.page(name) == (200, "kept as described\n")

    def started_at(self, name):
        return self.bed(name).run("systemctl", "show", "--value", "nginx",
                                  "--property=ActiveEnterTimestampMonotonic").stdout.strip()

    def installed(self, name):
        return self.bed(name).run("dpkg-query", "-W", "-f", "${Version}", "nginx").stdout

    def all_compliant(self, name):
        told = self.rest.items(f"/v1/compliance?host={name}")
        return len(told) == len(description()["resources"]) and all(
            one["compliance"]["status"] == "compliant" for one in told)

    def plan(self):
        for name in HOSTS:
            reply = self.order(name, description(), "?dry_run=all", wait_s=None)
            self.assertEqual(reply.status, 200, reply)
            planned = entries(reply.body)
            for wanted in description()["resources"]:
                entry = planned[wanted["collection"], wanted["id"], None]
                self.assertEqual(entry["outcome"], "planned", entry)
                # What needs something that is not there yet says so instead of guessing.
                self.assertTrue(entry["changes"] or "before" in entry["error"]["detail"], entry)
            self.assertEqual(planned["services", "nginx", "restart"]["outcome"], "planned")
            self.assertFalse(self.exists("/srv/www", name))
            self.assertFalse(self.exists("/etc/nginx", name))

    def describe(self):
        for name in HOSTS:
            reply = self.order(name, description())
            self.assertEqual(reply.status, 200, reply)
            self.assertEqual(reply.body["state"], "succeeded", reply)
            done = entries(reply.body)
            self.assertEqual({one["outcome"] for one in done.values()}, {"done"}, reply)
            self.assertIn(("services", "nginx", "restart"), done)
            eventually(f"{name} serves its page", lambda host=name: self.is_served(host))
            self.assertEqual(self.installed(name), webserver.VERSIONS["v1"])
            self.assertEqual(self.stat("/srv/www", name),
                             ("directory", "2775", "deploy", "editors"))
            eventually(f"{name} is in line", lambda host=name: self.all_compliant(host))

    def describe_again(self):
        for name in HOSTS:
            before = self.started_at(name)
            reply = self.order(name, description())
            changes = [one for entry in reply.body["resources"] for one in entry["changes"]]
            self.assertEqual((reply.body["state"], changes), ("succeeded", []), reply)
            self.assertEqual(self.started_at(name), before)

    def tamper(self, name, argv, collection, rid, path):
        started, since = self.started_at(name), self.events.mark()
        self.bed(name).run(*argv)
        drifted = self.wait_event("resource.drifted", collection, rid, since, name)
        self.assertIn(path, [one["path"] for one in drifted["data"]["compliance"]["fields"]])
        self.assertEqual(drifted["data"]["compliance"]["seen_by"], "event")
        self.events.wait(about("resource.repaired", self.id_of(name), collection, rid),
                         since=since, what=f"repair of {rid}")
        eventually(f"{name} is in line", lambda: self.all_compliant(name))
        eventually(f"{name} serves its page", lambda: self.is_served(name))
        if rid == SITE:
            eventually("the repaired configuration is in force",
                       lambda: self.started_at(name) not in ("0", started))

    def upgrade(self):
        wanted = description()
        for one in wanted["resources"]:
            if one["id"] == "nginx" and one["collection"] == "packages":
                one["description"]["version"] = NEW_VERSION
        for name in HOSTS:
            webserver.give(self.bed(name), "v1", "v2")
            before = self.started_at(name)
            planned = self.order(name, wanted, "?dry_run=all", wait_s=None).body
            self.assertEqual(
                [(entry["id"], one["path"], one["before"], one["after"])
                 for entry in planned["resources"] for one in entry["changes"]],
                [("nginx", "/version", webserver.VERSIONS["v1"], NEW_VERSION)])
            reply = self.order(name, wanted)
            self.assertEqual(reply.body["state"], "succeeded", reply)
            self.assertEqual(self.installed(name), NEW_VERSION)
            self.assertNotEqual(self.started_at(name), before)
            eventually(f"{name} serves its page", lambda host=name: self.is_served(host))
            eventually(f"{name} is in line", lambda host=name: self.all_compliant(host))

    def retire(self):
        reply = self.rest.call("POST", "/v1/hosts/web2:retire")
        self.assertIn(reply.status, (200, 204), reply)
        host = self.rest.get(f"/v1/hosts/{self.id_of('web2')}")
        self.assertEqual((host["enrolment"], host["connection"]), ("retired", "offline"))
        since = self.events.mark()
        self.bed("web2").run("chmod", "0700", "/srv/www")
        self.bed("web1").run("chmod", "0700", "/srv/www")
        self.wait_event("resource.repaired", "directories", "/srv/www", since, "web1")
        eventually("the agent of web2 goes on without anybody to tell it to",
                   lambda: self.stat("/srv/www", "web2")[1] == "2775")
        eventually("web2 keeps what it cannot hand over",
                   lambda: self.system.agent("web2", "status")[1]["outbox"]["events"] >= 2)
        self.assertEqual(self.resource_events("directories", "/srv/www", since, "web2"), [])
        self.assertEqual(self.order(self.id_of("web2"), description()).status, 409)

    def compare_log(self):
        told = self.whole_log()
        if os.environ.get("EVENKEEL_KEEP_LOG"):
            LOG.write_text("".join(json.dumps(one) + "\n" for one in told), encoding="utf-8")
        kept = [json.loads(line) for line in LOG.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(tale(told), tale(kept))

    def whole_log(self):
        """Every event since the orchestrator was made, read anew."""
        stream, _, last = self.events.position.rpartition("-")
        with Events(self.rest, f"{stream}-0") as reader:
            eventually("the log is read", lambda: reader.position
                       and int(reader.position.rpartition("-")[2]) >= int(last))
            return [{key: value for key, value in event.items() if not key.startswith("_")}
                    for event in reader.seen]


if __name__ == "__main__":
    unittest.main(verbosity=2)
