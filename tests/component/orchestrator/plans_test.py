"""Plans: changes that are tried out, kept, shown, decided on and applied."""

import http.client
import threading
import time
import unittest

from model_test import Model
from program import WAIT_SECONDS, Rest, eventually
from watch_test import Watch

PORT = "/v1/settings/global/port"
FILE = "/etc/port"


def change(method, path, body=None):
    return {"method": method, "path": path} | ({} if body is None else {"body": body})


WEB = change("PUT", "/v1/applications/web", {
    "parameters": {"properties": {"port": {"type": "integer", "default": 80}}},
    "resources": [{"collection": "files", "id": FILE, "description": {"content": "at {{port}}"}}]})
ASSIGNED = change("PUT", "/v1/assignments/web", {"application": "web", "environment": "prod/eu"})
EU = change("PUT", "/v1/environments/prod%2Feu", {})
PROD = change("PUT", "/v1/environments/prod", {"note": "all that counts"})
# Nothing stands before what it needs.
WHOLE = [change("PUT", "/v1/settings/environment:prod%2Feu/port", {"value": 8080}), ASSIGNED, WEB,
         EU, PROD]


class Planned(Model):
    def plan(self, *changes, status=201):
        reply = self.call("POST", "/v1/plans", {"changes": list(changes)})
        self.assertEqual(reply.status, status, reply)
        return reply.body

    def decide(self, plan, verb, rest=None, body=None, query=""):
        return (rest or self.rest).call("POST", f"/v1/plans/{plan['id']}:{verb}{query}", body)

    def apply(self, plan):
        reply = self.decide(plan, "apply")
        self.assertEqual((reply.status, reply.body["state"]), (202, "applied"), reply)
        return reply.body

    def other(self, role, name):
        token = self.rest.call("POST", "/v1/tokens", {"name": name, "role": role})
        self.assertEqual(token.status, 201, token)
        return Rest(token.body["secret"], port=self.orchestrator.port("rest"))

    def assigned(self):
        """A host that has the file."""
        agent = self.online()
        self.apply(self.plan(WEB, change("PUT", "/v1/assignments/web", {"application": "web"})))
        agent.take_command()
        return agent

    def state_of(self, plan):
        return self.rest.get(f"/v1/plans/{plan['id']}")["state"]


