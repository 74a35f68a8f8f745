"""The orchestrator's state folder is on a disk of 8 MB that another program fills."""

import json
import os
import unittest

from case import OrchestratorCase
from program import Orchestrator, eventually
from support import small_disk


class OnASmallDisk(Orchestrator):
    def start(self):
        if not self.state.exists():
            small_disk.mount(self.state, "8m")
        super().start()

    def close(self):
        try:
            if self.process:
                self.kill()
        finally:
            small_disk.unmount(self.state)
            super().close()

    def fill(self):
        small_disk.fill(self.state)

    def make_room(self):
        (self.state / "filler").unlink()


@unittest.skipIf(os.geteuid() != 0, "needs root to mount a small disk")
class FullDisk(OrchestratorCase):
    def setUp(self):
        self.orchestrator = OnASmallDisk(self.heartbeat)
        self.addCleanup(small_disk.unmount, self.orchestrator.state)
        self.addCleanup(self.orchestrator.close)
        self.agents = []
        self.addCleanup(self.orchestrator.proxy.assert_conforming)
        self.addCleanup(self.close_agents)

    def put_until_refused(self):
        for number in range(5000):
            reply = self.put(f"/etc/f{number}", {"content": "x" * 20000, "mode": "0644"})
            if reply.status != 202:
                return reply
        self.fail("the disk did not become full")

    def ready(self):
        return self.orchestrator.rest.call("GET", "/readyz")

    def test_changes_are_refused_as_store_full_until_there_is_room_also_after_a_kill(self):
        agent = self.online()
        command = self.put_done(agent, "/etc/motd", {"content": "hi\n", "mode": "0644"})
        self.assertEqual(self.ready().status, 200)
        self.orchestrator.fill()
        for _ in range(2):
            refused = self.put_until_refused()
            self.assert_problem(refused, 507, "store-full")
            self.assertIn(str(self.orchestrator.state), refused.body["detail"])
            ready = self.ready()
            self.assertEqual((ready.status, ready.body["checks"]["store"]), (503, "full"))
            # What is stored is served.
            self.assertEqual(self.rest.call("GET", self.path("/etc/motd")).status, 200)
            # Events are not taken, so the agent keeps them.
            self.assertEqual(self.drift(agent, command, seq=agent.seq + 1), "RELEASED")
            agent.close()
            self.orchestrator.kill()
            self.orchestrator.start()
            agent.go_online([("files", "/etc/motd", command["resources"][0]["generation"])])
        self.orchestrator.make_room()
        eventually("ready again", lambda: self.ready().status == 200)
        self.assertEqual(self.drift(agent, command), "ACCEPTED")
        self.assertEqual(self.put("/etc/motd", {"content": "ho\n", "mode": "0644"}).status, 202)
        self.assertLess(len(self.orchestrator.logged().splitlines()), 20000)
        self.assertIn("is full", json.dumps(self.orchestrator.logged()))

    def test_a_command_that_was_taken_while_that_could_not_be_noted_is_the_agents(self):
        agent = self.online()
        before = self.put_done(agent, "/etc/before", {"mode": "0644"})
        cid = self.put("/etc/motd", {"content": "hi\n", "mode": "0644"}).body["id"]
        taken = agent.expect("command")
        self.orchestrator.fill()
        self.assert_problem(self.put_until_refused(), 507, "store-full")
        taken.accept()
        # The store takes no more from this agent: what came before this event was refused too.
        self.assertEqual(self.drift(agent, before, seq=agent.seq + 1), "RELEASED")
        self.assertEqual(self.command(cid)["state"], "queued")
        self.orchestrator.make_room()
        eventually("ready again", lambda: self.ready().status == 200)
        # It looks as if it still waited here, and is not withdrawn from under the agent.
        reply = self.rest.call("POST", f"/v1/commands/{cid}:cancel")
        self.assertEqual((reply.status, reply.body["state"]), (202, "queued"), reply)
        self.assertEqual(agent.expect("cancel").accept().body["command"], cid)
        self.assertEqual(agent.outcome(taken.body, "cancelled"), "ACCEPTED")
        self.assertEqual(self.command(cid)["state"], "cancelled")


if __name__ == "__main__":
    unittest.main(verbosity=2)
