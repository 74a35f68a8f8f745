"""Plans: made of a folder, shown, applied, followed and approved; diff and prune."""

import unittest

from fake_api import page, problem, reply
from fleet import GROUPS, FleetCase, application, assignment, environment, plan, setting

PLAN = "/v1/plans/plan_1"
APPLY = PLAN + ":apply"
PROGRESS = {"hosts": 2, "waiting": 0, "succeeded": 2, "failed": 0, "unreachable": 0}
SUMMARY = {"hosts": 2, "changed": 2, "removed": 2}


def applied(**progress):
    return plan("applied", progress={**PROGRESS, **progress})


class PlanCase(FleetCase):
    def setUp(self):
        super().setUp()
        self.write("prod.yaml", "kind: environment\nname: prod\nnote: new\n")
        self.open = plan(summary=SUMMARY, groups=GROUPS)
        self.api.on("POST", "/v1/plans", reply(201, self.open))
        self.api.on("GET", PLAN, reply(200, self.open))


class Planning(PlanCase):
    def test_objects_and_groups_of_hosts_are_shown(self):
        self.known(environments=[environment("prod", note="old\nwords\n")])
        self.planned("--live")
        self.assertEqual(self.api.asked("POST")[0].json()["live"], True)
        self.assertRegex(self.shown, r"environment +prod +change +/note +2 lines +new")
        self.assertIn("environment prod /note\n@@ line 1 @@\n-old\n-words\n+new\n", self.shown)
        self.assertIn("2 hosts: web1, web2\n  remove  files /etc/old\n  change  files /etc/motd\n"
                      "      /mode: 0600 -> 0644\n      /content: 2 lines -> 2 lines\n"
                      "        @@ line 2 @@\n        -two\n        +three\n", self.shown)
        self.assertIn("1 object differs: 1 to change", self.told)
        self.assertIn("on 2 hosts: 2 removed and 2 changed", self.told)
        self.assertIn("plan plan_1: apply it with: ek apply plan plan_1", self.told)

    def test_more_than_is_shown_is_counted_and_errors_have_their_hosts(self):
        error = {"assignment": "web", "pointer": "/resources/0/id", "code": "unknown-name",
                 "detail": "there is no port", "count": 1, "hosts": ["db1"]}
        unasked = {"host": "c", "code": "host-offline", "detail": "the host is not connected"}
        self.api.on("POST", "/v1/plans", reply(201, plan(
            groups=[{"count": 30, "hosts": ["a", "b"], "resources": []}], more_groups=4,
            errors=[error], more_errors=1, unasked=[unasked],
            summary={"hosts": 30, "errors": 1})))
        self.planned(exits=1)
        self.assertIn("30 hosts: a, b and 28 more\n", self.shown)
        self.assertIn("and 4 groups of hosts more\n", self.shown)
        self.assertIn("does not compile on 1 host: db1\n  assignment web, /resources/0/id: "
                      "unknown-name: there is no port\nand 1 error more\n", self.shown)
        self.assertIn("not asked: c: the host is not connected\n", self.shown)
        self.assertIn("; 1 host does not compile; 1 host could not be asked", self.told)
        self.assertNotIn("prod.yaml", self.told)
        self.assertIn("plan plan_1 would be refused, for hosts would not compile", self.told)
        self.assertIn("ek apply plan plan_1 --allow-errors", self.told)
        self.assertNotIn("apply it with", self.told)
        self.planned("--exit-code", exits=1)
        self.write("web.yaml", "kind: assignment\nname: web\napplication: app\n---\n"
                               "kind: application\nname: app\nresources:\n- id: '{{port}}'\n")
        self.planned(exits=1)
        self.assertIn("/web.yaml:8: /resources/0/id: unknown-name: there is no port", self.told)

    def test_the_exit_code_says_whether_anything_would_change(self):
        self.planned("--exit-code", exits=3)
        self.known(environments=[environment("prod", note="new")])
        self.assertIsNone(self.planned("--exit-code"))
        self.assertIn("no object differs", self.told)
        # What only a secret may change, the orchestrator says.
        self.write("s.json", {"kind": "settings", "scope": "global",
                              "settings": {"a": {"value": "x", "secret": True}}})
        self.known(environments=[environment("prod", note="new")],
                   settings=[setting("global", "a", {"redacted": "f"}, secret=True)])
        self.planned("--exit-code", exits=3)
        self.api.on("POST", "/v1/plans", reply(201, plan()))
        self.planned("--exit-code")
        self.assertIn("no host changes", self.told)

    def test_json_is_the_plan_also_the_empty_one(self):
        shown = self.ek_json("plan", "-f", str(self.site))
        self.assertEqual(shown, self.open)
        self.known(environments=[environment("prod", note="new")])
        empty = self.ek_json("plan", "-f", str(self.site))
        self.assertEqual((empty["id"], empty["groups"], empty["summary"]["hosts"]), (None, [], 0))

    def test_a_plan_that_wants_a_second_person_says_so(self):
        self.api.on("POST", "/v1/plans", reply(201, plan(requires_approval=True)))
        self.planned()
        self.assertIn("plan plan_1 waits for somebody else: ek approve plan plan_1", self.told)
        self.ek("apply", "-f", str(self.site), "--yes", exits=6)
        self.assertIn("ek approve plan plan_1; then: ek apply plan plan_1", self.told)
        self.assertEqual(self.api.asked("POST", APPLY), [])


