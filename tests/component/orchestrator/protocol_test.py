"""The bus as docs/bus-protocol.md has it: resends, duplicates, gaps, streams, restores."""

import hashlib
import shutil
import unittest

from case import OrchestratorCase
from fake_agent import FakeAgent, verdict
from program import eventually


class Protocol(OrchestratorCase):
    heartbeat = "3s"

    def connection(self, host="web1"):
        return self.rest.get(f"/v1/hosts/{host}")["connection"]

    def test_commands_wait_for_the_digest_and_come_in_order(self):
        agent = self.enrolled()
        made = [self.put(f"/etc/{number}", {"content": "x"}).body["id"] for number in range(3)]
        agent.connect()
        agent.hello()
        agent.expect_nothing("command")
        agent.digest()
        self.assertEqual([agent.take_command()["id"] for _ in made], made)

    def test_a_schema_that_does_not_come_is_asked_for_again_but_not_twice_at_once(self):
        agent = self.enrolled()
        agent.holds_schemas = True
        agent.connect()
        agent.hello()
        request = agent.expect("request").accept()
        agent.digest()
        agent.expect_nothing("request")
        agent.reply_error(request, "unavailable", "not now")
        agent.holds_schemas = False

        def is_there():
            agent.digest()
            return self.rest.get("/v1/hosts/web1/collections/files")["schema"]
        eventually("the schema is there", is_there)

    def test_a_command_that_was_not_accepted_comes_again(self):
        agent = self.online()
        command = self.put("/etc/x", {"content": "x"}).body["id"]
        self.assertEqual(agent.expect("command").body["id"], command)
        agent.close()
        self.assertEqual(self.command(command)["state"], "queued")
        agent.go_online()
        self.assertEqual(agent.expect("command").release().body["id"], command)
        self.assertEqual(agent.take_command()["id"], command)
        eventually("it is sent", lambda: self.command(command)["state"] == "sent")

    def test_running_is_shown_and_an_early_outcome_is_not_undone(self):
        agent = self.online()
        command = self.put("/etc/x", {"content": "x"}).body["id"]
        taken = agent.take_command()
        agent.event("command.running", {"command": command}, seq=0)
        eventually("it runs", lambda: self.command(command)["state"] == "running")
        agent.outcome(taken)
        agent.event("command.running", {"command": command}, seq=0)
        self.assertEqual(self.command(command)["state"], "succeeded")

    def test_what_an_agent_makes_up_is_neither_stored_nor_told(self):
        """Its numbers are accounted for; what clients get stays what the API declares."""
        agent = self.online()
        one = self.put_done(agent, "/a", {"mode": "0644"})["resources"][0]
        events = self.events()
        report = {"collection": "files", "id": "/a", "policy": "report", "changes": [],
                  "generation": one["generation"], "compliance": verdict("drifted")}
        made_up = [("resource.drifted", {**report, "changes": changes})
                   for changes in (["x"], [{"path": 7}], [{"path": "/mode", "action": "burn"}], 7)]
        made_up += [("resource.drifted", {**report, "state": state}) for state in ("x", [1], 7)]
        made_up += [("resource.drifted", {**report, "compliance": {"status": "fine"}})]
        blind = {"from": None, "to": None, "count": None, "reason": "restart"}
        made_up += [(kind, {**blind, name: {"a": [1]}}) for name in blind
                    for kind in ("agent.blind", "agent.shed")]
        for kind, data in made_up:
            agent.event(kind, data)
        self.drift(agent, {"resources": [{**one, "policy": "report"}]})
        eventually("what is real is told", lambda: "resource.drifted" in self.types(events))
        self.assertEqual(self.types(events), ["agent.shed"] * len(made_up) + ["resource.drifted"])
        self.assertEqual({event["data"]["reason"] for event in events.seen[:-1]}, {"invalid"})
        self.assertEqual(self.rest.resource("web1", "files", "/a")["state"], {"size": 2})

    def test_an_event_that_comes_twice_is_told_once(self):
        agent = self.online()
        command = self.put_done(agent, "/etc/x", {"content": "x"})
        events = self.events()
        self.assertEqual(self.drift(agent, command), "ACCEPTED")
        self.assertEqual(self.drift(agent, command, seq=agent.seq), "ACCEPTED")
        agent.close()
        agent.go_online()
        self.assertEqual(self.drift(agent, command, seq=agent.seq), "ACCEPTED")
        self.assertEqual(self.drift(agent, command), "ACCEPTED")
        eventually("the later one is told",
                   lambda: self.types(events).count("resource.drifted") == 2)

    def test_the_hello_says_how_far_events_are_taken_over(self):
        agent = self.online()
        command = self.put_done(agent, "/etc/x", {"content": "x"})
        self.drift(agent, command)
        agent.close()
        agent.connect()
        self.assertEqual(agent.hello()["events"], {"stream": agent.stream, "seq": 2})

    def test_a_gap_is_explained(self):
        agent = self.online()
        events = self.events()
        agent.seq = 10
        agent.event("agent.blind", {"from": None, "to": None, "count": None, "reason": "test"})
        shed = events.wait(lambda event: event["type"] == "agent.shed")["data"]
        self.assertEqual((shed["from"], shed["to"], shed["count"]), (1, 10, 10))

    def test_an_event_that_does_not_read_is_rejected_and_explained(self):
        agent = self.online()
        events = self.events()
        self.assertEqual(agent.event("resource.drifted", {"collection": 7}), "REJECTED")
        self.assertEqual(agent.send("no json"), "REJECTED")
        self.assertEqual(agent.send({"type": "from the future"}), "ACCEPTED")
        events.wait(lambda event: event["type"] == "agent.shed"
                    and event["data"]["reason"] == "invalid")

    def test_a_new_store_is_told_and_everything_goes_out_again(self):
        agent = self.online()
        self.put_done(agent, "/etc/x", {"content": "x"})
        sent = self.put("/etc/y", {"content": "y"}).body["id"]
        agent.take_command()
        agent.close()
        events = self.events()
        agent.stream, agent.seq, agent.mark = agent.stream + "2", 0, {"stream": "", "seq": 0}
        agent.go_online()
        events.wait(lambda event: event["type"] == "agent.blind"
                    and event["data"]["reason"] == "new_stream")
        again = agent.take_command()
        self.assertEqual(again["id"], sent)
        agent.outcome(again)
        request = agent.expect("request").accept()
        self.assertEqual(request.body["verb"], "inventory")
        one, = again["resources"]
        agent.reply(request, {"items": [{"collection": "files", "id": "/etc/y",
                                         "generation": one["generation"]}], "next": None})
        missing = agent.take_command()
        self.assertEqual([one["id"] for one in missing["resources"]], ["/etc/x"])

    def test_a_digest_that_agrees_asks_for_nothing(self):
        agent = self.online()
        command = self.put_done(agent, "/etc/x", {"content": "x"})
        one, = command["resources"]
        agent.digest([("files", "/etc/x", one["generation"])])
        agent.expect_nothing("request")

    def test_a_digest_that_needs_no_order_is_compared_before_the_sorted_one(self):
        agent = self.online()
        held = [("files", rid, self.put_done(agent, rid, {"content": "x"})["resources"][0]
                 ["generation"]) for rid in ("/etc/x", "/etc/y")]
        lines = agent.digest(held)
        agent.expect_nothing("request")
        both = 0
        for line in lines:
            both ^= int(hashlib.sha256(line.encode()).hexdigest(), 16)
        agent.digest(held, xor_sha256=f"{both:064x}", sha256="")
        agent.expect_nothing("request")
        agent.digest(held, xor_sha256=f"{both ^ 1:064x}")
        self.assertEqual(agent.expect("request").body["verb"], "inventory")

    def test_a_digest_that_differs_sends_the_difference_only(self):
        agent = self.online()
        kept = self.put_done(agent, "/etc/kept", {"content": "x"})["resources"][0]["generation"]
        self.put_done(agent, "/etc/lost", {"content": "x"})
        unknown = {"stream": kept["stream"], "revision": 1}
        agent.digest([("files", "/etc/kept", kept), ("files", "/etc/unknown", unknown)])
        first = agent.expect("request").accept()
        self.assertIsNone(first.body["arguments"]["after"])
        place = {"collection": "files", "id": "/etc/kept"}
        agent.reply(first, {"items": [{**place, "generation": kept}], "next": place})
        second = agent.expect("request").accept()
        self.assertEqual(second.body["arguments"]["after"], place)
        agent.reply(second, {"items": [{"collection": "files", "id": "/etc/unknown",
                                        "generation": unknown}], "next": None})
        found = {(command["verb"], one["id"]) for command in
                 (agent.take_command(), agent.take_command()) for one in command["resources"]}
        self.assertEqual(found, {("apply", "/etc/lost"), ("forget", "/etc/unknown")})

    def test_without_a_common_version_both_ranges_are_told(self):
        agent = self.enrolled()
        agent.connect()
        agent.say_hello(protocol={"min": 7, "max": 9})
        told = agent.wait_closed()
        agent.expect_nothing("hello")
        self.assertIn("evenkeel:protocol-version", told)
        self.assertRegex(told, r"1.*7|7.*1")

    def test_another_hosts_address_is_refused(self):
        one, other = self.enrolled("one"), self.enrolled("other")
        one.connect(address=f"evenkeel.agent.{other.host}")
        self.assertIn("unauthorized-access", one.wait_closed())

    def test_a_silent_host_goes_offline_after_three_heartbeats(self):
        agent = self.online()
        self.put_done(agent, "/etc/x", {"content": "x"})
        self.assertEqual(self.connection(), "online")
        eventually("it is offline", lambda: self.connection() == "offline")
        told = self.rest.get(self.path("/etc/x"))["compliance"]
        self.assertEqual((told["status"], told["reason"]), ("unknown", "host_offline"))
        self.assertEqual(told["last"]["status"], "compliant")
        eventually("it is counted", lambda: self.rest.get("/v1/compliance")["counts"]
                   == {"compliant": 0, "drifted": 0, "unknown": 1, "failed": 0})

    def test_heartbeats_keep_a_host_online_and_bump_no_revision(self):
        agent = self.online()
        revision = self.rest.get("/v1/hosts")["revision"]
        seen = self.rest.get("/v1/hosts/web1")["last_seen"]
        # As our agents write it, which is noted without being decoded, and in other ways;
        # for longer than three heartbeats may be missed.
        for body in ['{"type":"heartbeat"}', {"type": "heartbeat"}] * 10:
            self.assertEqual(agent.send(body), "ACCEPTED")
            agent.expect_nothing("heartbeat")
        self.assertEqual(self.connection(), "online")
        self.assertEqual(self.rest.get("/v1/hosts")["revision"], revision)
        self.assertGreater(self.rest.get("/v1/hosts/web1")["last_seen"], seen)

    def test_a_retired_host_is_cut_at_once_and_not_let_in_again(self):
        agent = self.online()
        reply = self.rest.call("POST", "/v1/hosts/web1:retire")
        self.assertEqual((reply.status, reply.body["enrolment"]), (200, "retired"))
        self.assertIn("evenkeel:retired", agent.wait_closed())
        agent.connect()
        self.assertIn("evenkeel:retired", agent.wait_closed())
        path = f"/v1/hosts/{agent.host}"
        self.assert_problem(self.rest.put(agent.host, "files", "/x", {}, wait_s=None), 409,
                            "invalid-state")
        self.assertEqual(self.rest.get(path)["enrolment"], "retired")

    def test_a_retired_host_keeps_its_name_until_it_is_released(self):
        host = self.online().host
        self.assert_problem(self.rest.call("POST", "/v1/hosts/web1:release-name"), 409,
                            "invalid-state")
        self.assertEqual(self.rest.call("POST", "/v1/hosts/web1:retire").status, 200)
        successor = FakeAgent(self.orchestrator, self.orchestrator.root, "successor")
        self.agents.append(successor)
        successor.name = "web1"
        self.assertEqual(successor.enrol(self.token()["secret"])["type"], "enrolled")
        path = f"/v1/hosts/{successor.host}"
        self.assertEqual(self.rest.get(path)["name"], "web1-2")
        refused = self.rest.call("PATCH", path, {"name": "web1"})
        self.assert_problem(refused, 409, "invalid-state")
        for part in (host, "until 20", f"ek release name {host}", f"{host}:release-name"):
            self.assertIn(part, refused.body["detail"])
        events = self.events()
        released = self.rest.call("POST", "/v1/hosts/web1:release-name")
        self.assertEqual((released.status, released.body["id"]), (200, host))
        events.wait(lambda one: (one["type"], one["subject"]) == ("host.changed", host))
        renamed = self.rest.call("PATCH", path, {"name": "web1"})
        self.assertEqual(renamed.status, 200, renamed)
        record, = [one for one in self.rest.items("/v1/audit")
                   if one["route"].endswith(":release-name") and one["outcome"] == "done"]
        self.assertEqual((record["object"], record["detail"]["name"]),
                         ("/v1/hosts/web1:release-name", "web1"))

    def test_the_newer_connection_of_a_host_counts(self):
        agent = self.online()
        twin = FakeAgent(self.orchestrator, self.orchestrator.root, "twin")
        self.agents.append(twin)
        twin.key, twin.certificate, twin.host = agent.key, agent.certificate, agent.host
        twin.stream = agent.stream
        twin.go_online()
        self.assertTrue(agent.wait_closed())
        command = self.put("/etc/x", {"content": "x"}).body["id"]
        self.assertEqual(twin.take_command()["id"], command)
        self.assertEqual(self.connection(), "online")


