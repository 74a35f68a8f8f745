"""Protected environments: what administrators would change there must come in a plan."""

import unittest

from case import OrchestratorCase
from program import eventually

HOST = "/v1/hosts/{h}"
ONE = "/v1/hosts/{h}/resources/{collection}/{id}"
KEY = "/v1/settings/{scope}/{key}"
PASSES = "changes nothing that a host is described as"


class Protected(OrchestratorCase):
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


if __name__ == "__main__":
    unittest.main()
