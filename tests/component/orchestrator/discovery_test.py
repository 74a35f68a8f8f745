"""Machines without a token wait to be accepted; copies of a machine are held."""

import shutil
import time
import unittest

from case import OrchestratorCase
from fake_agent import FakeAgent
from program import eventually


class Waiting(OrchestratorCase):
    def machine(self, name="new1", **claims):
        agent = FakeAgent(self.orchestrator, self.orchestrator.root, name)
        self.agents.append(agent)
        agent.ask_for_enrolment(**claims)
        return agent

    def pending(self, count=1):
        return eventually(f"{count} pending", lambda: (lambda found: found if len(
            found) == count else None)([one for one in self.rest.items("/v1/enrolments")
                                        if one["state"] == "pending"]))

    def decide(self, enrolment, verb, body=None):
        return self.rest.call("POST", f"/v1/enrolments/{enrolment['id']}:{verb}", body)

    def test_a_machine_waits_until_it_is_accepted_and_then_connects(self):
        events = self.events()
        agent = self.machine(facts={"os": {"id": "debian"}})
        one, = self.pending()
        self.assertEqual((one["name"], one["host"], one["address"]), ("new1", None, "127.0.0.1"))
        self.assertEqual(one["facts"], {"os": {"id": "debian"}})
        self.assertEqual(len(one["fingerprint"]), 64)
        self.assertEqual(self.rest.items("/v1/hosts"), [])
        reply = self.decide(one, "accept", {"name": "web7", "labels": {"rack": "7"}})
        self.assertEqual(reply.status, 200, reply)
        answer = agent.enrolment_answer()
        self.assertEqual(answer["type"], "enrolled", answer)
        self.assertEqual(answer["host"], reply.body["host"])
        agent.go_online()
        host = self.rest.get("/v1/hosts/web7")
        self.assertEqual((host["id"], host["labels"]), (answer["host"], {"rack": "7"}))
        eventually("each state is told, active with host and with certificate", lambda: [
            event["data"]["state"] for event in events.matching(
                lambda event: event["type"] == "enrolment.changed")]
            == ["pending", "active", "active"])
        self.assertEqual(self.rest.get(f"/v1/enrolments/{one['id']}")["state"], "active")
        # A second thought comes too late, and a lost answer is given again.
        self.assert_problem(self.decide(one, "reject"), 409, "invalid-state")
        agent.close()
        self.assertEqual(agent.enrol("")["host"], answer["host"])

    def test_a_rejected_machine_is_told_so_and_may_be_accepted_later(self):
        agent = self.machine()
        one, = self.pending()
        self.assertEqual(self.decide(one, "reject").status, 200)
        answer = agent.enrolment_answer()
        self.assertEqual((answer["type"], answer["error"]["code"]), ("refused", "denied"))
        self.assertEqual(agent.enrol("")["type"], "refused")
        self.assertEqual(self.decide(one, "accept").status, 200)
        self.assertEqual(agent.enrol("")["type"], "enrolled")

    def test_both_sides_may_start_anew_meanwhile(self):
        agent = self.machine()
        one, = self.pending()
        self.orchestrator.kill()
        self.orchestrator.start()
        agent.wait_closed()
        agent.ask_for_enrolment()
        self.assertEqual([again["id"] for again in self.pending()], [one["id"]])
        self.decide(one, "accept")
        self.assertEqual(agent.enrolment_answer()["type"], "enrolled")

    def test_a_token_takes_in_a_machine_that_waits(self):
        agent = self.machine()
        one, = self.pending()
        agent.close()
        self.assertEqual(agent.enrol(self.token()["secret"])["type"], "enrolled")
        self.assertEqual([(again["id"], again["state"])
                          for again in self.rest.items("/v1/enrolments")], [(one["id"], "active")])

    def test_a_machine_that_was_accepted_and_then_shows_a_token_is_one_host(self):
        agent = self.machine()
        one, = self.pending()
        agent.close()
        accepted = self.decide(one, "accept", {"name": "web7", "labels": {"rack": "7"}}).body
        token = self.token(labels={"rack": "9", "role": "web"})
        answer = agent.enrol(token["secret"])
        self.assertEqual((answer["type"], answer.get("host")), ("enrolled", accepted["host"]))
        agent.go_online()
        self.assertEqual([(host["id"], host["name"], host["labels"])
                          for host in self.rest.items("/v1/hosts")],
                         [(accepted["host"], "web7", {"rack": "7", "role": "web"})])
        self.assertEqual(self.rest.get(f"/v1/enrolment-tokens/{token['id']}")["uses_left"], 0)
        # A lost answer is given again, to the key and by the token.
        agent.close()
        self.assertEqual(agent.enrol(token["secret"])["certificate"], answer["certificate"])
        self.assertEqual(agent.enrol("")["certificate"], answer["certificate"])

    def test_what_a_machine_claims_is_bounded_and_harmless(self):
        hostile = {"ok": "a\u001b[31m\u202eb", "n": 1, "deep": {"a": {"b": {"c": {"d": 1}}}},
                   "list": [1, "\u001b"] * 100, "bad name": "x", "long": "y" * 10_000}
        self.machine("x" * 30 + "\u001b", facts=hostile, machine_id="z" * 5_000)
        one, = self.pending()
        self.assertEqual(one["name"], "x" * 30)
        self.assertNotIn("\u001b", str(one))
        self.assertEqual(set(one["facts"]), {"ok", "n", "deep", "list", "long"})
        self.assertEqual(len(one["facts"]["list"]), 64)
        self.assertLessEqual(len(one["facts"]["long"]), 256)
        self.assertLessEqual(len(one["machine_id"]), 128)
        self.assertNotIn("d", str(one["facts"]["deep"]))

    def test_new_machines_of_one_address_are_limited(self):
        agents = []
        for number in range(20):
            agents.append(self.machine(f"m{number}"))
        self.pending(20)
        answer = self.machine("late").enrolment_answer()
        self.assertEqual((answer["type"], answer["error"]["code"]), ("refused", "busy"))
        self.pending(20)

    def test_decisions_are_on_record(self):
        self.machine()
        one, = self.pending()
        self.decide(one, "reject")
        record = self.rest.get("/v1/audit?limit=1")["items"][0]
        self.assertEqual(record["object"], f"/v1/enrolments/{one['id']}:reject")
        self.assertEqual(record["detail"]["fingerprint"], one["fingerprint"])