class Applying(PlanCase):
    def apply(self, *arguments, exits=0):
        return self.ek("apply", "-f", str(self.site), *arguments, exits=exits)

    def test_it_is_applied_as_it_was_shown_and_followed_to_the_end(self):
        self.api.on("POST", APPLY, reply(202, applied(waiting=2, succeeded=0)))
        self.api.on("GET", PLAN, reply(200, applied(waiting=1, succeeded=1)), reply(200, applied()))
        self.apply("--yes")
        sent = self.api.asked("POST", APPLY)[0]
        self.assertEqual((sent.json(), sent.headers["prefer"]), ({"hash": "abc"}, "wait=60"))
        self.assertIn("2 hosts: 1 succeeded, 0 failed, 1 not finished", self.told)
        self.assertIn("plan plan_1 is applied; 2 hosts: 2 succeeded, 0 failed\n", self.told)

    def test_the_exit_code_is_that_of_several_hosts(self):
        for progress, arguments, exits in (
                ({"failed": 1, "succeeded": 1}, (), 7), ({"failed": 1, "hosts": 1}, (), 1),
                ({"unreachable": 1, "succeeded": 1}, (), 7),
                ({"unreachable": 1, "succeeded": 1}, ("--wait=1s",), 7),
                ({"waiting": 1, "succeeded": 1}, ("--wait=1s",), 8),
                ({"waiting": 1, "succeeded": 1}, ("--no-wait",), 0)):
            with self.subTest(progress=progress, arguments=arguments):
                self.api.on("POST", APPLY, reply(202, applied(**progress)))
                self.api.on("GET", PLAN, reply(200, applied(**progress)))
                self.apply("--yes", *arguments, exits=exits)
        self.assertNotIn("prefer", self.api.asked("POST", APPLY)[-1].headers)
        self.assertIn("see: ek describe plan plan_1", self.told)

    def test_hosts_that_do_not_compile_are_a_failure_unless_they_are_allowed(self):
        refused = problem(422, "does-not-compile", "1 host would not compile")
        self.api.on("POST", APPLY, refused)
        self.apply("--yes", exits=1)
        self.assertEqual(self.api.asked("POST", APPLY)[-1].query, {})
        self.assertIn("ek apply plan plan_1 --allow-errors", self.told)
        self.ek("apply", "plan", "plan_1", "--yes", exits=1)
        for failed, errors, exits in ((1, 1, 0), (1, 2, 0), (2, 1, 7)):
            self.api.on("POST", APPLY, reply(202, plan(
                "applied", summary={**SUMMARY, "errors": errors},
                progress={**PROGRESS, "succeeded": 2 - failed, "failed": failed})))
            with self.subTest(failed=failed, errors=errors):
                self.apply("--yes", "--no-wait", "--allow-errors", exits=exits)
                self.ek("apply", "plan", "plan_1", "--yes", "--no-wait", "--allow-errors",
                        exits=exits)
        self.assertEqual(self.api.asked("POST", APPLY)[-1].query, {"errors": "allow"})
        self.ek("apply", "-f", str(self.site), "--host", "web1", "--allow-errors", exits=2)
        self.assertIn("--allow-errors: is for manifests of the fleet", self.told)

    def test_json_is_the_plan_as_it_was_applied(self):
        self.api.on("POST", APPLY, reply(200, applied()))
        self.assertEqual(self.ek_json("apply", "-f", str(self.site), "--yes"), applied())

    def test_nobody_is_asked_without_a_terminal(self):
        self.apply(exits=2)
        self.assertIn("--yes", self.told)
        self.assertEqual(self.api.requests, [])

    def test_who_says_no_applies_nothing(self):
        self.api.on("POST", APPLY, reply(200, applied()))
        self.assertEqual(self.at_terminal("n\n", "apply", "-f", str(self.site)), 1)
        self.assertIn("Apply plan plan_1? [y/N]", self.told)
        self.assertIn("plan plan_1 stays open", self.told)
        self.assertEqual(self.api.asked("POST", APPLY), [])
        self.assertEqual(self.at_terminal("y\n", "apply", "-f", str(self.site)), 0)
        self.assertEqual(len(self.api.asked("POST", APPLY)), 1)

    def test_nothing_is_asked_or_sent_when_nothing_differs(self):
        self.known(environments=[environment("prod", note="new")])
        self.apply("--yes")
        self.assertEqual(self.api.asked("POST"), [])

    def test_a_dry_run_makes_the_plan_only(self):
        self.apply("--dry-run")
        self.assertEqual([one.path for one in self.api.asked("POST")], ["/v1/plans"])

    def test_a_stale_plan_shows_what_it_would_do_now(self):
        stale = {"status": 409, "code": "stale-plan", "detail": "it has changed",
                 "plan": plan(groups=[{"count": 1, "hosts": ["new1"], "resources": []}])}
        self.api.on("POST", APPLY, reply(409, stale, {"Content-Type": "application/problem+json"}))
        self.assertIn("1 host: new1", self.apply("--yes", exits=6))
        self.assertIn("now it would be", self.told)
        self.api.on("POST", APPLY, problem(409, "approval-required", "somebody has to approve"))
        self.apply("--yes", exits=6)
        self.assertIn("ek approve plan plan_1", self.told)


