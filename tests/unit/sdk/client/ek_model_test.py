"""What ek does with what is said once, where a terminal or the end of a plan is part of it."""

import json
import os
import pty
import subprocess
import unittest

from ek import EK
from fake_api import page, problem, reply
from fleet import GROUPS, FleetCase, application, environment, plan, setting
from samples import HOST_A

PORT = "/v1/settings/global/port"
PROGRESS = {"hosts": 2, "waiting": 0, "succeeded": 2, "failed": 0, "unreachable": 0}
SUMMARY = {"hosts": 2, "changed": 2}


class Edits(FleetCase):
    def setUp(self):
        super().setUp()
        self.api.on("GET", PORT, reply(200, setting("global", "port", 80, source="site"),
                                       {"ETag": '"1"'}))
        self.dry = plan(None, id=None, summary=SUMMARY, groups=GROUPS)
        self.saved = setting("global", "port", 81)
        self.api.on("PUT", PORT, reply(200, self.dry), reply(200, self.saved))
        self.environment["EDITOR"] = "sed -i s/80/81/"
        self.environment["TMPDIR"] = str(self.home)

    def applied(self, **progress):
        self.api.on("GET", "/v1/plans/plan_1", reply(200, plan(
            "applied", summary=SUMMARY, progress={**PROGRESS, **progress})))
        self.api.on("PUT", PORT, reply(200, self.saved, {"Plan": "plan_1"}))
        return ("settings", "set", "global", "port", "81")

    def test_on_a_terminal_it_asks_after_it_has_shown_what_an_edit_does(self):
        self.assertEqual(self.at_terminal("n\n", "edit", "setting", "global", "port"), 1)
        self.assertIn("2 hosts: web1, web2\n", self.told)
        self.assertIn("save it? [y/N]", self.told)
        self.assertIn("what you wrote is kept in", self.told)
        self.assertEqual([one.query for one in self.api.asked("PUT")], [{"dry_run": "all"}])
        self.api.on("PUT", PORT, reply(200, self.dry), reply(200, self.saved))
        self.assertEqual(self.at_terminal("y\n", "edit", "setting", "global", "port"), 0)
        dry, saved = self.api.asked("PUT")[1:]
        self.assertEqual((dry.query, saved.query), ({"dry_run": "all"}, {}))
        self.assertEqual((saved.json()["value"], saved.json()["source"]), (81, "site"))
        self.assertEqual(saved.headers["if-match"], '"1"')

    def test_an_edit_that_touches_no_host_needs_no_answer(self):
        self.api.on("PUT", PORT, reply(200, plan(None, id=None)), reply(200, self.saved))
        self.assertEqual(self.at_terminal("", "edit", "setting", "global", "port"), 0)
        self.assertIn("no host changes", self.told)

    def test_the_plan_of_an_edit_is_followed(self):
        self.ek(*self.applied())
        self.assertIn("setting global port is set", self.told)
        self.assertIn("on 2 hosts: 2 changed", self.told)
        self.assertIn("plan plan_1 is applied; 2 hosts: 2 succeeded, 0 failed", self.told)
        self.assertEqual(self.ek_json(*self.applied()), self.saved)
        self.ek(*self.applied(failed=1, succeeded=1), exits=7)
        self.ek(*self.applied(waiting=1, succeeded=1), "--wait=300ms", exits=8)
        self.ek(*self.applied(waiting=2, succeeded=0), "--no-wait")
        self.assertIn("2 not finished", self.told)

    def test_what_is_asked_is_sent(self):
        self.ek(*self.applied(), "--allow-errors", "--idempotency-key", "k")
        sent = self.api.asked("PUT")[-1]
        self.assertEqual((sent.query, sent.headers["idempotency-key"]), ({"errors": "allow"}, "k"))
        self.api.on("PUT", PORT, problem(409, "plan-required", "prod is protected"))
        self.ek("settings", "set", "global", "port", "81", exits=6)
        self.assertIn("plan-required: prod is protected", self.told)
        self.assertIn("with --plan the same command makes a plan of it", self.told)

    def planned_edit(self, *words, requires_approval=True):
        """The one change of the plan that an edit with --plan makes."""
        self.api.on("POST", "/v1/plans", reply(201, plan(
            summary=SUMMARY, groups=GROUPS, requires_approval=requires_approval)))
        self.shown = self.ek(*words, "--plan")
        (change,) = self.api.asked("POST", "/v1/plans")[-1].json()["changes"]
        return change

    def test_a_plan_of_an_edit_is_made_shown_and_left_to_somebody_else(self):
        self.assertEqual(self.planned_edit("settings", "set", "global", "port", "81"),
                         {"method": "PUT", "path": PORT, "body": {"value": 81}})
        self.assertIn("2 hosts: web1, web2\n", self.shown)
        self.assertIn("plan plan_1 waits for somebody else: ek approve plan plan_1; then: "
                      "ek apply plan plan_1", self.told)
        self.assertEqual(self.planned_edit("settings", "unset", "global", "port"),
                         {"method": "DELETE", "path": PORT})
        self.assertEqual(self.planned_edit("delete", "assignment", "web"),
                         {"method": "DELETE", "path": "/v1/assignments/web"})
        self.assertEqual(self.planned_edit("label", "host", "web1", "role=db", "old-"),
                         {"method": "PATCH", "path": "/v1/hosts/web1",
                          "body": {"labels": {"role": "db", "old": None}}})
        self.assertEqual(self.planned_edit("retire", "host", "web1"),
                         {"method": "POST", "path": "/v1/hosts/web1:retire"})
        self.assertEqual(self.planned_edit("move", "host", "web1", "prod",
                                           requires_approval=False),
                         {"method": "PATCH", "path": "/v1/hosts/web1",
                          "body": {"environment": "prod"}})
        self.assertIn("plan plan_1: apply it with: ek apply plan plan_1", self.told)
        self.api.on("PUT", PORT, reply(200, self.dry))
        change = self.planned_edit("edit", "setting", "global", "port")
        self.assertEqual((change["method"], change["path"], change["body"]["value"]),
                         ("PUT", PORT, 81))
        self.assertEqual([(one.method, one.query.get("dry_run"), one.headers["if-match"])
                          for one in self.api.requests if one.method in ("PUT", "PATCH", "DELETE")],
                         [("PUT", "all", '"1"')])
        for refused in ("--dry-run", "--allow-errors", "--no-wait"):
            self.ek("settings", "unset", "global", "port", "--plan", refused, exits=2)

    def test_retiring_a_host_can_be_tried_and_is_followed(self):
        path = "/v1/hosts/web1:retire"
        self.api.on("POST", path, reply(200, self.dry))
        self.assertIn("2 hosts: web1, web2\n", self.ek("retire", "host", "web1", "--dry-run"))
        self.assertEqual([one.query for one in self.api.asked("POST")], [{"dry_run": "all"}])
        self.assertNotIn("is retired", self.told)
        self.applied()
        self.api.on("POST", path, reply(200, HOST_A, {"Plan": "plan_1"}))
        self.ek("retire", "host", "web1")
        self.assertEqual(self.api.asked("POST", path)[-1].query, {})
        self.assertIn("host web1 is retired", self.told)
        self.assertIn("plan plan_1 is applied; 2 hosts: 2 succeeded, 0 failed", self.told)

    def test_an_environment_is_made_and_never_replaced(self):
        path = "/v1/environments/prod%2Feu"
        self.api.on("PUT", path, reply(201, environment("prod/eu")))
        self.ek("create", "environment", "prod/eu", "--note", "Europe", "--protected")
        (sent,) = self.api.asked("PUT")
        self.assertEqual((sent.path, sent.json(), sent.headers["if-none-match"]),
                         (path, {"note": "Europe", "protected": True}, "*"))
        self.assertIn("environment prod/eu is made", self.told)
        self.api.on("PUT", path, problem(412, "precondition-failed", "it exists"))
        self.ek("create", "environment", "prod/eu", exits=6)
        self.assertIn("there is an environment of this name already", self.told)

    def test_what_is_wrong_in_a_plan_of_an_edit_is_told_of_the_edit(self):
        wrong = {"pointer": "/changes/0/body/link", "code": "invalid",
                 "detail": "must be an object"}
        self.api.on("POST", "/v1/plans", problem(
            400, "invalid-description", "/changes/0/body/link: must be an object", [wrong]))
        self.ek("settings", "set", "global", "port", "81", "--plan", exits=1)
        self.assertIn("/link: must be an object", self.told)
        self.assertNotIn("/changes", self.told)

    def test_on_a_terminal_a_protected_edit_becomes_a_plan(self):
        self.api.on("PUT", PORT, reply(200, {**self.dry, "requires_approval": True}))
        self.api.on("POST", "/v1/plans", reply(201, plan(requires_approval=True)))
        self.assertEqual(self.at_terminal("y\n", "edit", "setting", "global", "port"), 0)
        self.assertIn("make a plan of it, which somebody else approves? [y/N]", self.told)
        self.assertIn("ek approve plan plan_1; then: ek apply plan plan_1", self.told)
        self.assertEqual(len(self.api.asked("PUT")), 1)

    def test_a_secret_that_is_typed_is_not_shown(self):
        self.api.on("PUT", PORT, reply(200, self.saved))
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        with subprocess.Popen([EK, "settings", "set", "global", "port", "--secret"],
                              env=self.environment, stdin=theirs, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            os.close(theirs)
            self.assertIn(b"the value", process.stderr.readline())
            os.write(ours, b"tiger\n")
            self.assertEqual(process.wait(30), 0)
            with self.assertRaises(OSError):  # the terminal has shown nothing, and is gone
                os.read(ours, 1024)
        self.assertEqual(self.api.asked("PUT")[0].json(), {"value": "tiger", "secret": True})


class Looking(FleetCase):
    WANTED = {"status": "compiled", "revision": 7, "errors": [], "items": [
        {"collection": "files", "id": "/etc/motd", "description": {"content": "a\nb\n"},
         "policy": "enforce", "requires": [], "notifies": [],
         "owners": [{"assignment": "motd", "application": "motd", "version": 1,
                     "on_leave": "forget"}]}]}

    def test_what_a_host_shall_have_is_rendered(self):
        path = "/v1/hosts/web1/wanted"
        self.api.on("GET", path, reply(200, self.WANTED))
        self.api.on("GET", path + "/files", reply(200, self.WANTED))
        self.api.on("GET", path + "/files/%2Fetc%2Fmotd", reply(200, self.WANTED["items"][0]))
        for words in ((), ("files",)):
            row = self.ek("render", "web1", *words).splitlines()[1]
            self.assertEqual(row.split(), ["files", "/etc/motd", "enforce", "motd"])
        self.assertEqual(self.ek("render", "web1", "-o", "name"), "files /etc/motd\n")
        self.assertEqual(self.ek_json("render", "web1"), self.WANTED)
        self.assertIn("content: |\n    a\n    b\n", self.ek("render", "web1", "files", "/etc/motd"))
        error = {"assignment": "web", "pointer": "/resources/0/id", "code": "unknown-name",
                 "detail": "there is no port"}
        self.api.on("GET", path, reply(200, {**self.WANTED, "status": "error", "items": [],
                                             "errors": [error]}))
        self.ek("render", "web1", exits=1)
        self.assertIn("web1: web: /resources/0/id: unknown-name: there is no port\n", self.told)

    def test_where_a_setting_counts_is_shown(self):
        self.api.on("GET", "/v1/settings/environment%3Aprod/port/impact", reply(200, {
            "scope": "environment:prod", "key": "port", "summary": {"hosts": 30, "resources": 30},
            "more_groups": 1, "groups": [{"count": 30, "hosts": ["a", "b"],
                        "resources": [{"collection": "files", "id": "/etc/port"}]}]}))
        row = self.ek("impact", "environment:prod", "port").splitlines()[1]
        self.assertRegex(row, r"^a, b and 28 more +files +/etc/port$")
        self.assertIn("and 1 group of hosts more\n", self.told)
        self.assertIn("setting environment:prod port: 30 hosts, 30 resources", self.told)

    def test_a_key_that_nobody_knows_is_said_to_be_none(self):
        self.api.on("GET", "/v1/settings", page([setting("global", "owner")]))
        self.api.on("GET", "/v1/applications", page([application(
            "web", parameters={"properties": {"port": {"type": "integer"}}})]))
        for key, told in (
                ("prot", "no scope has a setting 'prot', and no application takes it; "
                         "did you mean 'port'?\n"),
                ("web:prt", "did you mean 'web:port'?\n"), ("zzzzzzzzz", "takes it\n"),
                ("port", ""), ("web:port", ""), ("owner", "")):
            path = f"/v1/settings/global/{key.replace(':', '%3A')}/impact"
            self.api.on("GET", path, reply(200, {
                "scope": "global", "key": key, "summary": {"hosts": 0, "resources": 0},
                "more_groups": 0, "groups": []}))
            with self.subTest(key=key):
                self.ek("impact", "global", key)
                self.assertIn("0 hosts, 0 resources", self.told)
                self.assertIn(told, self.told)
                self.assertEqual("no scope has" in self.told, told != "")

    def test_names_are_completed(self):
        for kind in ("environments", "applications", "assignments"):
            self.api.on("GET", f"/v1/{kind}", page([{"name": "prod"}, {"name": "prod/eu"}]))
        self.api.on("GET", "/v1/hosts", page([HOST_A]))
        self.api.on("GET", "/v1/settings/environment%3Aprod", page([{"key": "port"}]))
        self.api.on("GET", "/v1/hosts/web1/settings", page([{"key": "owner"}]))
        for words, names in (
                (("edit", "environment", "prod/"), ["prod/eu"]),
                (("get", "settings", "environment:p"), ["environment:prod", "environment:prod/eu"]),
                (("delete", "setting", "host:"), ["host:web1"]),
                (("settings", "set", "gl"), ["global"]),
                (("settings", "unset", "environment:prod", ""), ["port"]),
                (("settings", "explain", "web1", "o"), ["owner"]),
                (("settings", "explain", "web1", "--assignment", "prod/"), ["prod/eu"]),
                (("impact", "assignment:prod/"), ["assignment:prod/eu"]),
                (("move", "host", "web1", "prod/"), ["prod/eu"]),
                (("describe", "application", "prod/"), ["prod/eu"]),
                (("settings", "s"), ["set"]),
                (("new", "application", ""), [])):
            with self.subTest(words=words):
                self.assertEqual(self.ek("__complete", *words).splitlines(), names)


class New(FleetCase):
    def test_a_new_application_is_a_folder_that_can_be_planned(self):
        self.ek("new", "application", "my-app.2", cwd=self.home)
        folder = self.home / "my-app.2"
        self.assertEqual(sorted(path.name for path in folder.iterdir()),
                         ["my-app.2.conf", "my-app.2.yaml"])
        sent = self.planned(sources=[folder])
        application = sent["PUT /v1/applications/my-app.2"]
        resource = application["resources"][0]
        self.assertEqual(resource["description"]["content"],
                         (folder / "my-app.2.conf").read_text(encoding="utf-8"))
        self.assertEqual(resource["description"]["mode"], "0644")
        self.assertIn("{{greeting}}", resource["description"]["content"])
        self.assertEqual(sent["PUT /v1/assignments/my-app.2"]["filter"],
                         'labels.role = "my-app.2"')
        self.assertNotIn("NAME", json.dumps(sent))
        before = (folder / "my-app.2.yaml").read_bytes()
        self.ek("new", "application", "my-app.2", cwd=self.home, exits=1)
        self.assertEqual((folder / "my-app.2.yaml").read_bytes(), before)
        for wrong in ("../x", "Web", "", "a b", "-x", "x" * 64):
            self.ek("new", "application", "--", wrong, cwd=self.home, exits=2)


if __name__ == "__main__":
    unittest.main()