class Making(Planned):
    def test_changes_in_any_order_are_shown_kept_and_applied_as_one(self):
        agent = self.online()
        self.call("PUT", "/v1/environments/prod", {})
        self.call("PUT", "/v1/environments/prod%2Feu", {})
        self.assertEqual(self.call("PATCH", "/v1/hosts/web1", {
            "environment": "prod/eu"}).status, 200)
        reply = self.call("POST", "/v1/plans", {"changes": WHOLE})
        self.assertEqual(reply.status, 201, reply)
        plan = reply.body
        self.assertEqual(reply.headers["location"], f"/v1/plans/{plan['id']}")
        self.assertEqual(reply.headers["etag"], f'"{plan["revision"]}"')
        self.assertTrue(plan["id"].startswith("plan_"))
        self.assertEqual((plan["state"], plan["author"], plan["changes"], plan["errors"],
                          plan["unasked"], plan["requires_approval"], plan["approved_by"]),
                         ("open", "admin", WHOLE, [], [], False, None))
        self.assertEqual(plan["summary"], {"hosts": 1, "added": 1, "changed": 0, "forgotten": 0,
                                           "removed": 0, "errors": 0})
        self.assertEqual((plan["groups"][0]["hosts"], plan["groups"][0]["resources"][0]["id"]),
                         (["web1"], FILE))
        self.assertEqual(self.rest.get(f"/v1/plans/{plan['id']}"), plan)
        self.assertEqual(self.rest.items("/v1/applications"), [])
        self.orchestrator.stop()
        self.orchestrator.start()
        agent.go_online()
        self.assertEqual(self.rest.get(f"/v1/plans/{plan['id']}"), plan)

        applied = self.apply(plan)
        self.assertEqual((applied["hash"], applied["groups"]), (plan["hash"], plan["groups"]))
        self.assertEqual(self.rest.get("/v1/applications/web")["revision"],
                         applied["applied_revision"])
        command = agent.take_command()
        self.assertEqual(command["resources"][0]["description"]["content"], "at 8080")
        again = self.plan(*WHOLE)
        self.assertEqual((again["summary"]["hosts"], again["groups"]), (0, []))
        self.apply(again)
        self.assert_problem(self.decide(plan, "apply"), 409, "invalid-state")

    def test_each_fault_is_told_where_it_is(self):
        self.made("/v1/environments/prod", {})
        refused = self.call("POST", "/v1/plans", {"changes": [
            change("PUT", "/v1/environments/prod%2Feu", {"note": 1}),
            change("PUT", "/v1/settings/world/port", {"value": 1}),
            change("POST", "/v1/environments/x", {}),
            change("PUT", "/v1/hosts/web1", {}),
            change("PUT", "/v1/environments/x?dry_run=all", {}),
            change("DELETE", "/v1/environments/prod", {}),
            change("PUT", "/v1/environments/y"),
            {"method": "PUT", "path": "/v1/environments/z", "body": {}, "if": 1},
            7]})
        self.assertEqual(self.errors(refused), {
            ("/changes/1", "invalid-id"), ("/changes/2/method", "invalid"),
            ("/changes/3/path", "not-found"), ("/changes/4/path", "invalid"),
            ("/changes/5/body", "invalid"), ("/changes/6/body", "invalid"),
            ("/changes/7/if", "unknown-field"), ("/changes/8", "invalid")}, refused)
        refused = self.call("POST", "/v1/plans", {"changes": [
            change("PUT", "/v1/environments/prod%2Feu", {"note": 1}),
            change("PATCH", "/v1/settings/global", {"b": {"value": 1, "x": 2}}),
            change("PUT", "/v1/applications/web", {"resources": [{"id": 1}]})]})
        told = self.errors(refused)
        self.assertTrue({("/changes/0/body/note", "invalid"),
                         ("/changes/1/body/b/x", "unknown-field")} <= told, told)
        self.assertTrue(any(at.startswith("/changes/2/body/resources/0") for at, _ in told), told)
        refused = self.call("POST", "/v1/plans", {"changes": [
            change("DELETE", "/v1/environments/default"),
            change("PUT", "/v1/settings/environment:stage/a", {"value": 1})]})
        self.assertEqual(self.errors(refused), {("/changes/0", "in-use"),
                                                ("/changes/1/body", "not-found")})
        for body in ({}, {"changes": []}, {"changes": {}}, {"changes": [PROD], "colour": 1},
                     {"changes": [PROD], "live": "yes"}, []):
            self.assertEqual(self.call("POST", "/v1/plans", body).status, 400, body)
        self.assertEqual(self.rest.items("/v1/plans"), [])

    def test_a_plan_may_be_as_large_as_eight_megabytes(self):
        note = "x" * 1000
        many = [change("PUT", f"/v1/environments/e{i}", {"note": note}) for i in range(6000)]
        self.assertEqual(self.call("POST", "/v1/plans", {"changes": many}).status, 201)
        self.assert_problem(self.call("PUT", "/v1/environments/e", {"note": "x" * (1 << 20)}), 413,
                            "too-large")
        connection = self.rest.connect()
        connection.putrequest("POST", "/v1/plans")
        for name, value in {**self.rest.headers(), "Content-Length": (8 << 20) + 1}.items():
            connection.putheader(name, value)
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()

    def test_secrets_are_sealed_and_never_shown(self):
        secret = {"value": "hush-hush", "secret": True}
        plan = self.plan(
            WEB, change("PUT", "/v1/%73ettings/global/a", secret),
            change("PATCH", "/v1/settings/global", {"b": secret}),
            change("PUT", "/v1/assignments/web", {"application": "web",
                                                  "settings": {"c": secret, "port": {"value": 1}}}))
        for body in (plan["changes"][1]["body"], plan["changes"][2]["body"]["b"],
                     plan["changes"][3]["body"]["settings"]["c"]):
            self.assertEqual(list(body["value"]), ["redacted"])
        self.orchestrator.stop()
        for path in self.orchestrator.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"hush-hush", path.read_bytes(), path)
        self.orchestrator.start()
        self.apply(plan)
        shown = self.rest.get("/v1/settings/global/a")["value"]
        self.assertEqual(shown, plan["changes"][1]["body"]["value"])


