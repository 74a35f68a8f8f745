"""What the REST API answers, refuses and lists."""

import unittest

from case import OrchestratorCase
from program import eventually


class Api(OrchestratorCase):
    def get(self, path, **headers):
        return self.rest.call("GET", path, headers=headers)

    def put_with(self, rid, description, **headers):
        return self.rest.call("PUT", self.path(rid), {"description": description},
                              {name.replace("_", "-"): value for name, value in headers.items()})

    def test_without_a_token_nothing_is_told(self):
        for token in ("", "Bearer nonsense", f"Bearer {self.rest._token}x"):
            connection = self.rest.connect()
            connection.request("GET", "/v1/hosts", headers={"Authorization": token})
            self.assertEqual(connection.getresponse().status, 401)
            connection.close()

    def test_every_wrong_field_is_told_with_its_pointer(self):
        self.online()
        reply = self.rest.call("PUT", self.path("/x"), {
            "description": {"mode": "9", "content": None, "ensure": "maybe"}, "policy": "never"})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual({error["pointer"] for error in reply.body["errors"]},
                         {"/policy", "/description/content", "/description/ensure",
                          "/description/mode"})
        reply = self.put("/x", {"mode": "9", "mdoe": "9", "content": None})
        self.assertEqual({error["pointer"] for error in reply.body["errors"]},
                         {"/description/mode", "/description/mdoe", "/description/content"})
        self.assertEqual(len(reply.body["errors"]), 3, reply)
        reply = self.put("/x", {"mode": "9", "content": 7})
        self.assertEqual({error["pointer"] for error in reply.body["errors"]},
                         {"/description/mode", "/description/content"})
        reply = self.put("/x", {"mdoe": "0644"})
        self.assert_problem(reply, 400, "unknown-field")
        self.assertEqual(reply.body["errors"][0]["pointer"], "/description/mdoe")
        reply = self.rest.call("PUT", self.path("/x"), {"descripton": {}, "description": {}})
        self.assert_problem(reply, 400, "unknown-field")
        reply = self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": [
            {"collection": "files", "id": "/a", "description": {"mode": "x"}},
            {"collection": "files", "id": "/a", "description": {"nope": 1}}]})
        self.assertEqual({error["pointer"] for error in reply.body["errors"]},
                         {"/resources/0/description/mode", "/resources/1",
                          "/resources/1/description/nope"})

    def test_what_cannot_be_replaces_nothing_and_makes_no_command(self):
        agent = self.online()
        self.put_done(agent, "/x", {"content": "good"})
        before = self.get(self.path("/x"))
        both = {"content": "a", "content_base64": "YQ=="}
        told = {("/description/content_base64", "give content or content_base64, not both")}

        def errors(reply, code="invalid-description"):
            self.assert_problem(reply, 400, code)
            return {(error["pointer"], error["detail"]) for error in reply.body["errors"]}

        self.assertEqual(errors(self.put("/x", both)), told)
        self.assertEqual(errors(self.put("/x", both, query="?dry_run=all")), told)
        self.assertEqual(errors(self.put("/x", {"content_base64": "a"})),
                         {("/description/content_base64", "give Base64")})
        entry = {"collection": "files", "id": "/x"}
        reply = self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": [
            {**entry, "description": both},
            {**entry, "id": "x//y", "description": {"mode": "9"}},
            {**entry, "collection": "bananas", "description": {}}]})
        self.assertEqual({pointer for pointer, _ in errors(reply)},
                         {"/resources/0/description/content_base64", "/resources/1/id",
                          "/resources/1/description/mode", "/resources/2/collection"})
        reply = self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": [
            {**entry, "id": "x//y", "description": {}}]})
        self.assertEqual({pointer for pointer, _ in errors(reply, "invalid-id")},
                         {"/resources/0/id"})
        after = self.get(self.path("/x"))
        self.assertEqual((after.body, after.headers["etag"]), (before.body, before.headers["etag"]))
        commands = self.get("/v1/commands").body["items"]
        self.assertEqual(len(commands), 1, commands)

    def test_ties_are_checked_shown_and_sent_in_the_order_of_the_work(self):
        agent = self.online()
        there = [{"collection": "files", "id": "/b"}]
        tell = [{"collection": "files", "id": "/b", "action": "ring"}]
        reply = self.rest.call("PUT", self.path("/a"), {
            "description": {}, "requires": there, "notifies": [{"id": 7, "x": 1}]})
        self.assertEqual({error["pointer"] for error in reply.body["errors"]},
                         {"/requires/0", "/notifies/0/x", "/notifies/0/collection",
                          "/notifies/0/id", "/notifies/0/action"})
        entry = {"collection": "files", "description": {}}
        cycle = [{**entry, "id": "/a", "requires": there},
                 {**entry, "id": "/b", "requires": [{"collection": "files", "id": "/a"}]}]
        reply = self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": cycle})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual([(error["pointer"], error["detail"]) for error in reply.body["errors"]],
                         [("/resources/0/requires/0", "a cycle: files /a -> files /b -> files /a")])
        reply = self.rest.call("POST", "/v1/hosts/web1:apply", {"resources": [
            {**entry, "id": "/a", "requires": there, "notifies": tell}, {**entry, "id": "/b"}]})
        self.assertEqual(reply.status, 202, reply)
        sent = agent.take_command()["resources"]
        self.assertEqual([(one["id"], one.get("requires"), one.get("notifies")) for one in sent],
                         [("/b", None, None), ("/a", there, tell)])
        shown = self.get(self.path("/a")).body
        self.assertEqual((shown["requires"], shown["notifies"]), (there, tell))

    def test_what_the_plugin_cannot_do_is_refused_before_it_is_stored(self):
        def pointers(reply):
            self.assert_problem(reply, 400, "invalid-description")
            return [error["pointer"] for error in reply.body["errors"]]

        self.online(capabilities=["read", "apply"])
        shown = self.rest.get("/v1/hosts/web1/collections/files")
        self.assertEqual(shown["capabilities"], ["read", "apply"])
        self.assertEqual(pointers(self.put("/a", {"ensure": "absent"})), ["/description/ensure"])
        self.assertEqual(self.put("/a", {"mode": "0644"}).status, 202)
        self.assertEqual(pointers(self.put("/a", {"ensure": "absent"})), ["/description/ensure"])
        reply = self.rest.call("DELETE", self.path("/a"))
        self.assert_problem(reply, 409, "invalid-state")
        self.assertIn("forget it", reply.body["detail"])
        self.assertEqual(self.get(self.path("/a")).body["description"], {"mode": "0644"})

        self.online("web2", capabilities=["read"])
        for policy in ("report", "enforce", "off"):
            self.assertEqual(pointers(self.put("/a", {"mode": "0644"}, policy, host="web2")),
                             ["/policy"])
        self.assertEqual(self.put("/a", {"mode": "0644"}, "audit", host="web2").status, 202)

    def test_ids_and_collections_that_are_not_there_are_told_apart(self):
        self.online()
        reply = self.put("/etc//motd", {})
        self.assert_problem(reply, 400, "invalid-id")
        self.assertIn("'/etc/motd'", reply.body["detail"])
        reply = self.rest.call("PUT", self.path("/etc//motd"), {
            "description": {"mode": "9"}, "policy": "never"})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual({error["pointer"]: error["code"] for error in reply.body["errors"]}, {
            "/id": "invalid-id", "/description/mode": "invalid", "/policy": "invalid"})
        self.assertEqual(reply.body["canonical_id"], "/etc/motd")
        # Which folder was meant is not known.
        reply = self.rest.call("PUT", "/v1/hosts/web1/resources/files/y3", {"description": {}})
        self.assert_problem(reply, 400, "invalid-id")
        self.assertIn("'y3' must be an absolute path", reply.body["detail"])
        self.assertNotIn("canonical_id", reply.body)
        reply = self.put("/" + "x" * 4096, {"mode": "9"})
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual({error["pointer"] for error in reply.body["errors"]},
                         {"/id", "/description/mode"})
        self.assert_problem(self.rest.put("web1", "bananas", "/x", {}, wait_s=None), 404,
                            "unknown-collection")
        self.assert_problem(self.rest.put("nobody", "files", "/x", {}, wait_s=None), 404,
                            "not-found")
        self.assert_problem(self.get("/v1/hosts/web1/resources/bananas"), 404,
                            "unknown-collection")

    def test_a_host_that_never_connected_takes_any_collection(self):
        agent = self.enrolled()
        reply = self.rest.put("web1", "bananas", "yellow", {"count": 3}, wait_s=None)
        self.assertEqual(reply.status, 202, reply)
        agent.go_online()
        self.assertEqual(agent.take_command()["resources"][0]["description"], {"count": 3})

    def test_what_is_described_stays_in_reach_when_its_collection_is_gone(self):
        agent = self.online()
        self.put_done(agent, "/x", {"content": "x"})
        agent.close()
        agent.connect()
        agent.hello(collections=[])
        self.assertEqual(self.get(self.path("/x")).status, 200)
        self.assertEqual(len(self.rest.items("/v1/hosts/web1/resources/files")), 1)
        self.assert_problem(self.put("/x", {"content": "y"}), 404, "unknown-collection")
        self.assertEqual(self.rest.call("POST", self.path("/x") + ":forget").status, 202)
        self.assert_problem(self.get(self.path("/x")), 404, "unknown-collection")

    def test_parameters_and_methods_that_are_not_known_are_refused(self):
        self.assert_problem(self.get("/v1/hosts?colour=red"), 400, "unknown-parameter")
        self.assert_problem(self.get("/v1/hosts?limit=0"), 400, "invalid-parameter")
        self.assert_problem(self.get("/v1/nothing"), 404, "not-found")
        reply = self.rest.call("DELETE", "/v1/hosts")
        self.assert_problem(reply, 405, "method-not-allowed")
        self.assertIn("GET", reply.headers["allow"])
        self.enrolled()
        self.assert_problem(self.put("/x", {}, query="?dry_run=some"), 400, "invalid-parameter")
        self.assert_problem(self.rest.call("POST", "/v1/hosts/web1:explode"), 404, "not-found")

    def test_preconditions_hold_or_nothing_changes(self):
        self.enrolled()
        self.assertEqual(self.put_with("/x", {"content": "1"}, If_None_Match="*").status, 202)
        self.assert_problem(self.put_with("/x", {"content": "2"}, If_None_Match="*"), 412,
                            "precondition-failed")
        found = self.get(self.path("/x"))
        etag = found.headers["etag"]
        self.assertEqual(self.get(self.path("/x"), **{"If-None-Match": etag}).status, 304)
        self.assertEqual(self.put_with("/x", {"content": "3"}, If_Match=etag).status, 202)
        third = self.get(self.path("/x")).body["description"]
        reply = self.put_with("/x", {"content": "4"}, If_Match=etag)
        self.assert_problem(reply, 412, "precondition-failed")
        self.assertEqual(reply.headers["etag"], self.get(self.path("/x")).headers["etag"])
        self.assertEqual(self.get(self.path("/x")).body["description"], third)
        reply = self.rest.call("DELETE", self.path("/x"), headers={"If-Match": etag})
        self.assert_problem(reply, 412, "precondition-failed")

    def test_what_needs_the_host_is_refused_while_it_is_offline(self):
        self.enrolled()
        self.assert_problem(self.get(self.path("/x") + "?live=true"), 409, "host-offline")
        self.assert_problem(self.put("/x", {}, query="?dry_run=all"), 409, "host-offline")
        self.assert_problem(self.rest.call("POST", self.path("/x") + ":invoke",
                                           {"action": "restart"}), 409, "host-offline")

    def test_actions_reach_the_host(self):
        agent = self.online()
        reply = self.rest.call("POST", self.path("/x") + ":invoke",
                               {"action": "touch", "arguments": {"times": 2}})
        self.assertEqual((reply.status, reply.body["verb"]), (202, "invoke"), reply)
        entry, = agent.take_command()["resources"]
        self.assertEqual((entry["action"], entry["arguments"]), ("touch", {"times": 2}))

    def test_lists_come_in_pages_without_gaps(self):
        for number in range(7):
            self.token(name=str(number))
        whole = [one["id"] for one in self.rest.items("/v1/enrolment-tokens")]
        paged = [one["id"] for one in self.rest.items("/v1/enrolment-tokens?limit=2")]
        self.assertEqual(len(whole), 7)
        self.assertEqual(whole, paged)
        page = self.get("/v1/enrolment-tokens?limit=2")
        self.assertIn('rel="next"', page.headers["link"])
        cursor = page.body["next"]
        self.assert_problem(self.get(f"/v1/hosts?cursor={cursor}"), 400, "bad-cursor")
        self.assert_problem(self.get(f"/v1/enrolment-tokens?cursor={cursor}0"), 400, "bad-cursor")
        self.assert_problem(self.get("/v1/enrolment-tokens?cursor=x"), 400, "bad-cursor")

    def test_commands_are_listed_newest_first_and_filtered(self):
        self.enrolled("one")
        self.enrolled("two")
        ids = [self.put(f"/{number}", {}, host=host).body["id"]
               for number, host in enumerate(("one", "two", "one"))]
        everything = [one["id"] for one in self.rest.items("/v1/commands?limit=2")]
        self.assertEqual(everything, ids[::-1])
        mine = [one["id"] for one in self.rest.items("/v1/commands?host=one&limit=1")]
        self.assertEqual(mine, [ids[2], ids[0]])
        self.assertEqual(self.rest.items("/v1/commands?state=running"), [])
        self.assert_problem(self.get("/v1/commands?state=odd"), 400, "invalid-parameter")

    def test_compliance_is_counted_and_filtered_across_hosts(self):
        agent = self.online("web1")
        self.put_done(agent, "/a", {"content": "x"})
        drifted = self.put_done(agent, "/b", {"content": "x"})
        self.drift(agent, drifted)
        self.enrolled("web2")
        self.put("/c", {}, host="web2")
        page = self.rest.get("/v1/compliance")
        self.assertEqual(page["counts"],
                         {"compliant": 1, "drifted": 1, "unknown": 1, "failed": 0})
        self.assertEqual({one["id"] for one in page["items"]}, {"/a", "/b", "/c"})
        page = self.rest.get("/v1/compliance?status=drifted")
        self.assertEqual([one["id"] for one in page["items"]], ["/b"])
        page = self.rest.get("/v1/compliance?host=web2&collection=files")
        self.assertEqual(page["counts"]["unknown"], 1)
        self.assertEqual(self.rest.get("/v1/hosts/web1")["compliance"],
                         {"compliant": 1, "drifted": 1, "unknown": 0, "failed": 0})

    def test_a_waiting_command_is_cancelled_at_once_and_a_sent_one_by_its_agent(self):
        agent = self.online()
        sent = self.put("/a", {}).body["id"]
        taken = agent.take_command()
        eventually("it is sent", lambda: self.command(sent)["state"] == "sent")
        reply = self.rest.call("POST", f"/v1/commands/{sent}:cancel")
        self.assertEqual((reply.status, reply.body["state"]), (202, "sent"))
        self.assertEqual(agent.expect("cancel").accept().body["command"], sent)
        agent.outcome(taken, "cancelled")
        agent.close()
        eventually("it is offline", lambda: self.rest.get(
            "/v1/hosts/web1")["connection"] == "offline")
        waiting = self.put("/b", {}).body["id"]
        reply = self.rest.call("POST", f"/v1/commands/{waiting}:cancel")
        self.assertEqual((reply.status, reply.body["state"]), (200, "cancelled"))
        reply = self.rest.call("POST", f"/v1/commands/{waiting}:cancel")
        self.assert_problem(reply, 409, "invalid-state")
        self.assertEqual(reply.body["current"], "cancelled")

    def test_events_resume_where_they_were_left_and_are_filtered(self):
        agent = self.online()
        first = self.events()
        command = self.put_done(agent, "/a", {"content": "x"})
        self.drift(agent, command)
        first.wait(lambda event: event["type"] == "resource.drifted")
        ids = [event["id"] for event in first.seen]
        self.assertEqual(len(set(ids)), len(ids))
        resumed = self.events(since=ids[1])
        resumed.wait(lambda event: event["type"] == "resource.drifted")
        self.assertEqual([event["id"] for event in resumed.seen], ids[2:])
        only = self.events(query=f"?since={ids[0]}&type=resource.drifted&host=web1")
        only.wait(lambda event: event["type"] == "resource.drifted")
        self.assertEqual(self.types(only), ["resource.drifted"])
        self.assert_problem(self.get("/v1/events?since=stream_other-1"), 410, "gone")
        self.assert_problem(self.get("/v1/events?since=x"), 400, "invalid-parameter")
        self.assert_problem(self.get("/v1/events?type=odd"), 400, "invalid-parameter")

    def test_events_begin_at_a_time_or_so_long_ago(self):
        agent = self.online()
        first = self.events()
        self.drift(agent, self.put_done(agent, "/a", {"content": "x"}))
        first.wait(lambda event: event["type"] == "resource.drifted")
        middle = first.seen[len(first.seen) // 2]["recordedtime"]
        for since, times in (("5m", None), ("3650d", None), (middle, middle)):
            again = self.events(query=f"?since={since}")
            again.wait(lambda event: event["id"] == first.seen[-1]["id"])
            if times:
                self.assertEqual([event["id"] for event in again.seen],
                                 [e["id"] for e in first.seen if e["recordedtime"] >= middle])
            else:
                self.assertLessEqual({event["id"] for event in first.seen},
                                     {event["id"] for event in again.seen})
        later = self.events(query="?since=2999-01-01T00:00:00Z")
        eventually("its position is told", lambda: later.position)
        self.assertEqual(later.seen, [])
        self.assert_problem(self.get("/v1/events?since=5parsecs"), 400, "invalid-parameter")

    def test_events_say_when_they_happened_and_when_they_were_recorded(self):
        agent = self.online()
        events = self.events()
        command = self.put_done(agent, "/a", {"content": "x"})
        start = events.wait(lambda event: event["type"] == "command.changed")["time"]
        agent.time = "2020-01-01T00:00:00Z"
        agent.event("command.progress", {"command": command["id"], "collection": "files",
                                         "id": "/a", "permille": 1, "message": ""}, seq=0)
        self.drift(agent, command)
        told = events.wait(lambda event: event["type"] == "resource.drifted")
        self.assertEqual(told["time"], "2020-01-01T00:00:00.000Z")
        self.assertGreaterEqual(told["recordedtime"], start)
        live = events.wait(lambda event: event["type"] == "command.progress")
        self.assertEqual((live["time"], live.get("recordedtime")), (told["time"], None))
        # The position that a time stands for is one in the order of recording.
        again = self.events(query=f"?since={told['recordedtime']}")
        again.wait(lambda event: event["id"] == told["id"])
        agent.time = "2999-01-01T00:00:00Z"
        self.drift(agent, command)
        ahead = events.wait(lambda event: event["type"] == "resource.drifted"
                            and event["id"] != told["id"])
        self.assertLessEqual(ahead["time"], ahead["recordedtime"])

    def test_a_stream_tells_its_position_before_the_first_event(self):
        agent = self.online()
        lost = self.events()
        eventually("the position is there", lambda: lost.position)
        lost.close()
        self.put_done(agent, "/a", {"content": "x"})
        resumed = self.events(since=lost.position)
        resumed.wait(lambda event: event["type"] == "command.changed")

    def test_an_id_alone_tells_where_the_past_ends(self):
        agent = self.online()
        self.put_done(agent, "/a", {"content": "x"})
        now = self.get("/v1/hosts").body["revision"]
        past = self.events(query="?since=1h&type=agent.shed")

        def reached():
            return past.position and int(past.position.rpartition("-")[2]) >= now

        eventually("its end is told, of what is filtered out too", reached)
        self.assertEqual(past.seen, [])
        self.put_done(agent, "/b", {"content": "x"})
        after = self.events(since=past.position)
        after.wait(lambda event: event["type"] == "command.changed")

    def test_progress_is_live_only(self):
        agent = self.online()
        events = self.events()
        agent.event("command.progress", {"command": "cmd_x", "collection": "files", "id": "/a",
                                         "permille": 500, "message": "half"}, seq=0)
        told = events.wait(lambda event: event["type"] == "command.progress")
        self.assertEqual((told["data"]["permille"], told["_sse"]["id"]), (500, None))

    def test_hosts_are_renamed_and_labelled(self):
        self.enrolled("one")
        self.enrolled("two")
        patch = {"Content-Type": "application/merge-patch+json"}
        reply = self.rest.call("PATCH", "/v1/hosts/one",
                               b'{"name":"first","labels":{"role":"web","tier":"a"}}', patch)
        self.assertEqual((reply.status, reply.body["name"]), (200, "first"), reply)
        reply = self.rest.call("PATCH", "/v1/hosts/first", b'{"labels":{"tier":null}}', patch)
        self.assertEqual(reply.body["labels"], {"role": "web"})
        self.assert_problem(self.rest.call("PATCH", "/v1/hosts/first", b'{"name":"two"}', patch),
                            409, "invalid-state")
        self.assert_problem(self.rest.call("PATCH", "/v1/hosts/first", b'{"name":"a b"}', patch),
                            400, "invalid-description")
        whole = self.rest.call("PATCH", "/v1/hosts/first", b"[]", patch)
        self.assert_problem(whole, 400, "invalid-description")
        self.assertEqual(whole.body["detail"], "the body must be an object")
        self.assert_problem(self.get("/v1/hosts/one"), 404, "not-found")

    def test_enrolments_and_tokens_are_listed_and_tokens_taken_back(self):
        agent = self.enrolled()
        found, = self.rest.items("/v1/enrolments")
        self.assertEqual((found["host"], found["state"], len(found["fingerprint"])),
                         (agent.host, "active", 64))
        self.assertEqual(self.rest.call("POST", "/v1/enrolment-tokens").status, 201)
        made = self.token(uses=5, expires_in="2h")
        path = f"/v1/enrolment-tokens/{made['id']}"
        self.assertNotIn("secret", self.rest.get(path))
        self.assertEqual(self.rest.call("DELETE", path).status, 204)
        self.assert_problem(self.rest.call("DELETE", path), 404, "not-found")
        self.assert_problem(self.rest.call("POST", "/v1/enrolment-tokens", {"uses": 0}), 400,
                            "invalid-description")

    def test_every_documented_route_is_answered(self):
        document = self.rest.get("/v1/openapi.json")
        self.assertEqual(document["openapi"][:3], "3.1")
        for path, methods in document["paths"].items():
            for method in methods:
                target = path.replace("{h}", "x").replace("{collection}", "x").replace("{id}", "x")
                reply = self.rest.call(method.upper(), target, None if method == "get" else {}) \
                    if path != "/v1/events" else None
                if reply:
                    self.assertNotIn(reply.status, (405, 500), f"{method} {path}: {reply}")


class Configuration(OrchestratorCase):
    def test_an_unknown_key_is_an_error_that_names_it(self):
        self.orchestrator.stop()
        self.orchestrator.config.write_text('{"bus":{"listne":"x"}}')
        code, said = self.orchestrator.run("run")
        self.assertEqual(code, 2)
        self.assertIn("bus.listne", said)

    def test_a_second_orchestrator_on_the_same_state_is_refused(self):
        code, said = self.orchestrator.run("run")
        self.assertEqual(code, 4)
        self.assertIn("lock", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
