"""What is said once about many hosts: environments, settings, applications, assignments."""

import unittest

from case import OrchestratorCase
from program import Rest, eventually
from watch_test import Watch

PROD = "/v1/environments/prod"
PORT = "/v1/settings/global/port"
SECRET = "/v1/settings/environment:prod/password"
APPLICATION = {"note": "a page", "parameters": {"type": "object", "properties": {
    "port": {"type": "integer", "default": 80}}}, "resources": [
        {"collection": "files", "id": "/etc/port", "description": {"content": "{{port}}"}}]}


class Model(OrchestratorCase):
    def call(self, method, path, body=None, **headers):
        return self.rest.call(method, path, body, {
            name.replace("_", "-"): value for name, value in headers.items()})

    def made(self, path, body, status=201):
        reply = self.call("PUT", path, body)
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(reply.headers["etag"], f'"{reply.body["revision"]}"')
        self.assertEqual(self.rest.get(path), reply.body)
        return reply.body

    def errors(self, reply):
        self.assertEqual(reply.status, 400, reply)
        return {(error["pointer"], error["code"]) for error in reply.body["errors"]}


class Environments(Model):
    def test_they_are_a_tree_from_default_on(self):
        self.assertEqual([one["name"] for one in self.rest.items("/v1/environments")], ["default"])
        self.assert_problem(self.call("PUT", "/v1/environments/prod%2Feu", {}), 404, "not-found")
        self.made(PROD, {"note": "all that counts"})
        eu = self.made("/v1/environments/prod%2Feu", {})
        self.assertEqual(eu, {"name": "prod/eu", "note": "", "protected": False, "strategy": None,
                              "source": None, "hosts": 0, "revision": eu["revision"]})
        refused = self.call("DELETE", PROD)
        self.assert_problem(refused, 409, "invalid-state")
        self.assertIn("environment prod/eu", refused.body["detail"])
        self.assert_problem(self.call("DELETE", "/v1/environments/default"), 409, "invalid-state")
        self.assertEqual(self.call("DELETE", "/v1/environments/prod%2Feu").status, 204)
        self.assertEqual(self.call("DELETE", PROD).status, 204)
        self.assert_problem(self.call("DELETE", PROD), 404, "not-found")
        self.assert_problem(self.call("GET", PROD), 404, "not-found")

    def test_a_patch_changes_what_it_names_and_preconditions_hold(self):
        made = self.made(PROD, {"note": "old"})
        tag = f'"{made["revision"]}"'
        patched = self.call("PATCH", PROD, {"note": "new"}, If_Match=tag)
        self.assertEqual((patched.status, patched.body["note"], patched.body["protected"]),
                         (200, "new", False))
        self.assert_problem(self.call("PATCH", PROD, {}, If_Match=tag), 412,
                            "precondition-failed")
        self.assert_problem(self.call("PUT", PROD, {}, If_None_Match="*"), 412,
                            "precondition-failed")
        self.assertEqual(self.call("GET", PROD, If_None_Match=patched.headers["etag"]).status, 304)
        self.assert_problem(self.call("PATCH", "/v1/environments/x", {}), 404, "not-found")

    def test_what_is_wrong_is_told_and_a_dry_run_stores_nothing(self):
        self.assertEqual(self.errors(self.call("PUT", PROD, {"note": 1, "colour": 2,
                                                             "protected": "yes"})),
                         {("/note", "invalid"), ("/colour", "unknown-field"),
                          ("/protected", "invalid")})
        self.assertEqual(self.errors(self.call("PUT", PROD, {"name": "stage"})),
                         {("/name", "invalid")})
        self.assert_problem(self.call("PUT", "/v1/environments/Prod", {}), 400, "invalid-id")
        planned = self.call("PUT", PROD + "?dry_run=all", {"note": "x"})
        self.assertEqual((planned.status, planned.headers["dry-run"], planned.body["id"],
                          planned.body["summary"]["hosts"]), (200, "all", None, 0))
        self.assert_problem(self.call("GET", PROD), 404, "not-found")

    def test_a_put_of_what_is_there_is_no_change(self):
        made = self.made(PROD, {"note": "x"})
        audited = len(self.rest.items("/v1/audit"))
        again = self.call("PUT", PROD, made)
        self.assertEqual((again.status, again.body), (200, made))
        self.assertEqual(len(self.rest.items("/v1/audit")), audited)

    def test_the_same_request_again_gets_the_same_answer(self):
        first = self.call("PUT", PROD, {}, Idempotency_Key="k")
        again = self.call("PUT", PROD, {}, Idempotency_Key="k")
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual(again.headers["idempotency-replayed"], "true")

    def test_a_list_is_filtered_and_followed_and_there_are_events(self):
        events = self.events()
        eventually("it is open", lambda: events.position)
        watch = Watch(self.rest, "/v1/environments", lambda item: item["name"])
        self.addCleanup(watch.close)
        eventually("it is whole", lambda: watch.initial_ends == 1)
        self.made(PROD, {"note": "x"})
        eventually("it came", lambda: "prod" in watch.items)
        self.assertEqual([one["name"] for one in self.rest.items(
            "/v1/environments?filter=note+%3D+x")], ["prod"])
        self.call("DELETE", PROD)
        eventually("it went", lambda: "prod" not in watch.items)
        eventually("both are told", lambda: [
            (event["type"], event["data"]) for event in events.seen] == [
                ("environment.changed", {"name": "prod", "deleted": False}),
                ("environment.changed", {"name": "prod", "deleted": True})])