class Plans(PlanCase):
    def test_they_are_listed_filtered_and_shown(self):
        self.api.on("GET", "/v1/plans", page([self.open]))
        self.assertRegex(self.ek("get", "plans", "--state", "open"),
                         r"plan_1 +open +admin +2 +0 +2 +0 +2 +0 ")
        self.assertEqual(self.api.asked("GET", "/v1/plans")[0].query["filter"],
                         'state = "open"')
        self.assertEqual(self.ek("get", "plans", "-o", "name"), "plan_1\n")
        self.assertEqual(self.ek_json("get", "plan", "plan_1"), self.open)
        self.ek("get", "plan", "none", exits=5)

    def test_one_is_described_with_all_groups_or_for_one_host(self):
        first = {"count": 1, "hosts": ["db1"], "resources": []}
        self.api.on("GET", PLAN, reply(200, plan("approved", approved_by="anna", groups=[first],
                                                 more_groups=3)))
        self.api.on("GET", PLAN + "/groups", page(GROUPS))
        shown = self.ek("describe", "plan", "plan_1")
        self.assertIn("plan plan_1 is approved, by admin", shown)
        self.assertIn("approved by anna", shown)
        self.assertIn("1 host: db1\n2 hosts: web1, web2\n  remove  files /etc/old\n", shown)
        self.assertIn("and 2 groups of hosts more\n", shown)
        self.api.on("GET", PLAN + "/hosts/web1", reply(200, {
            "host": "host_a", "name": "web1", "errors": [], "resources": [
                {"collection": "files", "id": "/a", "change": "change", "paths": ["/mode"],
                 "fields": [{"path": "/mode", "before": "0600", "after": "0644"}]}]}))
        self.assertIn("web1\n  change  files /a\n      /mode: 0600 -> 0644\n",
                      self.ek("describe", "plan", "plan_1", "--host", "web1"))

    def test_what_was_seen_is_approved_rejected_and_applied(self):
        for verb, state in (("approve", "approved"), ("reject", "rejected"), ("apply", "applied")):
            with self.subTest(verb=verb):
                self.api.on("POST", f"{PLAN}:{verb}", reply(200, applied()))
                self.ek(verb, "plan", "plan_1", exits=2)
                self.assertEqual(self.at_terminal("no\n", verb, "plan", "plan_1"), 1)
                self.assertIn("files /etc/motd", self.told)
                self.assertEqual(self.api.asked("POST"), [])
                self.ek(verb, "plan", "plan_1", "--yes")
                self.assertEqual(self.api.asked("POST")[0].json(), {"hash": "abc"})
                self.assertIn(state, self.told)
                self.api.requests.clear()


