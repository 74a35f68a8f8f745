"""Protected environments: what administrators would change there must come in a plan."""

import json
import pathlib
import re
import unittest

from case import OrchestratorCase
from fake_agent import FakeAgent
from program import Rest, eventually

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOST = "/v1/hosts/{h}"
ONE = "/v1/hosts/{h}/resources/{collection}/{id}"
KEY = "/v1/settings/{scope}/{key}"
PASSES = "changes nothing that a host is described as"


class Protecting(OrchestratorCase):
    """web1 is in prod, which is protected, and follows an assignment; web2 is in stage."""

    def setUp(self):
        super().setUp()
        self.agent = self.online("web1")
        self.enrolled("web2")
        self.ok("PUT", "/v1/environments/prod", {})
        self.ok("PUT", "/v1/environments/stage", {})
        self.ok("PATCH", "/v1/hosts/web1", {"environment": "prod", "labels": {"role": "web"}})
        self.ok("PATCH", "/v1/hosts/web2", {"environment": "stage"})
        self.ok("PUT", "/v1/settings/global/text", {"value": "hi"})
        self.ok("PUT", "/v1/applications/motd", {"resources": [
            {"collection": "files", "id": "/etc/motd", "description": {"content": "{{text}}"}}]})
        self.ok("PUT", "/v1/assignments/motd", {"application": "motd",
                                                "filter": "labels.role = web"})
        self.agent.outcome(self.agent.take_command())
        self.put_done(self.agent, "/a", {"content": "1"})
        self.put_done(self.agent, "/a", {"content": "2"})
        eventually("it is settled", lambda: self.rest.get(
            "/v1/hosts/web1")["wanted"]["status"] == "compiled")
        self.ok("PATCH", "/v1/environments/prod", {"protected": True})
        token = self.ok("POST", "/v1/tokens", {"name": "ann", "role": "approver"}).body
        self.ann = Rest(token["secret"], port=self.orchestrator.port("rest"))

    def approve(self, method, path, body):
        """An edit by two people."""
        plan = self.ok("POST", "/v1/plans", {"changes": [
            {"method": method, "path": path, "body": body}]}).body
        self.assertEqual(self.ann.call("POST", f"/v1/plans/{plan['id']}:approve").status, 200)
        self.ok("POST", f"/v1/plans/{plan['id']}:apply")

    def ok(self, method, path, body=None):
        reply = self.rest.call(method, path, body)
        self.assertIn(reply.status, (200, 201, 202, 204), reply)
        return reply

    def refuses(self, method, path, body=None, environments=("prod",)):
        reply = self.rest.call(method, path, body)
        self.assert_problem(reply, 409, "plan-required")
        self.assertEqual(reply.body["environments"], list(environments))
        self.assertIn("environment prod is protected", reply.body["detail"])
        self.assertIn("POST /v1/plans", reply.body["detail"])

    def revisions(self):
        """Of all that a host is described as, and of all that is said of hosts."""
        kinds = ("environments", "settings", "applications", "assignments")
        return ([one["generation"] for one in self.rest.items("/v1/hosts/web1/resources")],
                [one["revision"] for kind in kinds for one in self.rest.items(f"/v1/{kind}")],
                [(one["name"], one["labels"], one["environment"])
                 for one in self.rest.items("/v1/hosts")])



