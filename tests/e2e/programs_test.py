"""Programs that are run until their guards are content, and facts against limits."""

import unittest

from harness.case import SystemCase
from harness.system import AGENT, write
from support.wait import eventually

REBOOT = "/run/reboot-required"


class Programs(SystemCase):
    def sh(self, script):
        """A command; a shell is a program like any other."""
        return {"command": ["/bin/sh", "-c", script]}

    def test_what_a_program_creates_is_kept_there(self):
        description = {"command": ["/usr/bin/touch", "/srv/made"], "creates": "/srv/made"}
        done = self.put_done("programs", "made", description, "enforce")
        self.assertEqual([change["path"] for change in done["resources"][0]["changes"]],
                         ["/ensure", "/runs"])
        self.assertTrue(self.exists("/srv/made"))
        self.assertEqual(self.compliance("programs", "made")["status"], "compliant")
        since = self.events.mark()
        self.bed().run("rm", "/srv/made")
        drifted = self.wait_event("resource.drifted", "programs", "made", since)
        due = [(one["path"], one["actual"]) for one in drifted["data"]["compliance"]["fields"]]
        self.assertEqual(due, [("/due", "there is no /srv/made")])
        self.wait_event("resource.repaired", "programs", "made", since)
        self.assertTrue(self.exists("/srv/made"))
        self.assertEqual(self.rest.resource("web", "programs", "made")["state"]["runs"], 2)

    def test_what_it_prints_goes_with_the_result_and_no_secret(self):
        done = self.put_done("programs", "prints", {
            **self.sh("echo token is $TOKEN; echo oops >&2; exit 3"), "exit_codes": [3],
            "environment": {"TOKEN": "canary-secret-1"}})
        output = done["resources"][0]["output"]
        self.assertIn("oops\n", output["text"])
        self.assertIn("token is ", output["text"])
        shown = str((done, self.rest.resource("web", "programs", "prints")))
        self.assertNotIn("canary-secret-1", shown)
        kept = self.bed().run("grep", "-rl", "canary-secret-1", "/var/lib/evenkeel", check=False)
        self.assertEqual(kept.stdout, "")

    def test_one_that_fails_says_how(self):
        reply = self.rest.put("web", "programs", "fails", self.sh("echo why; exit 7"))
        entry = reply.body["resources"][0]
        self.assertEqual((reply.body["state"], entry["error"]["code"]), ("failed", "conflict"))
        self.assertIn("/bin/sh ended with exit code 7", entry["error"]["detail"])
        self.assertEqual(entry["output"]["text"], "why\n")

    def test_an_agent_that_is_killed_meanwhile_runs_it_to_its_end(self):
        command = self.rest.put("web", "programs", "slow", {
            **self.sh("echo x >> /srv/starts; sleep 2; touch /srv/slow"), "creates": "/srv/slow"},
            wait_s=None).body["id"]
        eventually("it runs", lambda: self.exists("/srv/starts"))
        self.system.kill(self.bed(), AGENT)
        done = eventually("the command has ended", lambda: (
            found := self.rest.get(f"/v1/commands/{command}"))["finished_at"] and found)
        self.assertEqual(done["state"], "succeeded", done)
        self.assertTrue(self.exists("/srv/slow"))

    def test_the_action_runs_any_program(self):
        path = self.rest.resource_path("web", "programs", "once")
        body = {"action": "run", "arguments": self.sh("echo hello from $(uname)")}
        reply = self.rest.call("POST", path + ":invoke", body, {"Prefer": "wait=60"})
        self.assertEqual((reply.status, reply.body["state"]), (200, "succeeded"), reply)
        self.assertEqual(reply.body["resources"][0]["output"]["text"], "hello from Linux\n")


class Facts(SystemCase):
    def test_a_limit_that_is_not_kept_is_told_and_nothing_is_changed(self):
        limits = {"disk_free_percent_min": {"/": 0}, "memory_available_percent_min": 0,
                  "reboot_required": False}
        self.put_done("facts", "machine", limits, "audit")
        self.wait_compliance("compliant", "facts", "machine")
        since = self.events.mark()
        write(self.bed(), REBOOT, "")
        drifted = self.wait_event("resource.drifted", "facts", "machine", since)
        broken = [(one["path"], one["actual"], one["expected"])
                  for one in drifted["data"]["compliance"]["fields"]]
        self.assertEqual(broken, [("/reboot_required", True, False)])
        self.bed().run("rm", REBOOT)
        self.wait_event("resource.restored", "facts", "machine", since)
        free = {"disk_free_percent_min": {"/": 100, "/none": 1}}
        self.put_done("facts", "machine", free, "audit")
        told = self.wait_compliance("drifted", "facts", "machine")
        self.assertEqual({one["path"] for one in told["fields"]},
                         {"/disk_free_percent_min/~1", "/disk_free_percent_min/~1none"})

    def test_nothing_can_be_enforced(self):
        self.assert_refused(self.rest.put("web", "facts", "machine", {"cpus": 1}, "audit"))
        limits = {"uptime_days_max": 1}
        self.assert_refused(self.rest.put("web", "facts", "machine", limits, "enforce"))

    def test_a_description_is_dropped_and_nothing_is_removed(self):
        self.put_done("facts", "machine", {"uptime_days_max": 1000}, "audit")
        reply = self.rest.delete("web", "facts", "machine")
        self.assertEqual((reply.status, reply.body["resources"][0]["changes"]), (200, []), reply)
        path = self.rest.resource_path("web", "facts", "machine")
        self.assertEqual(self.rest.call("GET", path).status, 404)

    def assert_refused(self, reply):
        self.assertTrue(reply.status >= 400 or reply.body["state"] == "failed", reply)


if __name__ == "__main__":
    unittest.main(verbosity=2)