class Settings(Model):
    def setUp(self):
        super().setUp()
        self.made(PROD, {})

    def test_a_setting_is_read_as_it_was_put_and_goes(self):
        port = self.made(PORT, {"value": 80})
        self.assertEqual(port, {"scope": "global", "key": "port", "value": 80, "secret": False,
                                "link": None, "source": None, "revision": port["revision"]})
        self.made("/v1/settings/environment:prod/up",
                  {"link": {"scope": "global", "key": "port"}})
        self.assertEqual([(one["scope"], one["key"]) for one in self.rest.items("/v1/settings")],
                         [("environment:prod", "up"), ("global", "port")])
        self.assertEqual([one["key"] for one in self.rest.items("/v1/settings/environment:prod")],
                         ["up"])
        self.assertEqual(self.call("DELETE", PORT).status, 204)
        self.assert_problem(self.call("GET", PORT), 404, "not-found")

    def test_what_is_no_setting_is_refused(self):
        self.assertEqual(self.errors(self.call("PUT", PORT, {"value": None})),
                         {("/value", "invalid")})
        self.assert_problem(self.call("PUT", "/v1/settings/global/host", {"value": 1}), 400,
                            "invalid-id")
        self.assert_problem(self.call("PUT", "/v1/settings/world/port", {"value": 1}), 400,
                            "invalid-id")
        for scope in ("environment:stage", "host:web9", "assignment:web"):
            self.assert_problem(self.call("PUT", f"/v1/settings/{scope}/port", {"value": 1}), 404,
                                "not-found")

    def test_a_scope_is_patched_in_one_edit(self):
        self.made("/v1/settings/global/old", {"value": 1})
        patched = self.call("PATCH", "/v1/settings/global", {
            "a": {"value": 1}, "b": {"value": [2]}, "old": None, "nowhere": None})
        self.assertEqual((patched.status, set(patched.body["settings"])), (200, {"a", "b"}))
        self.assertEqual([(one["key"], one["revision"]) for one in
                          self.rest.items("/v1/settings/global")],
                         [("a", patched.body["revision"]), ("b", patched.body["revision"])])
        refused = self.call("PATCH", "/v1/settings/global", {"a": {"value": 3}, "b": {"x": 1}})
        self.assertIn(("/b/x", "unknown-field"), self.errors(refused))
        self.assertEqual(self.rest.get("/v1/settings/global/a")["value"], 1)

    def test_a_secret_is_never_shown_and_stays_when_it_comes_back(self):
        shown = self.made(SECRET, {"value": "hush-hush", "secret": True})
        self.assertEqual(list(shown["value"]), ["redacted"])
        kept = self.call("PUT", SECRET, shown)
        self.assertEqual((kept.status, kept.body["value"]), (200, shown["value"]))
        for body, path in (({**shown, "secret": False}, SECRET),
                           ({"value": {"redacted": "guess"}, "secret": True}, SECRET),
                           ({"value": shown["value"], "secret": True}, PORT)):
            self.assertEqual(self.errors(self.call("PUT", path, body)), {("/value", "invalid")})
        self.assertEqual(self.errors(self.call("PATCH", "/v1/settings/environment:prod", {
            "password": {"value": shown["value"]}})), {("/password/value", "invalid")})
        self.orchestrator.stop()
        self.orchestrator.start()
        self.assertEqual(self.rest.get(SECRET)["value"], shown["value"])
        for path in (self.orchestrator.state).rglob("*"):
            if path.is_file():
                self.assertNotIn(b"hush-hush", path.read_bytes(), path)

    def test_a_host_is_named_and_kept_by_its_id_and_shows_what_counts(self):
        agent = self.enrolled()
        one = self.made("/v1/settings/host:web1/port", {"value": 2})
        self.assertEqual(one["scope"], f"host:{agent.host}")
        self.made(PORT, {"value": 1})
        self.made("/v1/settings/global/web:port", {"value": 3})
        self.made("/v1/settings/global/lost", {"link": {"scope": "global", "key": "x"}})
        self.made("/v1/settings/global/word", {"value": "hush", "secret": True})
        items = {item["key"]: item for item in self.rest.get("/v1/hosts/web1/settings")["items"]}
        self.assertEqual(items["port"], {
            "key": "port", "value": 2, "from": f"host:{agent.host}",
            "overrides": [{"scope": "global", "value": 1}]})
        self.assertEqual(set(items), {"port", "web:port", "lost", "word"})
        self.assertIn("leads to no setting", items["lost"]["error"])
        self.assertEqual(list(items["word"]["value"]), ["redacted"])