class Protected(Protecting):
    def requests(self):
        """Of every route that changes something: the request that would change what web1 has, or
        why there is none."""
        entry = {"collection": "files", "id": "/b", "description": {"content": "x"}}
        token = self.token()["id"]
        one = self.path("/a")
        return {
            f"PATCH {HOST}": ("/v1/hosts/web1", {"labels": {"rack": "7"}}),
            f"PUT {ONE}": (one, {"description": {"content": "3"}}),
            f"DELETE {ONE}": (one, None),
            f"POST {ONE}:rollback": (one + ":rollback", {
                "revision": self.rest.get(one)["generation"]["revision"]}),
            f"POST {ONE}:forget": (one + ":forget", None),
            f"POST {HOST}:apply": ("/v1/hosts/web1:apply", {"resources": [entry]}),
            "POST /v1/resources:apply": ("/v1/resources:apply", {
                "target": {"hosts": ["web1"]}, "resources": [entry]}),
            "PUT /v1/environments/{name}": ("/v1/environments/prod", {}),
            "PATCH /v1/environments/{name}": ("/v1/environments/prod", {"protected": False}),
            "DELETE /v1/environments/{name}": ("/v1/environments/gone", None),
            "PATCH /v1/settings/{scope}": ("/v1/settings/environment:prod", {
                "text": {"value": "yo"}}),
            f"PUT {KEY}": ("/v1/settings/global/text", {"value": "yo"}),
            f"DELETE {KEY}": ("/v1/settings/host:web1/text", None),
            "PUT /v1/applications/{name}": ("/v1/applications/motd", {"resources": []}),
            "PATCH /v1/applications/{name}": ("/v1/applications/motd", {"resources": []}),
            "DELETE /v1/applications/{name}": "one that is assigned is not deleted at all",
            "PUT /v1/assignments/{name}": ("/v1/assignments/motd", {
                "application": "motd", "filter": "labels.role = db"}),
            "PATCH /v1/assignments/{name}": ("/v1/assignments/motd", {"enabled": False}),
            "DELETE /v1/assignments/{name}": ("/v1/assignments/motd", None),
            f"POST {ONE}:invoke": PASSES,
            f"POST {HOST}:retire": ("/v1/hosts/web1:retire", None),
            f"POST {HOST}:release-name": PASSES,
            "POST /v1/commands/{id}:cancel": PASSES,
            "POST /v1/plans": "nothing is done before it is applied",
            "POST /v1/plans/{p}:approve": PASSES,
            "POST /v1/plans/{p}:reject": PASSES,
            "POST /v1/plans/{p}:apply": "see Approved",
            "POST /v1/tokens": PASSES,
            "POST /v1/tokens/{id}:revoke": PASSES,
            "POST /v1/enrolment-tokens": "see Enrolling",
            "POST /v1/enrolment-tokens/{id}:approve": "see Enrolling",
            "DELETE /v1/enrolment-tokens/{id}": PASSES,
            "POST /v1/enrolments/{id}:accept": "see Enrolling",
            "POST /v1/enrolments/{id}:reject": PASSES,
        }

    def test_every_route_that_changes_what_hosts_have_is_refused_there(self):
        self.ok("PUT", "/v1/environments/gone", {"protected": True})
        requests = self.requests()
        routes = {f"{method.upper()} {path}"
                  for path, methods in self.rest.get("/v1/openapi.json")["paths"].items()
                  for method in methods if method != "get"}
        self.assertEqual(routes, set(requests), "say of each new route what it does there")
        before = self.revisions()
        for route, request in requests.items():
            if isinstance(request, str):
                continue
            with self.subTest(route):
                method = route.split()[0]
                reply = self.rest.call(method, *request)
                if route == f"DELETE {KEY}":  # there is nothing to delete: see below
                    self.assert_problem(reply, 404, "not-found")
                    continue
                self.assert_problem(reply, 409, "plan-required")
        self.assertEqual(self.revisions(), before)

    def test_the_problem_names_the_environment_and_what_to_do(self):
        self.refuses("PUT", "/v1/settings/environment:prod/text", {"value": "yo"})
        self.refuses("PATCH", "/v1/hosts/web1", {"environment": "stage"})
        self.refuses("PATCH", "/v1/hosts/web2", {"environment": "prod"})
        self.refuses("PATCH", "/v1/environments/prod", {"protected": False})
        self.refuses("PUT", self.path("/etc/motd") + "?override=true",
                     {"description": {"content": "mine"}})

    def test_what_touches_no_host_there_passes(self):
        self.ok("PATCH", "/v1/hosts/web2", {"labels": {"role": "db"}})
        self.ok("PUT", self.path("/a", "web2"), {"description": {"content": "x"}})
        self.ok("PUT", "/v1/settings/environment:stage/text", {"value": "yo"})
        self.ok("PATCH", "/v1/hosts/web2", {"labels": {"role": "web"}, "environment": "default"})
        self.ok("PUT", "/v1/environments/prod%2Feu", {})
        self.ok("PATCH", "/v1/environments/prod", {"note": "for customers"})
        self.assertTrue(self.rest.get("/v1/environments/prod")["protected"])

    def test_the_table_of_the_page_says_what_needs_a_plan(self):
        """docs/administrator.md, "Protect": its examples are sent as they stand there."""
        text = (ROOT / "docs" / "administrator.md").read_text()
        rows = re.findall(r"^\| `([A-Z]+) (/v1/\S+)`(?: `(\{.*?\})`)? \| (plan|alone) \|", text,
                          re.MULTILINE)
        self.assertGreater(len(rows), 10)
        for name in ("lab", "prod/eu"):
            self.ok("PUT", f"/v1/environments/{name.replace('/', '%2F')}", {})
        self.ok("PUT", "/v1/applications/disks", {
            "parameters": {"properties": {"size": {"default": 1}}}, "resources": [
                {"collection": "files", "id": "/disks", "description": {"content": "{{size}}"}}]})
        self.approve("PUT", "/v1/assignments/disks", {
            "application": "disks", "filter": "facts.disk = big"})
        for method, path, body, needs in rows:
            with self.subTest(f"{method} {path} {body}"):
                reply = self.rest.call(method, path, json.loads(body) if body else None)
                if needs == "plan":
                    self.assert_problem(reply, 409, "plan-required")
                else:
                    self.assertIn(reply.status, (200, 201, 202, 204), reply)

    def test_of_many_hosts_those_there_refuse(self):
        done = self.ok("POST", "/v1/resources:apply", {
            "target": {"hosts": ["web1", "web2"]}, "resources": [
                {"collection": "files", "id": "/b", "description": {"content": "x"}}]})
        self.assertEqual((done.body["hosts"], done.body["refused_count"]), (2, 1))
        self.assertEqual(done.body["refused"][0]["code"], "plan-required")

    def test_a_dry_run_is_answered(self):
        planned = self.ok("PUT", "/v1/settings/global/text?dry_run=all", {"value": "yo"})
        self.assertTrue(planned.body["requires_approval"])
        self.assertEqual((planned.body["id"], planned.body["summary"]["changed"]), (None, 1))
        planned = self.ok("PATCH", "/v1/hosts/web1?dry_run=all", {"labels": {"role": None}})
        self.assertEqual(planned.headers["dry-run"], "all")
        self.assertEqual((planned.body["id"], planned.body["summary"]["forgotten"]), (None, 1))
        self.assertEqual(self.rest.get("/v1/hosts/web1")["labels"], {"role": "web"})

    def test_what_hosts_report_by_themselves_passes(self):
        self.agent.close()
        self.agent.go_online()
        eventually("it is back", lambda: self.rest.get(
            "/v1/hosts/web1")["connection"] == "online")