class Showing(Planned):
    def test_one_host_is_shown_exactly_as_it_would_be_by_now(self):
        self.assigned()
        plan = self.plan(change("PUT", PORT, {"value": 81}))
        shown = self.rest.get(f"/v1/plans/{plan['id']}/hosts/web1")
        self.assertEqual(shown["name"], "web1")
        self.assertEqual(shown["resources"], [{
            "collection": "files", "id": FILE, "change": "change", "paths": ["/content"],
            "fields": [{"path": "/content", "before": "at 80", "after": "at 81"}]}])
        self.assert_problem(self.call("GET", f"/v1/plans/{plan['id']}/hosts/web9"), 404,
                            "not-found")
        self.assert_problem(self.call("GET", "/v1/plans/plan_x/hosts/web1"), 404, "not-found")
        self.apply(plan)
        self.assert_problem(self.call("GET", f"/v1/plans/{plan['id']}/hosts/web1"), 409,
                            "invalid-state")

    def test_groups_beyond_those_that_it_shows_are_a_list_of_their_own(self):
        self.assigned()
        plan = self.plan(change("PUT", PORT, {"value": 81}))
        self.assertEqual((len(plan["groups"]), plan["more_groups"]), (1, 0))
        self.assertEqual(self.rest.items(f"/v1/plans/{plan['id']}/groups"), [])
        self.assert_problem(self.call("GET", "/v1/plans/plan_x/groups"), 404, "not-found")

    def test_a_list_is_filtered_and_followed_and_there_are_events(self):
        events = self.events()
        eventually("it is open", lambda: events.position)
        watch = Watch(self.rest, "/v1/plans", lambda item: item["id"])
        self.addCleanup(watch.close)
        eventually("it is whole", lambda: watch.initial_ends == 1)
        first, second = self.plan(PROD), self.plan(PROD)
        self.decide(first, "reject")
        eventually("it is told", lambda: {
            plan: item["state"] for plan, item in watch.items.items()} == {
                first["id"]: "rejected", second["id"]: "open"})
        self.assertEqual([one["id"] for one in self.rest.items("/v1/plans")],
                         [second["id"], first["id"]])
        self.assertEqual([one["id"] for one in self.rest.items(
            "/v1/plans?filter=state+%3D+rejected+AND+author+%3D+admin")], [first["id"]])
        self.assertNotIn("groups", self.rest.items("/v1/plans")[0])
        eventually("the events are there", lambda: [
            (event["type"], event["subject"], event["data"]["state"]) for event in events.seen] == [
                ("plan.changed", first["id"], "open"), ("plan.changed", second["id"], "open"),
                ("plan.changed", first["id"], "rejected")])