class Sources(FleetCase):
    def test_what_is_declared_is_marked(self):
        self.write("a.yaml", "kind: environment\nname: prod\n---\nkind: application\nname: web\n"
                             "---\nkind: settings\nscope: global\nsettings: {a: 1}\n---\n"
                             "kind: assignment\nname: web\napplication: web\n")
        sent = self.planned("--source", "site")
        self.assertEqual(sent["PUT /v1/environments/prod"], {"source": "site"})
        self.assertEqual(sent["PATCH /v1/settings/global"]["a"], {"value": 1, "source": "site"})
        self.known(environments=[environment("prod", source="site")],
                   applications=[application("web", source="site")],
                   assignments=[assignment("web", source="other")],
                   settings=[setting("global", "a", 1, source="site")])
        self.assertEqual(self.planned("--source", "site"), {
            "PUT /v1/assignments/web": {"application": "web", "source": "site"}})
        self.assertRegex(self.shown, r"assignment +web +change +/source +other +site")
        self.assertIsNone(self.planned())

    def test_what_a_source_made_and_does_not_declare_is_deleted_by_name(self):
        self.write("a.yaml", "kind: environment\nname: prod\n")
        mine = {"source": "site"}
        self.known(environments=[environment("prod", **mine), environment("old", **mine),
                                 environment("default", note="x", **mine),
                                 environment("other", source="b"), environment("hand")],
                   applications=[application("gone", **mine), application("kept")],
                   assignments=[assignment("gone", **mine)],
                   settings=[setting("global", "gone", 1, **mine), setting("global", "kept", 1),
                             setting("environment:old", "a", 1, **mine),
                             setting("assignment:gone", "b", 1, **mine)])
        self.assertIsNone(self.planned("--source", "site"))
        self.assertEqual(self.planned("--source", "site", "--prune"), {
            "DELETE /v1/environments/old": None, "PUT /v1/environments/default": {},
            "DELETE /v1/applications/gone": None, "DELETE /v1/assignments/gone": None,
            "PATCH /v1/settings/global": {"gone": None},
            "PATCH /v1/settings/environment%3Aold": {"a": None}})
        self.assertRegex(self.shown, r"application +gone +delete")
        self.ek("plan", "-f", str(self.site), "--prune", exits=2)

    def test_a_source_that_has_become_empty_deletes_only_when_that_is_said(self):
        self.known(applications=[application("gone", source="site")])
        told = self.refused("--source", "site", "--prune")
        self.assertIn("--allow-empty deletes all that the source site made", told)
        self.assertEqual(self.planned("--source", "site", "--prune", "--allow-empty"),
                         {"DELETE /v1/applications/gone": None})


class Differing(FleetCase):
    def test_objects_are_compared_and_nothing_is_planned(self):
        self.write("a.yaml", "kind: environment\nname: prod\nnote: new\n---\n"
                             "kind: application\nname: web\nresources: [{id: /b}, {id: /c}]\n")
        self.known(environments=[environment("prod")],
                   applications=[application("web", resources=[{"id": "/a"}])])
        shown = self.ek_json("diff", "-f", str(self.site), "--exit-code", exits=3)
        self.assertEqual(shown["items"], [
            {"kind": "environment", "name": "prod", "change": "change",
             "fields": [{"path": "/note", "before": "", "after": "new"}]},
            {"kind": "application", "name": "web", "change": "change", "fields": [
                {"path": "/resources/0/id", "before": "/a", "after": "/b"},
                {"path": "/resources/1", "before": None, "after": {"id": "/c"}}]}])
        self.assertEqual(self.api.asked("POST"), [])
        self.assertIn("2 objects differ: 2 to change", self.told)
        self.known(environments=[environment("prod", note="new")],
                   applications=[application("web", resources=[{"id": "/b"}, {"id": "/c"}])])
        self.assertEqual(self.ek("diff", "-f", str(self.site), "--exit-code"), "")


if __name__ == "__main__":
    unittest.main()