class Enrolling(Protecting):
    """What lets machines into a protected environment."""

    def enrol(self, token, name="new1"):
        agent = FakeAgent(self.orchestrator, self.orchestrator.root, name)
        self.agents.append(agent)
        return agent.enrol(token["secret"])

    def refused(self, token):
        answer = self.enrol(token, f"new{len(self.agents)}")
        self.assertEqual((answer["type"], answer["error"]["code"]), ("refused", "denied"))
        self.assertIn("is protected", answer["error"]["detail"])

    def approve_token(self, token):
        path = f"/v1/enrolment-tokens/{token['id']}"
        self.assert_problem(self.rest.call("POST", path + ":approve"), 409, "approval-required")
        approved = self.ann.call("POST", path + ":approve")
        self.assertEqual((approved.status, approved.body["approved_by"]), (200, "ann"), approved)
        self.assertNotIn("secret", approved.body)
        self.assertEqual(self.rest.get(path)["approved_by"], "ann")
        record = self.rest.get("/v1/audit?limit=1")["items"][0]
        self.assertEqual(record["object"], path + ":approve")

    def test_a_token_counts_there_once_somebody_else_has_approved_it(self):
        token = self.token(environment="prod", labels={"role": "web"})
        self.assertEqual((token["created_by"], token["approved_by"]), ("admin", None))
        self.assertTrue(token["requires_approval"])
        self.refused(token)
        self.approve_token(token)
        self.assertEqual(self.enrol(token)["type"], "enrolled")
        self.assertEqual(self.rest.get("/v1/hosts/new1")["environment"], "prod")
        self.assertFalse(self.token(environment="stage")["requires_approval"])

    def test_so_does_one_that_was_made_before_the_environment_was_protected(self):
        token = self.token(environment="stage", uses=2)
        self.assertEqual(self.enrol(token, "early")["type"], "enrolled")
        self.ok("PATCH", "/v1/environments/stage", {"protected": True})
        self.refused(token)
        self.approve_token(token)
        self.assertEqual(self.enrol(token, "late")["type"], "enrolled")

    def test_so_does_one_that_replaces_a_host_there(self):
        token = self.token(replaces="web1")
        self.refused(token)
        self.approve_token(token)
        self.assertEqual(self.enrol(token)["host"], self.rest.get("/v1/hosts/web1")["id"])

    def test_an_operator_does_not_approve(self):
        made = self.ok("POST", "/v1/tokens", {"name": "bob", "role": "operator"}).body
        bob = Rest(made["secret"], port=self.orchestrator.port("rest"))
        path = f"/v1/enrolment-tokens/{self.token(environment='prod')['id']}:approve"
        self.assertEqual(bob.call("POST", path).status, 403)
        self.assert_problem(self.ann.call("POST", "/v1/enrolment-tokens/eke_no:approve"), 404,
                            "not-found")

    def test_where_new_machines_come_in_nobody_accepts_them_alone(self):
        agent = FakeAgent(self.orchestrator, self.orchestrator.root, "new1")
        self.agents.append(agent)
        agent.ask_for_enrolment()
        one, = eventually("it waits", lambda: [one for one in self.rest.items("/v1/enrolments")
                                               if one["state"] == "pending"])
        self.ok("PATCH", "/v1/environments/default", {"protected": True})
        refused = self.rest.call("POST", f"/v1/enrolments/{one['id']}:accept")
        self.assert_problem(refused, 409, "plan-required")
        self.assertEqual(refused.body["environments"], ["default"])
        self.assertEqual(self.rest.call("GET", "/v1/hosts/new1").status, 404)


