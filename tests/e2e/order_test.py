"""Order on a booted host: a service restarts once when its file has changed and not otherwise, what
depends on a failure is skipped, and no kill loses an action that is owed."""

import json
import time
import unittest

from beds import debs
from harness.case import SystemCase
from harness.system import AGENT, write
from support.wait import eventually

UNIT = """[Unit]
Description=A daemon of the tests
StartLimitIntervalSec=0

[Service]
ExecStartPre=/bin/sh -c 'echo started >>/run/{name}.starts'
ExecStartPre=/bin/sh -c 'until [ -e /run/{name}.go ]; do sleep 0.1; done'
ExecStart=/usr/bin/sleep infinity
"""
RESTART = [{"collection": "services", "id": "site", "action": "restart"}]


def needs(*refs):
    return [{"collection": collection, "id": rid} for collection, rid in refs]


def entry(collection, rid, description, **more):
    return {"collection": collection, "id": rid, "description": description, **more}


def outcomes(command):
    """"id outcome", or "action id outcome", of each resource of a command."""
    return [" ".join(filter(None, (one.get("action"), one["id"], one["outcome"])))
            for one in command["resources"]]


class Order(SystemCase):
    prepare = staticmethod(lambda bed: debs.give(bed, "v1"))

    def setUp(self):
        for name in ("site", "slow"):
            write(self.bed(), f"/usr/lib/systemd/system/{name}.service",
                  UNIT.format(name=name))
        write(self.bed(), "/run/site.go", "")
        self.bed().run("systemctl", "daemon-reload")

    def tearDown(self):
        for _ in range(5):  # what others require is refused until they are forgotten
            for item in self.rest.items("/v1/hosts/web/resources"):
                path = self.rest.resource_path("web", item["collection"], item["id"])
                self.rest.call("POST", path + ":forget", None, {"Prefer": "wait=60"})
        self.assertEqual(self.rest.items("/v1/hosts/web/resources"), [])
        self.bed().run("systemctl", "stop", "site", "slow")
        self.bed().run("sh", "-c", "dpkg --purge hello libhello 2>/dev/null; "
                       "rm -rf /var/lib/evenkeel/site.*", check=False)

    def apply(self, *entries, query="", wait_s=60):
        prefer = {"Prefer": f"wait={wait_s}"} if wait_s else {}
        return self.rest.call("POST", f"/v1/hosts/web:apply{query}", {"resources": list(entries)},
                              prefer)

    def applied(self, *entries):
        reply = self.apply(*entries)
        self.assertEqual((reply.status, reply.body["state"]), (200, "succeeded"), reply)
        return reply.body

    def invocation(self, name="site"):
        """Another one after each start."""
        return self.bed().run("systemctl", "show", "--property=InvocationID", "--value",
                              name).stdout.strip()

    def starts(self):
        """How often the service was started since the host is up, as it counts itself."""
        return len(self.read("/run/site.starts").splitlines())

    def site(self, content, policy="report"):
        """A package, its configuration and the service, not in the order of the work."""
        return [entry("services", "site", {"running": True}, policy=policy,
                      requires=needs(("packages", "hello"))),
                entry("files", "/var/lib/evenkeel/site.conf", {"content": content}, policy=policy,
                      requires=needs(("packages", "hello")), notifies=RESTART),
                entry("files", "/var/lib/evenkeel/site.extra", {"content": content}, policy=policy,
                      notifies=RESTART),
                entry("packages", "hello", {})]

    def test_a_service_restarts_once_when_its_files_changed_and_not_otherwise(self):
        first = self.applied(*self.site("1\n"))
        self.assertEqual(outcomes(first), [
            "/var/lib/evenkeel/site.extra done", "hello done", "site done",
            "/var/lib/evenkeel/site.conf done", "restart site done"])
        before, starts = self.invocation(), self.starts()
        again = self.applied(*self.site("1\n"))
        self.assertEqual(outcomes(again)[-1], "/var/lib/evenkeel/site.conf done")
        self.assertEqual((self.invocation(), self.starts()), (before, starts))
        planned = self.apply(*self.site("2\n"), query="?dry_run=all").body
        self.assertEqual(outcomes(planned)[-1], "restart site planned")
        self.assertEqual(self.invocation(), before)
        changed = self.applied(*self.site("2\n"))
        self.assertEqual(outcomes(changed)[-1], "restart site done")
        self.assertNotEqual(self.invocation(), before)
        self.assertEqual(self.starts(), starts + 1)
        self.assertEqual(self.compliance("services", "site")["status"], "compliant")

    def test_ties_are_shown_with_the_resource_here_and_there(self):
        self.applied(*self.site("1\n"))
        shown = self.rest.resource("web", "files", "/var/lib/evenkeel/site.conf")
        self.assertEqual((shown["requires"], shown["notifies"]),
                         (needs(("packages", "hello")), RESTART))
        code, told = self.system.agent("web", "read", "files", "/var/lib/evenkeel/site.conf")
        self.assertEqual((code, told["requires"], told["notifies"]),
                         (0, shown["requires"], RESTART))
        reply = self.rest.put("web", "files", "/var/lib/evenkeel/site.conf", {"content": "1\n"})
        self.assertEqual(outcomes(reply.body), ["/var/lib/evenkeel/site.conf done"])
        shown = self.rest.resource("web", "files", "/var/lib/evenkeel/site.conf")
        self.assertEqual((shown["requires"], shown["notifies"]), ([], []))

    def test_what_depends_on_a_failed_package_is_skipped_with_the_reason(self):
        entries = [
            entry("services", "site", {"running": True}, requires=needs(("packages", "nonesuch"))),
            entry("files", "/var/lib/evenkeel/site.conf", {"content": "1\n"},
                  requires=needs(("services", "site"))),
            entry("files", "/var/lib/evenkeel/site.extra", {"content": "1\n"}, notifies=RESTART),
            entry("packages", "nonesuch", {})]
        planned = self.apply(*entries, query="?dry_run=all").body
        command = self.apply(*entries).body
        self.assertEqual(command["state"], "failed", command)
        self.assertEqual(outcomes(command), [
            "/var/lib/evenkeel/site.extra done", "nonesuch failed", "site skipped",
            "/var/lib/evenkeel/site.conf skipped", "restart site skipped"])
        self.assertEqual(outcomes(planned), [
            "/var/lib/evenkeel/site.extra planned", "nonesuch failed", "site skipped",
            "/var/lib/evenkeel/site.conf skipped", "restart site skipped"])
        failed, site, conf = command["resources"][1:4]
        self.assertEqual(site["error"]["code"], failed["error"]["code"])
        self.assertIn("it requires packages nonesuch, which failed", site["error"]["detail"])
        self.assertIn("because packages nonesuch failed", conf["error"]["detail"])
        self.assertFalse(self.exists("/var/lib/evenkeel/site.conf"))
        eventually("it is seen how it stands", lambda: self.compliance(
            "files", "/var/lib/evenkeel/site.conf")["status"] == "drifted")

    def test_what_is_wrong_is_refused_at_both_doors_with_its_pointer(self):
        cycle = [entry("files", "/var/lib/evenkeel/site.a", {"content": "a"},
                       requires=needs(("files", "/var/lib/evenkeel/site.b"))),
                 entry("files", "/var/lib/evenkeel/site.b", {"content": "b"},
                       requires=needs(("files", "/var/lib/evenkeel/site.a")))]
        named = ("a cycle: files /var/lib/evenkeel/site.a -> files /var/lib/evenkeel/site.b -> "
                 "files /var/lib/evenkeel/site.a")
        odd = [entry("files", "/var/lib/evenkeel/site.a", {}, requires=[{"colection": "x"}],
                     notifies=[{"collection": "services", "id": "elsewhere", "action": "restart"},
                               {"collection": "services", "id": "site", "action": "explode"}]),
               entry("services", "site", {"running": True})]
        for entries, expected in (
                (cycle, {"/resources/0/requires/0": named}),
                (odd, {"/resources/0/requires/0/colection": "there is no field",
                       "/resources/0/requires/0/collection": "must be text",
                       "/resources/0/requires/0/id": "must be text",
                       "/resources/0/notifies/0": "neither given here nor described",
                       "/resources/0/notifies/1/action": "has no action 'explode'"})):
            reply = self.apply(*entries)
            self.assertEqual(reply.status, 400, reply)
            found = {error["pointer"]: error["detail"] for error in reply.body["errors"]}
            self.assertEqual(set(found), set(expected))
            for pointer, words in expected.items():
                self.assertIn(words, found[pointer])
        write(self.bed(), "/root/cycle.json", json.dumps({"resources": cycle}))
        for verb in ("plan", "apply"):
            code, told = self.system.agent("web", verb, "/root/cycle.json")
            self.assertEqual((code, told["error"]["detail"]),
                             (2, f"/resources/0/requires/0: {named}"))
        self.assertEqual(self.rest.items("/v1/hosts/web/resources"), [])
        # Over what is described already, one PUT after the other.
        self.applied(cycle[0] | {"requires": []}, cycle[1])
        path = self.rest.resource_path("web", "files", "/var/lib/evenkeel/site.a")
        reply = self.rest.call("PUT", path, {"description": {}, "requires": cycle[0]["requires"]})
        self.assertEqual((reply.status, reply.body["errors"][0]["pointer"]), (400, "/requires/0"))

    def test_a_kill_between_change_and_action_loses_no_action(self):
        self.applied(entry("services", "site", {"running": True}))
        before, starts = self.invocation(), self.starts()
        # The file is written first; the agent is killed while the slow service starts.
        reply = self.apply(
            entry("files", "/var/lib/evenkeel/site.conf", {"content": "1\n"}, notifies=RESTART),
            entry("services", "slow", {"running": True}), wait_s=None)
        eventually("the file is there", lambda: self.exists("/var/lib/evenkeel/site.conf"))
        eventually("the slow one is starting", lambda: self.bed().run(
            "systemctl", "is-active", "slow", check=False).stdout.strip() == "activating")
        self.assertEqual(self.invocation(), before)
        self.system.kill(self.bed(), AGENT)
        write(self.bed(), "/run/slow.go", "")
        done = eventually("the command has ended", lambda: self.ended(reply.body["id"]))
        self.assertEqual((done["state"], outcomes(done)[-1]), ("succeeded", "restart site done"))
        # What the killed process had done is not done again; what it owed is.
        self.assertEqual(done["resources"][0]["changes"], [])
        self.assertNotEqual(self.invocation(), before)
        self.assertEqual(self.starts(), starts + 1)

    def ended(self, command):
        found = self.rest.get(f"/v1/commands/{command}")
        return found["finished_at"] and found

    def test_kills_at_any_moment_lose_no_action(self):
        self.applied(entry("services", "site", {"running": True}))
        for number, pause_s in enumerate((0, 0.01, 0.02, 0.04, 0.08)):
            before = self.invocation()
            reply = self.apply(entry("files", "/var/lib/evenkeel/site.conf",
                                     {"content": f"{number}\n"}, notifies=RESTART), wait_s=None)
            time.sleep(pause_s)  # waits for nothing: each round kills at another moment
            self.system.kill(self.bed(), AGENT)
            done = eventually("the command has ended", lambda: self.ended(reply.body["id"]))
            self.assertEqual(done["state"], "succeeded", done)
            self.assertEqual(self.read("/var/lib/evenkeel/site.conf"), f"{number}\n")
            self.assertNotEqual(self.invocation(), before, f"no restart, killed after {pause_s}")

    def test_a_repair_notifies_once_for_several_files(self):
        self.applied(*self.site("1\n", "enforce"))
        starts, since = self.starts(), self.events.mark()
        # The agent finds both at once: an action waits only so long for further repairs.
        self.bed().run("sh", "-c", f"systemctl kill --signal=STOP {AGENT}; cd /var/lib/evenkeel; "
                       f"echo bad >site.conf; echo bad >site.extra; "
                       f"systemctl kill --signal=CONT {AGENT}")
        told = self.wait_event("resource.notified", "services", "site", since)
        self.assertEqual((told["data"]["action"], told["data"]["error"]), ("restart", None))
        self.assertEqual(told["data"]["sources"],
                         needs(("files", "/var/lib/evenkeel/site.conf"),
                               ("files", "/var/lib/evenkeel/site.extra")))
        self.await_all_events()
        self.assertEqual(self.starts(), starts + 1)
        self.assertEqual(self.resource_events("services", "site", since), ["notified"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
