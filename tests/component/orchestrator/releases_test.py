"""What follows by itself after an edit is not lost at a kill, and not sent after a restore."""

import time
import unittest

from case import OrchestratorCase
from fake_agent import verdict
from program import eventually

MOTD = "/etc/motd"


class Releases(OrchestratorCase):
    """web1 has what the application `motd` says."""

    def setUp(self):
        super().setUp()
        self.agent = self.online()
        self.set("0")
        self.application("{{text}}")
        self.edit("PUT", "/v1/assignments/motd", {"application": "motd"})
        self.work()

    def edit(self, method, path, body=None):
        reply = self.rest.call(method, path, body)
        self.assertIn(reply.status, (200, 201, 202, 204), reply)
        return reply

    def set(self, text):
        return self.edit("PUT", "/v1/settings/global/text", {"value": text})

    def application(self, content, *others):
        files = {MOTD: content, **{name: "x" for name in others}}
        return self.edit("PUT", "/v1/applications/motd", {"resources": [
            {"collection": "files", "id": name, "description": {"content": text}}
            for name, text in files.items()]})

    def work(self):
        """Carries out commands until the host has what it shall have."""
        while self.wanted() != "compiled" or self.unfinished():
            if self.unfinished():
                self.agent.outcome(self.agent.take_command())

    def unfinished(self):
        return [one for one in self.rest.items("/v1/commands")
                if one["state"] in ("queued", "accepted")]

    def wanted(self):
        wanted = self.rest.get("/v1/hosts/web1")["wanted"]
        return wanted["status"] if wanted else None

    def content(self):
        return self.rest.get(self.path(MOTD))["description"]["content"]

    def progress(self, plan):
        return self.rest.get(f"/v1/plans/{plan}").get("progress")

    def start_again(self):
        self.orchestrator.start()
        self.agent.go_online()

    def of_system(self):
        return [one for one in self.rest.items("/v1/plans") if one["author"] == "system"]

    def pending(self):
        return next((one for one in self.of_system() if one["state"] == "open"), None)


class Killed(Releases):
    def test_every_plan_that_was_answered_ends_and_the_host_follows(self):
        plans = []
        for number in range(1, 11):
            plans.append(self.set(str(number)).headers["plan"])
            time.sleep(0.004 * (number % 5))  # before, within and after the release
            self.orchestrator.kill()
            self.agent.wait_closed()
            self.start_again()
        self.work()
        self.assertEqual(self.content(), "10")
        for plan in plans:
            self.assertEqual(self.progress(plan), {
                "hosts": 1, "waiting": 0, "succeeded": 1, "failed": 0, "unreachable": 0}, plan)

    def test_a_plan_of_direct_changes_ends_with_its_commands(self):
        plan = self.edit("POST", "/v1/plans", {"changes": [
            {"method": "PUT", "path": self.path("/a"),
             "body": {"description": {"content": "1"}}}]}).body
        applied = self.edit("POST", f"/v1/plans/{plan['id']}:apply").body
        self.assertEqual((applied["progress"]["waiting"], applied["progress"]["succeeded"]), (1, 0))
        self.orchestrator.kill()
        self.agent.wait_closed()
        self.start_again()
        eventually("it is compiled", lambda: self.wanted() == "compiled")
        self.assertEqual(self.progress(plan["id"])["waiting"], 1)
        self.agent.outcome(self.agent.take_command(), "failed")
        eventually("it has failed", lambda: self.progress(plan["id"])["failed"] == 1)

    def test_a_host_that_is_retired_is_waited_for_no_more(self):
        plan = self.set("1").headers["plan"]
        self.edit("POST", "/v1/hosts/web1:retire")
        self.orchestrator.kill()
        self.orchestrator.start()
        eventually("it has failed", lambda: self.progress(plan) == {
            "hosts": 1, "waiting": 0, "succeeded": 0, "failed": 1, "unreachable": 0})


class Restored(Releases):
    def setUp(self):
        super().setUp()
        self.application("{{text}}", "/etc/old")
        self.work()
        # A backup between an edit and what is sent last: /etc/old goes once /etc/motd is there.
        self.edited = self.application("new {{text}}").headers["plan"]
        command = self.agent.take_command()
        backup = self.orchestrator.root / "backup"
        self.assertEqual(self.orchestrator.run("backup", str(backup))[0], 0)
        self.agent.outcome(command)
        self.work()
        # What the backup does not know.
        self.set("1")
        command = self.agent.take_command()
        self.agent.outcome(command)
        self.assertEqual(self.orchestrator.stop(), 0)
        self.agent.wait_closed()
        self.assertEqual(self.orchestrator.run("restore", str(backup))[0], 0)
        self.orchestrator.start()
        self.agent.go_online()
        one = command["resources"][0]
        self.agent.event("description.changed", {
            "collection": "files", "id": MOTD, "description": one["description"],
            "policy": one["policy"], "generation": one["generation"], "origin": "orchestrator",
            "reason": "restored", "compliance": verdict("compliant"), "state": {"size": 1}})

    # What it had before the host has said more is another plan.
    def held(self):
        pending = self.pending()
        if self.wanted() != "held" or self.content() != "new 1" or not pending:
            return None
        plan = self.rest.get(f"/v1/plans/{pending['id']}")
        differs = sorted((one["change"], one["id"]) for group in plan["groups"]
                         for one in group["resources"])
        return plan if differs == [("change", MOTD), ("forget", "/etc/old")] else None

    def test_nothing_is_sent_before_the_plan_of_it_is_applied(self):
        plan = eventually("it is held", self.held)
        self.agent.expect_nothing("command", 1)
        self.assertEqual(self.progress(self.edited)["failed"], 1)
        self.edit("POST", f"/v1/plans/{plan['id']}:apply", {"hash": plan["hash"]})
        self.work()
        self.assertEqual(self.content(), "new 0")
        self.assertEqual(self.progress(plan["id"])["succeeded"], 1)
        self.assertIsNone(self.pending())

    def test_who_has_rejected_the_plan_is_not_asked_again(self):
        rejected = eventually("it is held", self.held)["id"]
        before = [one["id"] for one in self.of_system()]
        self.edit("POST", f"/v1/plans/{rejected}:reject")
        self.orchestrator.kill()
        self.agent.wait_closed()
        self.start_again()
        self.agent.expect_nothing("command", 1)
        self.assertEqual(self.wanted(), "held")
        self.assertEqual([one["id"] for one in self.of_system()], before)


if __name__ == "__main__":
    unittest.main()