class Applications(Model):
    def test_each_change_is_a_version_and_what_is_equal_is_none(self):
        path = "/v1/applications/web"
        first = self.made(path, APPLICATION)
        self.assertEqual(first["version"], 1)
        self.assertEqual(self.made(path, first, 200), first)
        second = self.call("PATCH", path, {"note": "new"}).body
        self.assertEqual((second["version"], second["note"]), (2, "new"))
        self.assertEqual([one["version"] for one in self.rest.items(path + "/versions")], [1, 2])
        del first["source"]  # of the application, not of a version
        self.assertEqual(self.rest.get(path + "/versions/1"), first)
        self.assert_problem(self.call("GET", path + "/versions/3"), 404, "not-found")
        self.assertEqual(self.call("DELETE", path).status, 204)
        self.assert_problem(self.call("GET", path + "/versions/1"), 404, "not-found")

    def test_all_that_is_wrong_is_told(self):
        refused = self.call("PUT", "/v1/applications/web", {"colour": 1, "resources": [
            {"collection": "files", "id": "{{#a}}", "description": {}}]})
        self.assertEqual({pointer for pointer, _ in self.errors(refused)},
                         {"/colour", "/resources/0/id"})


class Assignments(Model):
    path = "/v1/assignments/web"

    def setUp(self):
        super().setUp()
        self.made("/v1/applications/web", APPLICATION)
        self.made(PROD, {})

    def test_an_assignment_has_its_settings_and_is_named_by_them(self):
        one = self.made(self.path, {"application": "web", "environment": "prod",
                                    "settings": {"port": {"value": 8080}}})
        self.assertEqual(one, {
            "name": "web", "note": "", "application": "web", "version": "latest",
            "environment": "prod", "host": None, "filter": None, "policy": None, "enabled": True,
            "adopt": False, "on_leave": "forget", "source": None, "revision": one["revision"],
            "settings": {"port": {"value": 8080, "secret": False, "link": None,
                                  "source": None}}})
        self.made("/v1/settings/assignment:web/word", {"value": "hush", "secret": True})
        now = self.rest.get(self.path)
        self.assertGreater(now["revision"], one["revision"])
        self.assertEqual(set(now["settings"]), {"port", "word"})
        kept = self.call("PUT", self.path, {"application": "web", "note": "kept"})
        self.assertEqual(kept.body["settings"], now["settings"])
        patched = self.call("PATCH", self.path, {"settings": {"port": None}})
        self.assertEqual(patched.body["settings"], {"word": now["settings"]["word"]})
        self.assertEqual([item["key"] for item in
                          self.rest.items("/v1/settings/assignment:web")], ["word"])
        self.assertEqual(self.rest.get(self.path), patched.body)
        for path in (PROD, "/v1/applications/web"):
            if path != PROD:
                self.assert_problem(self.call("DELETE", path), 409, "invalid-state")
        self.assertEqual(self.call("DELETE", self.path).status, 204)
        self.assertEqual(self.rest.items("/v1/settings"), [])
        self.assertEqual(self.call("DELETE", "/v1/applications/web").status, 204)

    def test_what_it_names_must_be_there(self):
        refused = self.call("PUT", self.path, {"application": "x", "environment": "stage"})
        self.assertEqual(self.errors(refused), {("/application", "not-found"),
                                                ("/environment", "not-found")})
        refused = self.call("PUT", self.path, {"application": "web", "filter": "colour = red",
                                               "settings": {"host": {"value": 1}}})
        self.assertEqual(self.errors(refused), {("/filter", "bad-filter"),
                                                ("/settings/host", "invalid")})

    def test_a_host_sees_the_defaults_and_settings_of_an_assignment(self):
        agent = self.enrolled()
        one = self.made(self.path, {"application": "web", "host": "web1"})
        self.assertEqual(one["host"], agent.host)
        asked = "/v1/hosts/web1/settings?assignment="
        self.assertEqual(self.rest.get(asked + "web")["items"],
                         [{"key": "port", "value": 80, "from": "default", "overrides": []}])
        self.made("/v1/settings/assignment:web/port", {"value": 81})
        self.assertEqual(self.rest.get(asked + "web")["items"][0]["from"], "assignment:web")
        self.assert_problem(self.call("GET", asked + "x"), 404, "not-found")