class Restore(OrchestratorCase):
    def restore(self, agent, between):
        """Backs up, does `between`, and goes back to the backup; the old stream."""
        stream = agent.mark["stream"]
        backup = str(self.orchestrator.root / "backup")
        self.assertEqual(self.orchestrator.run("backup", backup), (0, ""))
        between()
        code, said = self.orchestrator.run("restore", backup)
        self.assertEqual(code, 4)
        self.assertIn("stop it first", said)
        agent.close()
        self.assertEqual(self.orchestrator.stop(), 0)
        self.assertEqual(self.orchestrator.run("restore", backup)[0], 0)
        self.orchestrator.start()
        return stream

    def test_what_hosts_know_better_is_adopted_before_anything_is_sent(self):
        agent = self.online()
        kept = self.put_done(agent, "/etc/kept", {"content": "1"})["resources"][0]
        self.put_done(agent, "/etc/gone", {"content": "1"})
        newer = {}

        def between():
            newer.update(self.put_done(agent, "/etc/new", {"content": "2"})["resources"][0])
            self.rest.delete("web1", "files", "/etc/gone", None)
            command = agent.take_command()
            agent.outcome(command)
            newer["gone"] = command["resources"][0]["generation"]
        events = self.events()
        old = self.restore(agent, between)
        events.close()
        stale = self.rest.call("GET", "/v1/events", headers={
            "Last-Event-ID": events.seen[-1]["id"]})
        self.assert_problem(stale, 410, "gone")
        events = self.events()
        agent.connect()
        hello = agent.hello()
        self.assertNotEqual(hello["stream"], old)
        self.assertEqual(hello["predecessor"]["stream"], old)
        agent.event("description.changed", {
            "collection": "files", "id": "/etc/new", "description": {"content": "2"},
            "policy": "report", "generation": newer["generation"], "origin": "orchestrator",
            "reason": "restored", "compliance": verdict("compliant"), "state": {"size": 1}})
        agent.event("description.forgotten", {
            "collection": "files", "id": "/etc/gone", "generation": newer["gone"],
            "origin": "orchestrator", "reason": "restored"})
        agent.digest([("files", "/etc/kept", kept["generation"]),
                      ("files", "/etc/new", newer["generation"])])
        agent.expect_nothing("request")
        agent.expect_nothing("command")
        found = {one["id"]: one["description"] for one in
                 self.rest.items("/v1/hosts/web1/resources")}
        self.assertEqual(found, {"/etc/kept": {"content": "1"}, "/etc/new": {"content": "2"}})
        shed = events.wait(lambda event: event["type"] == "agent.shed")
        self.assertEqual(shed["data"]["reason"], "orchestrator_restored")
        command = self.put_done(agent, "/etc/new", {"content": "3"})
        self.assertEqual(command["resources"][0]["generation"]["stream"], hello["stream"])

    def test_a_backup_of_nothing_and_into_something_is_refused(self):
        folder = self.orchestrator.root / "full"
        folder.mkdir()
        (folder / "x").write_text("x")
        code, said = self.orchestrator.run("backup", str(folder))
        self.assertEqual(code, 1)
        self.assertIn("not empty", said)
        self.orchestrator.stop()
        shutil.rmtree(self.orchestrator.state)
        code, said = self.orchestrator.run("backup", str(self.orchestrator.root / "b"))
        self.assertEqual(code, 1)
        self.assertIn("no store", said)
        self.orchestrator.start()


if __name__ == "__main__":
    unittest.main(verbosity=2)
