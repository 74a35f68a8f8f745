"""Hundreds of agents at once (tests/bench/herd), and a kill of the orchestrator under them."""

import os
import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "component" / "orchestrator")]

from case import OrchestratorCase  # noqa: E402
from harness.rest import Rest  # noqa: E402
from support.herd import Herd  # noqa: E402

AGENTS = int(os.environ["EK_HERD_AGENTS"])
TRIES_MOST = 3


class HerdOfAgents(OrchestratorCase):
    rest_options = {"rate_limit": {"per_second": 0}}

    @property
    def rest(self):
        # Past the proxy that checks each answer: other tests use it, and here it is the brake.
        address = self.orchestrator.ready["rest"]
        return Rest(self.orchestrator.token, port=int(address.rsplit(":", 1)[1]))

    def setUp(self):
        super().setUp()
        self.orchestrator.keep_ports()
        self.herd = Herd(os.environ["EK_HERD"], self.orchestrator.root,
                         pathlib.Path(self.orchestrator.state) / "ca.pem")
        self.addCleanup(self.herd.close)
        enrolled = self.herd.enrol(self.orchestrator.port("enrolment"),
                                   self.token(uses=AGENTS)["secret"], AGENTS)
        self.assertEqual(enrolled["enrolled"], AGENTS, enrolled)

    def all_online(self):
        """The herd's line about it, once the orchestrator agrees."""
        line = self.herd.wait_event("all_online")
        self.assertLessEqual(line["tries_most"], TRIES_MOST, line)
        self.assertEqual(line["online"], AGENTS, line)
        online = self.rest.items("/v1/hosts?filter=connection%20%3D%20online&limit=500")
        self.assertEqual(len(online), AGENTS)
        return line

    def commands_in(self, state):
        return self.rest.items(f"/v1/commands?filter=state%20%3D%20{state}&limit=500")

    def put_on_each(self, text):
        for host in self.rest.items("/v1/hosts?limit=500"):
            reply = self.put("/etc/motd", {"content": text}, host=host["id"])
            self.assertEqual(reply.status, 202, reply)

    def all_have_succeeded(self, count):
        self.herd.wait("outcomes", lambda line: line["outcomes_accepted"] == count)
        self.assertEqual(len(self.commands_in("succeeded")), count)
        self.assertEqual(self.rest.get("/v1/compliance?limit=1")["counts"]["compliant"], AGENTS)

    def test_all_are_served_and_come_back_after_a_kill(self):
        self.herd.start(self.orchestrator.port("bus"))
        line = self.all_online()
        self.assertEqual(line["lost"], 0, line)
        self.put_on_each("one\n")
        self.all_have_succeeded(AGENTS)

        self.herd.tell("mark")
        self.herd.wait_event("mark")
        self.orchestrator.kill()
        self.orchestrator.start()
        line = self.all_online()
        self.assertEqual(line["lost"], AGENTS, line)
        # What was committed is there, and what comes now is carried out once.
        self.assertEqual(len(self.commands_in("succeeded")), AGENTS)
        self.put_on_each("two\n")
        self.all_have_succeeded(2 * AGENTS)
        told = self.herd.report()
        self.assertEqual((told["commands"], told["outcomes_accepted"], told["rejected"]),
                         (2 * AGENTS, 2 * AGENTS, 0), told)
        self.one_request_for_all()

    def one_request_for_all(self):
        """More hosts than changes that are under way at once, and more refusals than are shown."""
        self.enrolled("new")  # never connected, so it accepts any collection
        for collection, refused in (("files", 0), ("colours", AGENTS)):
            done = self.rest.call("POST", "/v1/resources:apply", {
                "target": {"filter": "enrolment = active"},
                "resources": [{"collection": collection, "id": "/all", "description": {}}]})
            self.assertEqual((done.status, done.body["hosts"], done.body["commands"]),
                             (202, AGENTS + 1, {"queued": AGENTS + 1 - refused}), done)
            self.assertEqual((done.body["refused_count"], len(done.body["refused"])),
                             (refused, min(refused, 100)), done)
        self.herd.wait("all is applied",
                       lambda line: line["outcomes_accepted"] == 3 * AGENTS)


if __name__ == "__main__":
    unittest.main()