class Wanted(Model):
    def setUp(self):
        super().setUp()
        self.agent = self.online()
        self.made(PORT, {"value": "8080"})
        self.made("/v1/applications/page", {**APPLICATION, "parameters": {}})
        self.made("/v1/assignments/all", {"application": "page", "policy": "enforce"})

    def test_what_a_host_shall_have_is_compiled_now(self):
        one = {"collection": "files", "id": "/etc/port", "description": {"content": "8080"},
               "policy": "enforce", "requires": [], "notifies": [], "owners": [
                   {"assignment": "all", "application": "page", "version": 1,
                    "on_leave": "forget"}]}
        now = self.rest.get("/v1/hosts/web1/wanted")
        self.assertEqual(now, {"status": "compiled", "revision": now["revision"], "errors": [],
                               "items": [one]})
        self.assertEqual(self.rest.get(f"/v1/hosts/{self.agent.host}/wanted/files"), now)
        self.assertEqual(self.rest.get("/v1/hosts/web1/wanted/services")["items"], [])
        path = "/v1/hosts/web1/wanted/files/%2Fetc%2Fport"
        self.assertEqual(self.rest.get(path), one)
        self.made(PORT, {"value": "81"}, status=200)
        self.assertEqual(self.rest.get(path)["description"], {"content": "81"})
        self.assert_problem(self.call("GET", "/v1/hosts/web1/wanted/files/%2Fx"), 404, "not-found")
        self.assert_problem(self.call("GET", "/v1/hosts/web2/wanted"), 404, "not-found")

    def test_a_secret_is_redacted_and_what_does_not_compile_says_why(self):
        path = "/v1/hosts/web1/wanted/files/%2Fetc%2Fword"
        self.made("/v1/settings/global/word", {"value": "hush-hush", "secret": True})
        word = {"collection": "files", "id": "/etc/word", "description": {"content": "{{word}}"}}
        self.made("/v1/applications/page", {"resources": [word]}, status=200)
        self.assertEqual(list(self.rest.get(path)["description"]["content"]), ["redacted"])
        self.assertEqual(self.call("DELETE", "/v1/settings/global/word?errors=allow").status, 204)
        now = self.rest.get("/v1/hosts/web1/wanted")
        self.assertEqual((now["status"], now["items"]), ("error", []))
        self.assertEqual([(one["assignment"], one["pointer"], one["code"])
                          for one in now["errors"]],
                         [("all", "/resources/0/description/content", "unknown-name")])
        refused = self.call("GET", path)
        self.assert_problem(refused, 422, "does-not-compile")
        self.assertEqual(refused.body["errors"][0]["pointer"], "/resources/0/description/content")

    def test_an_impact_says_where_a_setting_counts(self):
        self.enrolled("web2")
        groups = [{"count": 2, "hosts": ["web1", "web2"],
                   "resources": [{"collection": "files", "id": "/etc/port"}]}]
        whole = {"scope": "global", "key": "port", "summary": {"hosts": 2, "resources": 2},
                 "groups": groups, "more_groups": 0}
        self.assertEqual(self.rest.get(PORT + "/impact"), whole)
        self.assertEqual(self.rest.get("/v1/settings/global/page:port/impact"),
                         {**whole, "key": "page:port"})
        one = self.rest.get("/v1/settings/host:web2/port/impact")
        self.assertEqual((one["scope"][:10], one["summary"]["hosts"], one["groups"][0]["hosts"]),
                         ("host:host_", 1, ["web2"]))
        self.made("/v1/settings/host:web2/port", {"value": "1"})
        self.assertEqual(self.rest.get(PORT + "/impact")["groups"][0]["hosts"], ["web1"])
        self.assert_problem(self.call("GET", "/v1/settings/environment:x/port/impact"), 404,
                            "not-found")
        self.assert_problem(self.call("GET", "/v1/settings/global/Port/impact"), 400, "invalid-id")


