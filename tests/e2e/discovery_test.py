"""Agents that know only the orchestrator's address and its authority."""

import json
import pathlib
import re
import sys
import unittest

from harness.case import SystemCase
from harness.system import AGENT, ORCHESTRATOR, REST_PORT, STATE, System, write
from support.wait import eventually

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "docs"))
import pages  # noqa: E402


class Announced(System):
    """Its agents have no token: they wait to be accepted."""

    def enrol(self, name):
        host = self.hosts[name]
        install = self.rest.call("POST", "/v1/enrolment-tokens", {}).body["install"]
        where = re.search(r"--orchestrator (\S+?)(?::(\d+))? --ca-sha256 (\w+)", install)
        write(host, "/etc/evenkeel/agent.json", json.dumps({
            "log": {"level": "debug"},
            "orchestrator": {"host": where[1], "enrolment_port": int(where[2] or 5673),
                             "ca_sha256": where[3]}}))
        host.run("systemctl", "start", AGENT)
        self.pending(name)

    def pending(self, name):
        return eventually(f"{name} waits", lambda: next(
            (one for one in self.rest.items("/v1/enrolments")
             if one["state"] == "pending" and one["name"] == name), None))

    def ek(self, *argv, check=True):
        """ek on the orchestrator's machine, as an administrator there types it."""
        return self.orchestrator.run(
            "env", f"EK_URL=http://127.0.0.1:{REST_PORT}",
            f"EK_TOKEN_FILE={STATE}/orchestrator/admin.token", *argv, check=check)

    def as_told(self, verb, enrolment):
        """What operators are told to type with that verb, for this machine: the command's end."""
        line, = (one for one in pages.discovery()["orchestrator"] if one[1] == verb)
        return self.ek(*(enrolment["id"] if word == "ID" else word for word in line))


class Discovery(SystemCase):
    hosts = ("one", "two")

    @classmethod
    def setUpClass(cls):
        cls.system = Announced(*cls.hosts)
        cls.addClassCleanup(cls.system.close)
        cls.rest, cls.events = cls.system.rest, cls.system.events

    def test_a_waiting_agent_is_accepted_across_restarts(self):
        one = self.system.pending("one")
        shown = self.system.as_told("get", one).stdout
        self.assertIn(one["id"], shown)
        self.assertIn(one["fingerprint"], shown)
        self.assertEqual(one["facts"]["os"]["id"], "debian")
        (line,) = pages.discovery()["host"]
        said = json.loads(self.bed("one").run(*line).stdout)["orchestrator"]
        self.assertEqual((said["enrolment"], said["fingerprint"], said["connected"]),
                         ("pending", one["fingerprint"], False))
        # The agent's log tells the fingerprint by which it is known.
        eventually("it says by which key it is known",
                   lambda: one["fingerprint"] in self.bed("one").journal(AGENT))
        self.bed("one").run("systemctl", "restart", AGENT)
        self.system.orchestrator.run("systemctl", "restart", ORCHESTRATOR)
        eventually("the orchestrator is back", self.system.is_ready)
        self.assertEqual(self.system.pending("one")["id"], one["id"])
        done = self.system.as_told("accept", one)
        self.assertIn("one is active", done.stderr)
        eventually("it is online", lambda: self.system.is_online("web1"))
        host = self.rest.get("/v1/hosts/web1")
        self.assertEqual((host["labels"], host["id"]), (
            {"rack": "7"}, self.rest.get(f"/v1/enrolments/{one['id']}")["host"]))
        code, said = self.system.agent("one", "status")
        self.assertEqual((code, said["orchestrator"]["host"], said["orchestrator"]["connected"]),
                         (0, host["id"], True))
        self.assertEqual(self.put_done("files", "/etc/motd", {"content": "hi\n"},
                                       name="web1")["state"], "succeeded")
        # It is a host now: a second thought comes too late.
        self.assertEqual(self.system.ek("ek", "reject", "enrolment", one["id"],
                                        check=False).returncode, 6)

    def test_a_rejected_agent_says_so_and_stays_out(self):
        two = self.system.pending("two")
        self.assertIn("two is rejected", self.system.as_told("reject", two).stderr)
        eventually("the agent says so", lambda: "does not take this machine" in self.bed(
            "two").journal(AGENT))
        self.assertEqual(self.rest.get(f"/v1/enrolments/{two['id']}")["state"], "rejected")
        self.assertEqual(self.bed("two").run("systemctl", "is-active", AGENT).stdout.strip(),
                         "active")


class Clones(SystemCase):
    hosts = ("web", "copy")

    def test_a_copied_state_is_held_and_the_first_goes_on(self):
        web, copy = self.bed("web"), self.bed("copy")
        copy.run("systemctl", "stop", AGENT)
        web.run("systemctl", "stop", AGENT)
        state = web.run("sh", "-c", f"tar -C {STATE}/agent -c . | base64").stdout
        web.run("systemctl", "start", AGENT)
        eventually("the first is back", lambda: self.system.is_online("web"))
        self.await_all_events("web")
        since = self.events.mark()
        copy.run("sh", "-c", f"rm -rf {STATE}/agent/* && base64 -d | tar -C {STATE}/agent -x",
                 stdin=state)
        copy.run("systemctl", "start", AGENT)
        one = eventually("the copy is held", lambda: next(
            (one for one in self.rest.items("/v1/enrolments") if one["state"] == "held"), None))
        self.assertEqual((one["host"], one["name"]), (self.id_of("web"), "copy"))
        eventually("the copy says so", lambda: "holds this machine" in copy.journal(AGENT))
        self.assertTrue(self.system.is_online("web"))
        self.assertEqual([event for event in self.events.matching(
            lambda event: event["type"] == "host.changed", since)
            if event["data"]["id"] == self.id_of("web")], [])
        self.put_done("files", "/etc/motd", {"content": "first\n"}, name="web")
        self.assertEqual(self.read("/etc/motd", "web"), "first\n")
        self.assertNotEqual(copy.run("cat", "/etc/motd", check=False).stdout, "first\n")

    def test_b_restarts_and_cuts_of_the_first_are_never_held(self):
        web, copy = self.bed("web"), self.bed("copy")
        copy.run("systemctl", "stop", AGENT)
        before = len(self.rest.items("/v1/enrolments"))
        web.run("systemctl", "restart", AGENT)
        eventually("back after a restart", lambda: self.system.is_online("web"))
        self.system.kill(web, AGENT)
        web.cut_link()
        eventually("offline", lambda: not self.system.is_online("web"))
        web.restore_link()
        eventually("back after a cut", lambda: self.system.is_online("web"))
        self.put_done("files", "/etc/motd", {"content": "again\n"}, name="web")
        self.assertEqual(len(self.rest.items("/v1/enrolments")), before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