class Deciding(Planned):
    def test_a_plan_that_does_something_else_by_now_is_stale_and_says_what(self):
        agent = self.assigned()
        plan = self.plan(change("PUT", PORT, {"value": 81}))
        self.made(PORT, {"value": 82})
        agent.take_command()
        refused = self.decide(plan, "apply")
        self.assert_problem(refused, 409, "stale-plan")
        fresh = refused.body["plan"]
        self.assertEqual((fresh["id"], fresh["state"]), (plan["id"], "stale"))
        self.assertNotEqual(fresh["hash"], plan["hash"])
        sample = fresh["groups"][0]["resources"][0]["sample"]["fields"][0]
        self.assertEqual((sample["before"], sample["after"]), ("at 82", "at 81"))
        self.assertEqual(self.rest.get(PORT)["value"], 82)
        kept = self.rest.get(f"/v1/plans/{plan['id']}")
        self.assertEqual((kept["state"], kept["hash"]), ("stale", plan["hash"]))
        self.assert_problem(self.decide(plan, "apply"), 409, "invalid-state")

    def test_what_was_changed_elsewhere_makes_no_plan_stale(self):
        self.assigned()
        plan = self.plan(change("PUT", PORT, {"value": 81}))
        self.made("/v1/settings/global/other", {"value": 82})
        self.apply(plan)
        self.assertEqual(self.rest.get(PORT)["value"], 81)

    def test_changes_that_are_not_possible_any_more_are_told_with_their_places(self):
        self.made("/v1/environments/prod", {})
        plan = self.plan(EU)
        self.assertEqual(self.call("DELETE", "/v1/environments/prod").status, 204)
        refused = self.decide(plan, "apply")
        self.assert_problem(refused, 409, "stale-plan")
        self.assertEqual((refused.body["errors"][0]["pointer"], refused.body["plan"]["state"]),
                         ("/changes/0/body", "stale"))
        self.assertEqual(self.state_of(plan), "stale")

    def test_hosts_that_would_not_compile_are_shown_and_stop_it_unless_allowed(self):
        self.assigned()
        plan = self.plan(change("PUT", "/v1/applications/web", {"resources": [
            {"collection": "files", "id": FILE, "description": {"content": "{{lost}}"}}]}))
        self.assertEqual((plan["summary"]["errors"], plan["errors"][0]["hosts"]), (1, ["web1"]))
        self.assert_problem(self.decide(plan, "apply"), 422, "does-not-compile")
        self.assertEqual(self.state_of(plan), "open")
        self.assertEqual(self.decide(plan, "apply", query="?errors=allow").status, 202)

    def test_an_approval_is_another_ones_and_of_what_was_seen(self):
        operator, approver = self.other("operator", "olga"), self.other("approver", "anna")
        plan = operator.call("POST", "/v1/plans", {"changes": [PROD]}).body
        self.assertEqual(plan["author"], "olga")
        self.assert_problem(self.decide(plan, "approve", operator), 403, "forbidden")
        refused = self.decide(plan, "approve", approver, {"hash": "0" * 64})
        self.assert_problem(refused, 409, "stale-plan")
        self.assertEqual(refused.body["plan"], plan)
        self.assertEqual(self.decide(plan, "approve", approver, {"hsh": 1}).status, 400)
        self.assert_problem(self.decide(plan, "approve", self.other("admin", "olga")), 409,
                            "approval-required")
        approved = self.decide(plan, "approve", approver, {"hash": plan["hash"]})
        self.assertEqual((approved.status, approved.body["state"], approved.body["approved_by"]),
                         (200, "approved", "anna"), approved)
        self.assert_problem(self.decide(plan, "approve", approver), 409, "invalid-state")
        self.assertEqual(self.decide(plan, "apply", operator).status, 202)
        self.assert_problem(self.decide(plan, "reject", operator), 409, "invalid-state")
        records = [(one["route"], one["actor"]["name"], one["outcome"])
                   for one in self.rest.items("/v1/audit") if "/v1/plans" in one["route"]]
        self.assertIn(("/v1/plans/{p}:approve", "anna", "done"), records)
        self.assertIn(("/v1/plans/{p}:apply", "olga", "done"), records)

    def test_a_viewer_sees_plans_and_makes_none(self):
        viewer = self.other("viewer", "v")
        plan = self.plan(PROD)
        self.assertEqual(viewer.call("GET", f"/v1/plans/{plan['id']}").status, 200)
        self.enrolled()
        shown = viewer.call("GET", f"/v1/plans/{plan['id']}/hosts/web1")
        self.assertEqual((shown.status, shown.body["resources"]), (200, []), shown)
        self.assert_problem(viewer.call("POST", "/v1/plans", {"changes": [PROD]}), 403,
                            "forbidden")
        for verb in ("apply", "approve", "reject"):
            self.assert_problem(self.decide(plan, verb, viewer), 403, "forbidden")
        self.assert_problem(self.call("GET", "/v1/plans/plan_x"), 404, "not-found")

    def test_a_kill_leaves_a_plan_applied_whole_or_not_at_all(self):
        for delay_ms in range(0, 40, 5):
            plan = self.plan(*(change("PUT", f"/v1/settings/global/k{number}", {"value": delay_ms})
                               for number in range(200)))
            asked = threading.Thread(target=self.apply_or_be_cut, args=(plan,))
            asked.start()
            time.sleep(delay_ms / 1000)  # wherever it is by then
            self.orchestrator.kill()
            asked.join()
            self.orchestrator.start()
            values = {item["value"] for item in self.rest.items("/v1/settings?limit=1000")}
            if self.state_of(plan) == "open":
                self.assertNotIn(delay_ms, values)
                self.apply(plan)
            else:
                self.assertEqual((self.state_of(plan), values), ("applied", {delay_ms}))

    def apply_or_be_cut(self, plan):
        try:
            self.decide(plan, "apply")
        except (OSError, http.client.HTTPException):
            pass

    def test_the_same_request_again_gets_the_same_answer(self):
        first = self.call("POST", "/v1/plans", {"changes": [PROD]}, Idempotency_Key="k")
        again = self.call("POST", "/v1/plans", {"changes": [PROD]}, Idempotency_Key="k")
        self.assertEqual((again.status, again.body), (201, first.body))
        path = f"/v1/plans/{first.body['id']}:apply"
        applied = self.call("POST", path, None, Idempotency_Key="a")
        self.assertEqual(self.call("POST", path, None, Idempotency_Key="a").body, applied.body)