class Approved(Protecting):

    def plan(self, *changes):
        """Changes as (method, path, body), planned by the administrator."""
        plan = self.ok("POST", "/v1/plans", {"changes": [
            {"method": method, "path": path, **({} if body is None else {"body": body})}
            for method, path, body in changes]}).body
        self.assertTrue(plan["requires_approval"])
        return plan

    def apply(self, plan):
        """What is refused until somebody else has approved it, then done."""
        path = f"/v1/plans/{plan['id']}"
        self.assert_problem(self.rest.call("POST", path + ":apply"), 409, "approval-required")
        self.assert_problem(self.rest.call("POST", path + ":approve"), 409, "approval-required")
        self.assertEqual(self.ann.call("POST", path + ":approve", {
            "hash": plan["hash"]}).body["approved_by"], "ann")
        applied = self.ok("POST", path + ":apply")
        self.assertEqual(applied.body["state"], "applied")

    def told(self, plan):
        return sorted((one["change"], one["id"]) for group in plan["groups"]
                      for one in group["resources"])

    def description(self, rid):
        return self.rest.get(self.path(rid))["description"]

    def test_an_edit_is_done_once_somebody_else_has_approved_it(self):
        plan = self.plan(("PUT", "/v1/settings/global/text", {"value": "yo"}))
        self.assertEqual(self.told(plan), [("change", "/etc/motd")])
        self.apply(plan)
        command = self.agent.take_command()
        self.assertEqual(command["resources"][0]["description"]["content"], "yo")

    def test_hosts_and_resources_are_part_of_a_plan(self):
        plan = self.plan(("PATCH", "/v1/hosts/web1", {"labels": {"role": None, "rack": "7"}}),
                         ("PATCH", "/v1/hosts/web2", {"labels": {"role": "web"}}),
                         ("PUT", self.path("/a"), {"description": {"content": "3"}}),
                         ("PUT", self.path("/b", "web2"), {"description": {"content": "1"}}))
        self.assertEqual(self.told(plan), [("add", "/b"), ("add", "/etc/motd"), ("change", "/a"),
                                           ("forget", "/etc/motd")])
        shown = self.rest.get(f"/v1/plans/{plan['id']}/hosts/web1")
        self.assertEqual(sorted(one["id"] for one in shown["resources"]), ["/a", "/etc/motd"])
        self.assertNotEqual(plan["changes"][2]["body"]["description"], {"content": "3"})
        self.apply(plan)
        self.assertEqual(self.rest.get("/v1/hosts/web1")["labels"], {"rack": "7"})
        self.assertEqual(self.description("/a"), {"content": "3"})
        eventually("web2 has both", lambda: [one["id"] for one in self.rest.items(
            "/v1/hosts/web2/resources")] == ["/b", "/etc/motd"])

    def test_a_host_is_moved_out_and_the_environment_is_protected_no_more(self):
        self.apply(self.plan(("PATCH", "/v1/hosts/web1", {"environment": "stage"}),
                             ("PATCH", "/v1/environments/prod", {"protected": False})))
        self.assertEqual(self.rest.get("/v1/hosts/web1")["environment"], "stage")
        self.assertFalse(self.rest.get("/v1/environments/prod")["protected"])

    def test_an_override_and_its_end_are_planned_too(self):
        path = self.path("/etc/motd")
        refused = self.rest.call("POST", "/v1/plans", {"changes": [
            {"method": "PUT", "path": path, "body": {"description": {"content": "mine"}}}]})
        self.assertEqual([(one["pointer"], one["code"]) for one in refused.body["errors"]],
                         [("/changes/0/body", "owned")])
        self.apply(self.plan(("PUT", path + "?override=true",
                              {"description": {"content": "mine"}})))
        self.assertEqual(self.description("/etc/motd"), {"content": "mine"})
        self.agent.outcome(self.agent.take_command())
        self.apply(self.plan(("POST", path + ":forget", None)))
        eventually("it is as before", lambda: self.description("/etc/motd") == {"content": "hi"})

    def test_a_host_is_retired(self):
        self.apply(self.plan(("POST", "/v1/hosts/web1:retire", None)))
        self.assertEqual(self.rest.get("/v1/hosts/web1")["enrolment"], "retired")
        self.assertIn("evenkeel:retired", self.agent.wait_closed())

    def test_a_resource_is_removed(self):
        plan = self.plan(("DELETE", self.path("/a"), None))
        self.assertEqual(self.told(plan), [("remove", "/a")])
        self.apply(plan)
        self.assertEqual(self.agent.take_command()["verb"], "remove")

    def test_faults_are_told_where_they_are(self):
        refused = self.rest.call("POST", "/v1/plans", {"changes": [
            {"method": "PATCH", "path": "/v1/hosts/web1", "body": {"environment": "nowhere"}},
            {"method": "PATCH", "path": "/v1/hosts/web2", "body": {"name": "a b"}},
            {"method": "DELETE", "path": self.path("/nothing")},
            {"method": "POST", "path": self.path("/a") + ":invoke", "body": {}},
            {"method": "DELETE", "path": self.path("/a") + "?dry_run=all"}]})
        self.assertEqual({(one["pointer"], one["code"]) for one in refused.body["errors"]}, {
            ("/changes/0/body/environment", "invalid"), ("/changes/1/body/name", "invalid"),
            ("/changes/2", "not-found"), ("/changes/3/method", "invalid"),
            ("/changes/4/path", "invalid")})


if __name__ == "__main__":
    unittest.main()
