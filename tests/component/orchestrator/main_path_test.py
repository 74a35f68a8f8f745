"""From the first start to a drift event, with a scripted agent."""

import json
import os
import stat
import subprocess
import threading
import unittest

from case import OrchestratorCase
from fake_agent import FakeAgent, verdict
from program import PROGRAM, WAIT_SECONDS, eventually


class MainPath(OrchestratorCase):
    def test_the_first_start_writes_token_and_authority_and_keys_for_the_owner_only(self):
        names = {"admin.token": 0o600, "ca.pem": 0o644, "ca.key": 0o600, "server.key": 0o600,
                 "seal.key": 0o600}
        for name, mode in names.items():
            found = stat.S_IMODE(os.stat(self.orchestrator.state / name).st_mode)
            self.assertEqual(found, mode, name)
        self.assertEqual(stat.S_IMODE(os.stat(self.orchestrator.state).st_mode), 0o700)
        self.assertTrue((self.orchestrator.state / "admin.token").read_text().endswith("\n"))

    def test_a_first_start_that_cannot_listen_makes_nothing(self):
        state, config = self.orchestrator.root / "new", self.orchestrator.root / "new.json"
        taken = self.orchestrator.ready["bus"]
        free = {"rest": "127.0.0.1:0", "bus": "127.0.0.1:0", "enrolment": "127.0.0.1:0"}
        rest = self.orchestrator.ready["rest"]
        for key, address, why, exits in (("rest", rest, "already in use", 1),
                                         ("rest", "0.0.0.0:0", "plain HTTP", 2),
                                         ("rest", "nonsense", "needs a port", 2),
                                         ("bus", taken, "already in use", 1),
                                         ("enrolment", "192.0.2.1:0", "annot assign", 1)):
            listen = {**free, key: address}
            config.write_text(json.dumps({
                "state_dir": str(state), **{name: {"listen": at} for name, at in listen.items()}}))
            done = subprocess.run([PROGRAM, "run", "--config", str(config)], capture_output=True,
                                  text=True, check=False, timeout=WAIT_SECONDS)
            self.assertEqual(done.returncode, exits, done)
            self.assertIn(f"{key}.listen", done.stderr)
            self.assertIn(why, done.stderr)
            self.assertFalse(state.exists(), done.stderr)

    def test_a_token_enrols_a_host_and_the_same_key_again_gives_the_same_host(self):
        made = self.token(name="for web", labels={"role": "web"})
        self.assertRegex(made["install"], r"^printf %s '" + made["secret"] +
                         r"' \| evenkeel-agent enrol --orchestrator 127\.0\.0\.1:\d+ "
                         r"--ca-sha256 [0-9a-f]{64} --token-file -$")
        agent = FakeAgent(self.orchestrator, self.orchestrator.root)
        first, again = agent.enrol(made["secret"]), agent.enrol(made["secret"])
        self.assertEqual(first, again)
        self.assertEqual(first["bus_port"], self.orchestrator.port("bus"))
        host = self.rest.get("/v1/hosts/web1")
        self.assertEqual((host["id"], host["connection"], host["labels"]),
                         (first["host"], "never", {"role": "web"}))
        other = FakeAgent(self.orchestrator, self.orchestrator.root, "other")
        refused = other.enrol(made["secret"])
        self.assertEqual((refused["type"], refused["error"]["code"]), ("refused", "denied"))

    def test_put_command_outcome_get_and_drift(self):
        agent = self.online()
        events = self.events()
        command = self.put_done(agent, "/etc/motd", {"content": "hi\n", "mode": "0644"}, "enforce")
        self.assertEqual(command["verb"], "apply")
        entry, = command["resources"]
        self.assertEqual((entry["description"], entry["policy"]),
                         ({"content": "hi\n", "mode": "0644"}, "enforce"))
        shown = self.command(command["id"])
        self.assertEqual(shown["state"], "succeeded")
        found = self.rest.call("GET", self.path("/etc/motd"))
        self.assertEqual(found.body["compliance"]["status"], "compliant")
        self.assertEqual(found.body["state"], {"size": 1})
        self.assertEqual(self.drift(agent, command), "ACCEPTED")
        told = events.wait(lambda event: event["type"] == "resource.drifted")
        self.assertEqual(told["subject"], "files//etc/motd")
        self.assertEqual(told["source"], f"/v1/hosts/{agent.host}")
        self.assertEqual(told["id"], told["_sse"]["id"])
        self.assertEqual(told["data"]["compliance"]["fields"][0]["path"], "/mode")
        again = self.rest.call("GET", self.path("/etc/motd"))
        self.assertNotEqual(found.headers["etag"], again.headers["etag"])
        self.assertEqual(again.body["compliance"]["status"], "drifted")
        types = self.types(events)
        self.assertEqual((types[0], types[-1]), ("description.changed", "resource.drifted"))
        self.assertEqual(set(types[1:-1]), {"command.changed"})

    def test_wait_answers_with_the_finished_command_even_a_failed_one(self):
        agent = self.online()
        replies = []
        asking = threading.Thread(target=lambda: replies.append(
            self.put("/etc/x", {"content": "x"}, wait_s=20)))
        asking.start()
        agent.outcome(agent.take_command(), "failed")
        asking.join(WAIT_SECONDS)
        self.assertEqual((replies[0].status, replies[0].body["state"]), (200, "failed"))
        replies[0] = self.put("/etc/x", {"content": "y"}, wait_s=1)
        self.assertEqual(replies[0].status, 202)

    def test_delete_shows_absent_until_the_removal_has_succeeded(self):
        agent = self.online()
        self.put_done(agent, "/etc/x", {"content": "x"})
        reply = self.rest.delete("web1", "files", "/etc/x", None)
        self.assertEqual((reply.status, reply.body["verb"]), (202, "remove"))
        self.assertEqual(self.rest.get(self.path("/etc/x"))["description"], {"ensure": "absent"})
        agent.outcome(agent.take_command(), "succeeded")
        self.assert_problem(self.rest.call("GET", self.path("/etc/x")), 404, "not-found")
        self.assert_problem(self.rest.delete("web1", "files", "/etc/x"), 404, "not-found")

    def test_plan_and_live_ask_the_host_and_store_nothing(self):
        agent = self.online()
        revision = self.rest.get("/v1/hosts")["revision"]
        replies = []
        asking = threading.Thread(target=lambda: replies.append(
            self.put("/etc/x", {"mode": "0644"}, query="?dry_run=all")))
        asking.start()
        request = agent.expect("request").accept()
        self.assertEqual((request.body["verb"], request.body["arguments"]["verb"]),
                         ("plan", "apply"))
        change = {"path": "/mode", "before": "0600", "after": "0644", "action": "set",
                  "outcome": "planned"}
        agent.reply(request, {"resources": [
            {"collection": "files", "id": "/etc/x", "generation": None, "outcome": "planned",
             "changes": [change], "error": None, "state": None}]})
        asking.join(WAIT_SECONDS)
        self.assertEqual((replies[0].status, replies[0].headers["dry-run"]), (200, "all"))
        self.assertIsNone(replies[0].body["id"])
        self.assertEqual(replies[0].body["resources"][0]["changes"], [change])
        asking = threading.Thread(target=lambda: replies.append(
            self.rest.call("GET", self.path("/etc/x") + "?live=true")))
        asking.start()
        request = agent.expect("request").accept()
        self.assertEqual(request.body["arguments"], {"collection": "files", "ids": ["/etc/x"]})
        agent.reply(request, {"items": [{"id": "/etc/x", "state": {"mode": "0600"}}]})
        asking.join(WAIT_SECONDS)
        self.assertEqual((replies[1].status, replies[1].body["state"],
                          replies[1].body["description"]), (200, {"mode": "0600"}, None))
        self.assertEqual(self.rest.get("/v1/hosts")["revision"], revision)

    def test_a_secret_is_sealed_redacted_and_kept_when_its_mark_is_sent_back(self):
        agent = self.online()
        secret = "tiger-in-the-well"
        command = self.put_done(agent, "/etc/x", {"password": secret, "mode": "0600"})
        self.assertEqual(command["resources"][0]["description"]["password"], secret)
        shown = self.rest.get(self.path("/etc/x"))["description"]
        self.assertEqual(set(shown["password"]), {"redacted"})
        kept = self.put_done(agent, "/etc/x", {**shown, "mode": "0640"})
        self.assertEqual(kept["resources"][0]["description"]["password"], secret)
        wrong = self.put("/etc/x", {"password": {"redacted": "0" * 32}})
        self.assert_problem(wrong, 400, "invalid-description")
        self.assertEqual([one["pointer"] for one in wrong.body["errors"]],
                         ["/description/password"])
        # It hides nothing else that is wrong.
        wrong = self.put("/etc/x", {"password": {"redacted": "0" * 32}, "mode": "9", "colour": 1})
        self.assertEqual({one["pointer"] for one in wrong.body["errors"]},
                         {"/description/password", "/description/mode", "/description/colour"})
        content = self.put_done(agent, "/etc/y", {"content": secret, "sensitive": True})
        self.assertEqual(content["resources"][0]["description"]["content"], secret)
        self.assertEqual(self.orchestrator.stop(), 0)
        for path in self.orchestrator.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(secret.encode(), path.read_bytes(), path)
        self.assertNotIn(secret, self.orchestrator.logged())

    def test_the_history_brings_back_what_the_machine_could_do(self):
        agent = self.online()
        good = self.put_done(agent, "/etc/motd", {"content": "good\n"}, "enforce")
        revision = good["resources"][0]["generation"]["revision"]
        self.assertEqual(self.put("/etc/motd", {"content": "bad\n"}).status, 202)
        agent.outcome(agent.take_command(), "failed",
                      error={"code": "denied", "detail": "read-only"})
        path = self.path("/etc/motd")
        shown = self.rest.get(path + "/history")["items"]
        self.assertEqual([one["description"]["content"] for one in shown], ["bad\n", "good\n"])
        self.assertEqual([one["current"] for one in shown], [True, False])
        self.assertEqual([one["succeeded"] for one in shown], [False, True])
        self.assertEqual(shown[1]["generation"]["revision"], revision)
        self.assert_problem(self.rest.call("POST", path + ":rollback", {"revision": 1}),
                            404, "not-found")
        self.assert_problem(self.rest.call("POST", path + ":rollback", {}),
                            400, "invalid-description")
        self.assert_problem(
            self.rest.call("POST", path + ":rollback", {"revision": revision},
                           headers={"If-Match": '"1"'}), 412, "precondition-failed")
        self.assertEqual(
            self.rest.call("POST", path + ":rollback", {"revision": revision}).status, 202)
        again = agent.take_command()["resources"][0]
        self.assertEqual(again["description"], {"content": "good\n"})
        self.assertEqual(again["policy"], "enforce")
        self.assertGreater(again["generation"]["revision"], revision)
        self.assertEqual(len(self.rest.get(path + "/history")["items"]), 3)
        told = self.ek("history", "files", "/etc/motd", "--host", "web1")
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertEqual(len(told.stdout.splitlines()), 4, told.stdout)
        self.assertIn("content policy", told.stdout)

    def test_a_secret_is_redacted_in_the_whole_history(self):
        agent = self.online()
        self.put_done(agent, "/etc/x", {"content": "tiger"})
        self.put_done(agent, "/etc/x", {"content": "tiger", "sensitive": True})
        self.put_done(agent, "/etc/x", {"content_base64": "cGxhaW4="})
        shown = self.rest.get(self.path("/etc/x") + "/history")["items"]
        self.assertEqual(len(shown), 3)
        self.assertNotIn("tiger", str(shown))
        secret = shown[1]["generation"]["revision"]
        self.assertEqual(
            self.rest.call("POST", self.path("/etc/x") + ":rollback", {"revision": secret}).status,
            202)
        self.assertEqual(agent.take_command()["resources"][0]["description"],
                         {"content": "tiger", "sensitive": True})
        # Before it was marked it stood in the clear: going back there would show it.
        open_one = shown[2]["generation"]["revision"]
        reply = self.rest.call("POST", self.path("/etc/x") + ":rollback", {"revision": open_one})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual([one["pointer"] for one in reply.body["errors"]],
                         ["/description/content"])
        self.assertNotIn("tiger", str(self.rest.get(self.path("/etc/x"))))

    def test_a_secret_that_moves_to_the_other_name_of_its_field_is_the_same_secret(self):
        agent = self.online()
        self.put_done(agent, "/etc/x", {"content_base64": "dGlnZXI="})
        self.put_done(agent, "/etc/x", {"content": "tiger", "sensitive": True})
        path = self.path("/etc/x")
        shown = self.rest.get(path + "/history")["items"]
        self.assertNotIn("dGlnZXI=", str(shown))
        reply = self.rest.call("POST", path + ":rollback",
                               {"revision": shown[1]["generation"]["revision"]})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual([one["pointer"] for one in reply.body["errors"]],
                         ["/description/content_base64"])

    def test_the_present_one_of_a_history_is_told_where_no_generation_would(self):
        agent = self.online()
        agent.event("description.changed", {
            "collection": "files", "id": "/etc/own", "description": {"content": "own\n"},
            "policy": "report", "generation": None, "origin": "local", "reason": "local",
            "compliance": verdict("compliant"), "state": {"size": 4}})
        path = self.path("/etc/own")
        shown, = self.rest.get(path + "/history")["items"]
        self.assertEqual((shown["generation"], shown["origin"], shown["current"]),
                         (None, "local", True))
        self.put_done(agent, "/etc/own", {"content": "from here\n"})
        shown = self.rest.get(path + "/history")["items"]
        self.assertEqual([(one["origin"], one["current"]) for one in shown],
                         [("orchestrator", True), ("local", False)])

    def test_what_contradicts_an_enforced_description_is_409_and_names_both(self):
        agent = self.enrolled()
        agent.schemas = {
            "users": {"properties": {"groups": {
                "type": "array", "x-ek-compare": "set",
                "x-ek-mirrors": {"collection": "groups", "property": "members"}}}},
            "groups": {"properties": {"members": {
                "type": "array", "x-ek-compare": "set",
                "x-ek-mirrors": {"collection": "users", "property": "groups"}}}}}
        agent.go_online()
        for name in agent.schemas:
            eventually("the schema is there", lambda name=name: self.rest.get(
                f"/v1/hosts/web1/collections/{name}")["schema"])
        user, group = ("users", "ann", {"groups": ["games"]}), ("groups", "games", {"members": []})
        self.assertEqual(self.rest.put("web1", *user, "enforce", None).status, 202)
        before = self.rest.get("/v1/hosts")["revision"]
        entry = {"collection": group[0], "id": group[1], "description": group[2],
                 "policy": "enforce"}
        for reply in (self.rest.put("web1", *group, "enforce", None),
                      self.rest.put("web1", *group, "enforce", None, "?dry_run=all"),
                      self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": [entry]})):
            self.assert_problem(reply, 409, "invalid-state")
            for part in ("users ann", "groups games", "both are enforced"):
                self.assertIn(part, reply.body["detail"])
        self.assertEqual(self.rest.get("/v1/hosts")["revision"], before, "nothing was stored")
        self.assertEqual(self.rest.put("web1", *group, "report", None).status, 202)
        # Both in one request: what is wrong is in what was sent.
        reply = self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": [
            {**entry, "id": "chess"}, {"collection": "users", "id": "bob", "policy": "enforce",
                                       "description": {"groups": ["chess"]}}]})
        self.assert_problem(reply, 400, "invalid-description")

    def test_a_file_of_resources_is_one_command(self):
        agent = self.online()
        reply = self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": [
            {"collection": "files", "id": "/a", "description": {"content": "1"}},
            {"collection": "files", "id": "/b", "description": {"ensure": "absent"},
             "policy": "enforce"}]})
        self.assertEqual(reply.status, 202, reply)
        command = agent.take_command()
        self.assertEqual([one["id"] for one in command["resources"]], ["/a", "/b"])
        agent.outcome(command)
        found = self.rest.items("/v1/hosts/web1/resources?limit=1")
        self.assertEqual([one["id"] for one in found], ["/a", "/b"])

    def test_openapi_and_health_need_no_token(self):
        for path in ("/livez", "/readyz", "/version", "/v1/openapi.json"):
            connection = self.rest.connect()
            connection.request("GET", path)
            response = connection.getresponse()
            self.assertEqual(response.status, 200, path)
            json.loads(response.read())
            connection.close()

    def test_what_was_answered_is_there_after_a_kill(self):
        agent = self.online()
        agent.close()
        commands = [self.put(f"/etc/{number}", {"content": str(number)}).body["id"]
                    for number in range(5)]
        self.orchestrator.kill()
        self.orchestrator.start()
        agent.go_online()
        for command in commands:
            taken = agent.take_command()
            self.assertEqual(taken["id"], command)
            agent.outcome(taken)
        eventually("all are done", lambda: {self.command(one)["state"] for one in commands}
                   == {"succeeded"})

    def test_an_acceptance_that_a_kill_took_back_is_told_again(self):
        agent = self.online()
        for number in range(3):
            command = self.put(f"/etc/{number}", {"content": "x"}).body["id"]
            taken = agent.take_command()
            if number == 1:
                agent.event("command.running", {"command": command}, seq=0)
            self.orchestrator.kill()
            self.orchestrator.start()
            agent.close()
            agent.go_online()
            if self.command(command)["state"] == "queued":
                self.assertEqual(agent.take_command(), taken)
            agent.outcome(taken)
            eventually("it has ended", lambda: self.command(command)["state"] == "succeeded")

    def test_what_is_accepted_is_not_cancelled_here_though_that_is_committed_later(self):
        agent = self.online()
        for number in range(5):
            command = self.put(f"/etc/{number}", {"content": "x"}).body["id"]
            taken = agent.take_command()
            reply = self.rest.call("POST", f"/v1/commands/{command}:cancel")
            self.assertEqual(reply.status, 202, reply)
            # One may come twice: of the request, and of an acceptance that came after it.
            while agent.expect("cancel").accept().body["command"] != command:
                continue
            agent.outcome(taken, "cancelled")
            eventually("it has ended", lambda: self.command(command)["state"] == "cancelled")


if __name__ == "__main__":
    unittest.main(verbosity=2)
