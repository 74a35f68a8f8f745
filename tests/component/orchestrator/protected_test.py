"""Protected environments: what administrators would change there must come in a plan."""

import unittest

from case import OrchestratorCase
from program import Rest, eventually

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
            f"POST {HOST}:retire": "a certificate must be revoked at once",
            f"POST {HOST}:release-name": PASSES,
            "POST /v1/commands/{id}:cancel": PASSES,
            "POST /v1/plans": "nothing is done before it is applied",
            "POST /v1/plans/{p}:approve": PASSES,
            "POST /v1/plans/{p}:reject": PASSES,
            "POST /v1/plans/{p}:apply": "see Approved",
            "POST /v1/tokens": PASSES,
            "POST /v1/tokens/{id}:revoke": PASSES,
            "POST /v1/enrolment-tokens": "a host that enrols comes by itself",
            "DELETE /v1/enrolment-tokens/{id}": PASSES,
            "POST /v1/enrolments/{id}:accept": "a host that enrols comes by itself",
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

    def test_of_many_hosts_those_there_refuse(self):
        done = self.ok("POST", "/v1/resources:apply", {
            "target": {"hosts": ["web1", "web2"]}, "resources": [
                {"collection": "files", "id": "/b", "description": {"content": "x"}}]})
        self.assertEqual((done.body["hosts"], done.body["refused_count"]), (2, 1))
        self.assertEqual(done.body["refused"][0]["code"], "plan-required")

    def test_a_dry_run_is_answered(self):
        planned = self.ok("PUT", "/v1/settings/global/text?dry_run=all", {"value": "yo"})
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


class Approved(Protecting):
    def setUp(self):
        super().setUp()
        token = self.ok("POST", "/v1/tokens", {"name": "ann", "role": "approver"}).body
        self.ann = Rest(token["secret"], port=self.orchestrator.port("rest"))

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