class Sources(Model):
    def test_each_object_keeps_its_source_and_lists_find_it(self):
        self.made(PROD, {"source": "site"})
        self.made(PORT, {"value": 80, "source": "site"})
        self.made("/v1/applications/web", {**APPLICATION, "source": "site"})
        self.made("/v1/assignments/web", {"application": "web", "source": "site",
                                          "settings": {"a": {"value": 1, "source": "site"}}})
        self.made("/v1/environments/stage", {"source": "other"})
        for kind, count in (("environments", 1), ("settings", 2), ("applications", 1),
                            ("assignments", 1)):
            found = self.rest.items(f"/v1/{kind}?filter=source+%3D+site")
            self.assertEqual([one["source"] for one in found], ["site"] * count, kind)
        for path in (PROD, "/v1/applications/web", "/v1/assignments/web"):
            self.assertEqual(self.call("PATCH", path, {"note": "x"}).body["source"], "site", path)
            self.assertEqual(self.call("PATCH", path, {"source": None}).body["source"], None)
        self.assertEqual(self.errors(self.call("PUT", PORT, {"value": 1, "source": "Not a name"})),
                         {("/source", "invalid")})

    def test_another_source_makes_no_version_of_an_application(self):
        path = "/v1/applications/web"
        first = self.made(path, APPLICATION)
        second = self.made(path, {**APPLICATION, "source": "site"}, 200)
        self.assertEqual((second["version"], second["source"]), (1, "site"))
        self.assertGreater(second["revision"], first["revision"])
        self.assertEqual(self.made(path, second, 200), second)
        third = self.call("PATCH", path, {"note": "new"}).body
        self.assertEqual((third["version"], third["source"]), (2, "site"))
        self.assertEqual(len(self.rest.items(path + "/versions")), 2)


class Permissions(Model):
    def test_a_viewer_reads_and_writes_nothing(self):
        self.made(SECRET.replace("environment:prod", "global"), {"value": "x", "secret": True})
        token = self.rest.call("POST", "/v1/tokens", {"name": "v", "role": "viewer"}).body
        viewer = Rest(token["secret"], port=self.orchestrator.port("rest"))
        self.assertEqual(viewer.call("GET", "/v1/settings").status, 200)
        for path in (PROD, PORT, "/v1/applications/web", "/v1/assignments/web"):
            self.assert_problem(viewer.call("PUT", path + "?dry_run=all", {"value": 1}), 403,
                                "forbidden")


if __name__ == "__main__":
    unittest.main(verbosity=2)