class Progress(Planned):
    """Every edit that does something to hosts is an applied plan, and says how far they are."""

    def setUp(self):
        super().setUp()
        self.agent = self.online()
        self.apply(self.plan(WEB, change("PUT", "/v1/assignments/web", {"application": "web"})))
        self.assertEqual(self.agent.outcome(self.agent.take_command()), "ACCEPTED")

    def progress(self, reply):
        return self.rest.get("/v1/plans/" + reply.headers["plan"])["progress"]

    def counts(self, **counts):
        return {"hosts": sum(counts.values()), "waiting": 0, "succeeded": 0, "failed": 0,
                "unreachable": 0} | counts

    def test_an_edit_names_its_plan_which_follows_its_hosts(self):
        self.enrolled("web2")
        edited = self.call("PUT", PORT, {"value": 81})
        self.assertEqual(edited.status, 201, edited)
        plan = self.rest.get("/v1/plans/" + edited.headers["plan"])
        self.assertEqual((plan["state"], plan["changes"]),
                         ("applied", [change("PUT", PORT, {"value": 81})]))
        command = self.agent.take_command()
        self.assertEqual(self.progress(edited), self.counts(waiting=1, unreachable=1))
        # A list looks at no host.
        self.assertEqual(self.rest.items("/v1/plans")[0]["progress"],
                         {"hosts": 2, "waiting": 2, "succeeded": 0, "failed": 0})
        self.assertEqual(self.agent.outcome(command), "ACCEPTED")
        eventually("the host is done", lambda: self.progress(edited) == self.counts(
            succeeded=1, unreachable=1))

    def test_what_does_nothing_to_hosts_is_no_plan(self):
        self.assertNotIn("plan", self.call("PUT", "/v1/settings/global/other",
                                           {"value": 1}).headers)
        edited = self.call("PUT", PORT, {"value": 81})
        again = self.call("PUT", PORT, {"value": 81})
        self.assertEqual((again.status, again.body["revision"]), (200, edited.body["revision"]))
        self.assertNotIn("plan", again.headers)

    def test_an_edit_waits_for_the_hosts_that_are_connected(self):
        self.enrolled("web2")
        done = []
        thread = threading.Thread(target=lambda: done.append(
            self.call("PUT", PORT, {"value": 82}, Prefer="wait=30")))
        thread.start()
        command = self.agent.take_command()
        self.assertEqual(done, [])
        self.assertEqual(self.agent.outcome(command, "failed"), "ACCEPTED")
        thread.join(WAIT_SECONDS)
        self.assertEqual(self.progress(done[0]), self.counts(failed=1, unreachable=1))

    def test_an_apply_waits_and_a_restart_loses_nothing(self):
        plan = self.plan(change("PUT", PORT, {"value": 83}))
        waited = self.decide(plan, "apply")
        self.assertEqual((waited.status, waited.body["progress"]["hosts"]), (202, 1), waited)
        command = self.agent.take_command()
        self.assertEqual(self.agent.outcome(command), "ACCEPTED")
        eventually("it is done", lambda: self.rest.get(
            f"/v1/plans/{plan['id']}")["progress"] == self.counts(succeeded=1))
        self.orchestrator.stop()
        self.orchestrator.start()
        self.assertEqual(self.rest.get(f"/v1/plans/{plan['id']}")["progress"],
                         self.counts(succeeded=1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