class SwitchedOff(OrchestratorCase):
    enrolment = {"discovery": False}

    def test_only_tokens_count(self):
        agent = FakeAgent(self.orchestrator, self.orchestrator.root, "new1")
        self.agents.append(agent)
        answer = agent.enrol("")
        self.assertEqual((answer["type"], answer["error"]["code"]), ("refused", "denied"))
        self.assertEqual(self.rest.items("/v1/enrolments"), [])
        self.assertEqual(agent.enrol(self.token()["secret"])["type"], "enrolled")


class Clones(OrchestratorCase):
    heartbeat = "6s"

    def first(self, *names):
        """It has said hello; and copies with these names, made before, for it is silent now."""
        agent = self.enrolled()
        copies = [self.copy_of(agent, name) for name in names]
        agent.connect()
        agent.hello(machine_id="m1", instance="run_1")
        return agent, *copies

    def copy_of(self, agent, name):
        clone = FakeAgent(self.orchestrator, self.orchestrator.root, name)
        self.agents.append(clone)
        clone.host, clone.stream, clone.key = agent.host, agent.stream, agent.key
        clone.certificate = clone.folder / "certificate.pem"
        shutil.copy(agent.certificate, clone.certificate)
        return clone

    def come(self, agent, **claims):
        agent.connect()
        agent.say_hello(**claims)

    def beat_until(self, agent, what, check):
        def beat():
            agent.send('{"type":"heartbeat"}')
            return check()
        return eventually(what, beat)

    def assert_quarantined(self, clone):
        """By the condition; agents of 0.1 look for the text."""
        said = clone.wait_closed()
        self.assertIn("evenkeel:quarantined", said)
        self.assertIn("held: ", said)

    def held(self):
        return [one for one in self.rest.items("/v1/enrolments") if one["state"] == "held"]

    def connection(self):
        return self.rest.get("/v1/hosts/web1")["connection"]

    def test_a_copy_is_held_and_the_first_goes_on(self):
        events = self.events()
        first, clone = self.first("copy")
        end = self.keep_alive(first)
        self.come(clone, machine_id="m2", instance="run_2", boot_id="c")
        one, = self.beat_until(first, "the copy is held", self.held)
        self.assert_quarantined(clone)
        self.assertEqual((one["host"], one["machine_id"], one["name"]),
                         (first.host, "m2", "copy"))
        self.assertEqual(self.rest.get(f"/v1/enrolments/{one['id']}"), one)
        host = self.rest.get("/v1/hosts/web1")
        self.assertEqual((host["connection"], host["enrolment"]), ("online", "active"))
        shown = events.wait(lambda event: event["type"] == "enrolment.changed"
                            and event["data"]["state"] == "held")
        self.assertEqual(shown["data"]["id"], one["id"])
        self.assertEqual([event["data"]["connection"] for event in events.matching(
            lambda event: event["type"] == "host.changed")][-1], "online")
        record = next(one for one in self.rest.items("/v1/audit") if one["route"] == "held")
        self.assertEqual(record["actor"]["id"], f"host:{first.host}")
        # It stays out while the first is away, and comes again as the same enrolment.
        end()
        first.close()
        eventually("the first is away", lambda: self.connection() == "offline")
        self.come(clone, machine_id="m2", instance="run_3")
        self.assert_quarantined(clone)
        self.assertEqual(self.held(), [one])
        # Until somebody lets it in.
        reply = self.rest.call("POST", f"/v1/enrolments/{one['id']}:accept")
        self.assertEqual(reply.status, 200, reply)
        clone.connect()
        clone.hello(machine_id="m2", instance="run_3")
        self.assertEqual(self.held(), [])

    def test_a_rejected_copy_stays_out(self):
        first, clone = self.first("copy")
        self.come(clone, machine_id="m2", instance="run_2")
        one, = self.beat_until(first, "the copy is held", self.held)
        reply = self.rest.call("POST", f"/v1/enrolments/{one['id']}:reject")
        self.assertEqual(reply.body["state"], "rejected")
        first.close()
        eventually("the first is away", lambda: self.connection() == "offline")
        self.come(clone, machine_id="m2", instance="run_2")
        self.assert_quarantined(clone)

    def test_a_machine_started_anew_is_no_copy(self):
        # The first's link is half open: nothing more comes, and nobody ends it.
        _, again = self.first("copy")
        again.connect()
        again.hello(machine_id="m1", instance="run_2", boot_id="another")
        self.beat_until(again, "it is online", lambda: self.connection() == "online")
        self.assertEqual(self.held(), [])

    def test_what_was_under_way_when_the_machine_ended_makes_no_copy(self):
        first, again = self.first("copy")
        self.come(again, machine_id="m1", instance="run_2")
        time.sleep(3)  # elapsed time is what counts: more than a quarter of a heartbeat
        first.send({"type": "heartbeat"})
        self.assertEqual(again.expect("hello").body["host"], first.host)
        self.assertEqual(self.held(), [])

    def test_the_same_process_takes_its_link_over_at_once(self):
        first, again = self.first("copy")
        again.connect()
        again.hello(machine_id="m1", instance="run_1")
        self.assertTrue(first.wait_closed())
        self.assertEqual(self.held(), [])

    def test_a_link_taken_over_does_not_let_the_copy_in(self):
        first, clone, again = self.first("copy", "again")
        self.come(clone, machine_id="m2", instance="run_2")
        again.connect()
        again.hello(machine_id="m1", instance="run_1")
        self.keep_alive(again)
        self.beat_until(again, "the copy is held", self.held)
        self.assert_quarantined(clone)
        self.assertEqual(self.connection(), "online")

    def test_the_copies_of_a_retired_host_are_forgotten(self):
        first, clone = self.first("copy")
        self.come(clone, machine_id="m2", instance="run_2")
        self.beat_until(first, "the copy is held", self.held)
        self.assertEqual(self.rest.call("POST", "/v1/hosts/web1:retire").status, 200)
        self.assertEqual([one["state"] for one in self.rest.items("/v1/enrolments")], ["retired"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
