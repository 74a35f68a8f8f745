"""Folders of manifests: what is read of them, what of it reaches the API, what is refused."""

import base64
import os
import unittest

from fake_api import problem
from fleet import FleetCase, assignment, application, environment, setting

SITE = """\
kind: environment
name: prod/eu
note: Europe
---
kind: application
name: web
resources:
  - collection: files
    id: /etc/motd
    description: {content: "hi {{port}}", mode: 0644}
---
kind: assignment
name: web-prod
application: web
environment: prod/eu
settings: {port: 8080}
"""
REDACTED = {"redacted": "f00"}


class Reading(FleetCase):
    def test_kinds_in_yaml_and_json_become_the_changes_of_one_plan(self):
        self.write("site.yaml", SITE)
        self.write("deeper/port.json", {"kind": "settings", "scope": "global", "settings": {
            "port": 80, "web:limits": {"value": {"open": 1}},
            "up": {"link": {"scope": "environment:prod/eu", "key": "port"}}}})
        self.write("README.md", "not for us")
        self.write(".hidden/x.yaml", "nor: this")
        self.assertEqual(self.planned(), {
            "PUT /v1/environments/prod%2Feu": {"note": "Europe"},
            "PUT /v1/applications/web": {"resources": [
                {"collection": "files", "id": "/etc/motd",
                 "description": {"content": "hi {{port}}", "mode": "0644"}}]},
            "PUT /v1/assignments/web-prod": {"application": "web", "environment": "prod/eu"},
            "PATCH /v1/settings/assignment%3Aweb-prod": {"port": {"value": 8080}},
            "PATCH /v1/settings/global": {
                "port": {"value": 80}, "web:limits": {"value": {"open": 1}},
                "up": {"link": {"scope": "environment:prod/eu", "key": "port"}}}})
        self.assertEqual(self.planned(sources=["-"], exits=2), None)

    def test_standard_input_and_single_files_are_sources_too(self):
        self.ek("plan", "-f", "-", stdin=SITE)
        self.assertEqual(len(self.api.asked("POST", "/v1/plans")[0].json()["changes"]), 4)
        one = self.write("one.yaml", "kind: environment\nname: stage\n")
        other = self.write("two.yaml", "kind: environment\nname: prod\n")
        self.assertEqual(set(self.planned(sources=[one, other])),
                         {"PUT /v1/environments/prod", "PUT /v1/environments/stage"})

    def test_only_what_differs_is_sent_and_the_rest_of_the_orchestrator_is_left_alone(self):
        self.write("site.yaml", SITE)
        web = application("web", resources=[{
            "collection": "files", "id": "/etc/motd",
            "description": {"mode": "0644", "content": "hi {{port}}"}}])
        self.known(environments=[environment("prod/eu", note="Europe"), environment("default")],
                   applications=[web, application("other")],
                   assignments=[assignment("web-prod", environment="prod/eu", source="s")],
                   settings=[setting("assignment:web-prod", "port", 8080),
                             setting("global", "x", 1)])
        self.assertIsNone(self.planned())
        self.assertIn("no object differs", self.told)
        self.known(environments=[environment("prod/eu")], applications=[web],
                   assignments=[assignment("web-prod", environment="prod/eu", source="s",
                                           policy="enforce")],
                   settings=[setting("assignment:web-prod", "port", 8080),
                             setting("assignment:web-prod", "old", 1)])
        self.assertEqual(self.planned(), {
            "PUT /v1/environments/prod%2Feu": {"note": "Europe"},
            # What another source marked stays marked.
            "PUT /v1/assignments/web-prod": {"application": "web", "environment": "prod/eu",
                                             "source": "s"},
            # An assignment declares all of its settings.
            "PATCH /v1/settings/assignment%3Aweb-prod": {"old": None}})

    def test_a_host_is_named_and_told_apart_by_its_id(self):
        self.write("a.yaml", "kind: assignment\nname: one\napplication: web\nhost: web1\n---\n"
                             "kind: settings\nscope: host:web1\nsettings: {port: 1}\n")
        self.known(assignments=[assignment("one", host="host_a")],
                   settings=[setting("host:host_a", "port", 1)])
        self.assertIsNone(self.planned())
        self.write("b.yaml", "kind: settings\nscope: host:web9\nsettings: {port: 1}\n")
        self.assertIn("b.yaml:3: /settings/port: there is no host web9", self.refused())
        self.write("b.yaml", "kind: settings\nscope: host:host_a\nsettings: {port: 1}\n")
        self.assertIn("is declared twice, by the name and the id of a host", self.refused())

    def test_all_that_is_wrong_is_told_at_once_with_file_line_and_pointer(self):
        self.write("a.yaml", "kind: environment\nnote: x\n---\nkind: thing\nname: x\n---\n"
                             "kind: settings\nscope: global\nsettings:\n  a: null\n"
                             "  b: {valeu: 1}\n  c: {value: 1, value_from: {env: X}}\n")
        self.write("b.yaml", "resources: []\n")
        self.write("c.json", "{")
        self.write("d.yaml", "kind: environment\nname: prod\nsource: me\n---\n"
                             "kind: environment\nname: prod\n")
        told = self.refused()
        for line in ("/a.yaml:1: must have a name",
                     "/a.yaml:4: /kind: 'thing' is no kind: environment, settings, application",
                     "/a.yaml:10: /settings/a: a value is not null",
                     "/a.yaml:11: /settings/b/valeu: there are value, value_from, secret and link",
                     "/a.yaml:12: /settings/c/value_from: there is a value beside it",
                     "/b.yaml:1: describes resources of hosts", "/c.json: ",
                     "/d.yaml:3: /source: is given with --source",
                     "/d.yaml:5: environment prod is declared already in "):
            self.assertIn(line, told)
        self.assertIn("9 things in the manifests are wrong; nothing was sent", told)

    def test_what_the_api_refuses_is_told_where_it_is_written(self):
        self.write("site.yaml", SITE.replace("port: 8080", "port: 8080, bad key: 1"))
        self.planned()
        paths = [one["path"] for one in self.api.asked("POST")[0].json()["changes"]]
        web = paths.index("/v1/applications/web")
        settings = paths.index("/v1/settings/assignment%3Aweb-prod")
        errors = [{"pointer": f"/changes/{web}/body/resources/0/id", "code": "invalid",
                   "detail": "must be text"},
                  {"pointer": f"/changes/{settings}/body/bad key/value", "code": "invalid",
                   "detail": "is no key"}]
        self.api.on("POST", "/v1/plans", problem(400, "invalid-description", "wrong", errors))
        self.planned(exits=1)
        self.assertIn("site.yaml:9: /resources/0/id: must be text", self.told)
        self.assertIn("site.yaml:16: /settings/bad key/value: is no key", self.told)
        self.api.on("POST", "/v1/plans", problem(
            400, "invalid-description", f"{errors[0]['pointer']}: must be text", errors[:1]))
        self.planned(exits=1)
        self.assertEqual(self.told.count("must be text"), 1)
        self.assertNotIn("/changes/", self.told)

    def test_links_out_of_the_folder_are_refused(self):
        self.write("a.yaml", "kind: environment\nname: prod\n")
        (self.home / "out.yaml").write_text("kind: environment\nname: stage\n")
        (self.site / "in.yaml").symlink_to("real/b.yml")
        self.write("real/b.yml", "kind: environment\nname: stage\n")
        self.assertIn("is declared already in", self.refused())
        (self.site / "in.yaml").unlink()
        (self.site / "out.yaml").symlink_to(self.home / "out.yaml")
        self.assertIn("out.yaml: a symbolic link that leads out of the folder", self.refused())
        (self.site / "out.yaml").unlink()
        (self.site / "sub").symlink_to(self.home)
        self.assertIn("sub: a symbolic link to a folder is not followed", self.refused())

    def test_nothing_to_read_is_no_empty_folder(self):
        self.assertIn("there are no manifests here", self.refused())
        self.assertIn("none.yaml", self.refused_source(self.home / "none.yaml"))

    def refused_source(self, source):
        self.assertIsNone(self.planned(sources=[source], exits=2))
        return self.told

    def test_manifests_and_resources_of_hosts_do_not_mix(self):
        self.write("site.yaml", SITE)
        self.ek("apply", "-f", str(self.site / "site.yaml"), "--host", "web1", exits=2)
        self.assertIn("a manifest of the fleet", self.told)
        self.ek("apply", "--host", "web1", "-f", str(self.file), "--source", "x", exits=2)
        self.assertIn("without hosts", self.told)
        self.ek("diff", "-f", str(self.file), exits=2)
        self.assertIn("name the hosts with --host", self.told)


class Contents(FleetCase):
    def web(self, name, **more):
        self.write("app/web.yaml", {"kind": "application", "name": "web", "resources": [
            {"collection": "files", "id": "/a", "description": {"mode": "0600",
                                                                "content_file": name, **more}}]})

    def sent(self):
        return self.planned()["PUT /v1/applications/web"]["resources"][0]["description"]

    def test_a_file_beside_the_manifest_is_the_content(self):
        self.web("conf/nginx.conf")
        self.write("app/conf/nginx.conf", "listen {{port}};\n")
        self.assertEqual(self.sent(), {"mode": "0600", "content": "listen {{port}};\n"})
        binary = bytes(range(256))
        self.write("app/conf/nginx.conf", binary)
        self.assertEqual(self.sent(), {"mode": "0600",
                                       "content_base64": base64.b64encode(binary).decode()})
        self.web("../shared.conf")
        self.write("shared.conf", "x")
        self.assertEqual(self.sent()["content"], "x")

    def test_a_named_file_is_no_manifest_whatever_it_is_called(self):
        self.web("config.yaml")
        self.write("app/config.yaml", "{ not: [yaml")
        self.assertEqual(self.sent()["content"], "{ not: [yaml")

    def test_what_is_not_in_the_folder_is_not_read(self):
        (self.home / "secret").write_text("x")
        self.write("app/link", "")
        (self.site / "app/link").unlink()
        (self.site / "app/link").symlink_to(self.home / "secret")
        os.mkfifo(self.site / "app/pipe")
        self.write("app/large", "x" * (512 * 1024 + 1))
        for name, why in (("../../secret", "leads out of the folder"),
                          ("link", "leads out of the folder"),
                          (str(self.home / "secret"), "leads out of the folder"),
                          ("", "must name a file"), ("none", "No such file"),
                          ("pipe", "is not a regular file"), ("large", "more than"), (7, "text")):
            with self.subTest(name=name):
                self.web(name)
                told = self.refused()
                self.assertIn(why, told)
                self.assertIn("web.yaml:1: /resources/0/description/content_file", told)
        self.web("link", content="x")
        self.assertIn("there is content beside it", self.refused())

    def test_files_of_a_folder_that_is_allowed_are_read_and_named(self):
        shared = self.home / "shared"
        shared.mkdir()
        (shared / "motd").write_text("welcome\n")
        (shared / "out").symlink_to(self.token_file)
        for name in (str(shared / "motd"), "../../shared/motd"):
            self.web(name)
            self.refused()
            self.assertIn("--allow-files DIR allows files of another folder", self.told)
            planned = self.planned("--allow-files", str(shared))
            self.assertEqual(planned["PUT /v1/applications/web"]["resources"][0]["description"],
                             {"mode": "0600", "content": "welcome\n"})
            self.assertIn(f"the manifests read the file {shared}/motd", self.told)
        self.web(str(shared / "out"))
        self.assertIn("leads out of the folder", self.refused("--allow-files", str(shared)))
        self.assertIn("No such file", self.refused("--allow-files", str(self.home / "none")))
        self.assertIn("is no folder", self.refused("--allow-files", str(self.token_file)))
        self.ek("apply", "--host", "web1", "-f", str(self.file), "--allow-files", "x", exits=2)
        self.assertIn("without hosts", self.told)


class Secrets(FleetCase):
    PATCH = "PATCH /v1/settings/global"

    def settings(self, **settings):
        self.write("s.json", {"kind": "settings", "scope": "global", "settings": settings})

    def test_a_value_from_elsewhere_is_a_secret_and_is_never_shown(self):
        self.environment["DB_PASSWORD"] = "tiger-in-the-well"
        self.write("keys/api", "hush-hush\n")
        self.settings(db={"value_from": {"env": "DB_PASSWORD"}},
                      api={"value_from": {"file": "keys/api"}},
                      plain={"value_from": {"file": "keys/api"}, "secret": False})
        self.known(settings=[setting("global", "db", "was-plain")])
        self.assertEqual(self.planned(), {self.PATCH: {
            "db": {"secret": True, "value": "tiger-in-the-well"},
            "api": {"secret": True, "value": "hush-hush"},
            "plain": {"secret": False, "value": "hush-hush"}}})
        self.assertIn("the manifests read the variable DB_PASSWORD", self.told)
        self.assertNotIn("keys/api", self.told)
        self.known(settings=[setting("global", key, REDACTED, secret=True)
                             for key in ("db", "api")] +
                   [setting("global", "plain", "hush-hush")])
        shown = self.ek("diff", "-f", str(self.site), "--exit-code") + self.told
        self.assertIn("global db: whether the secret differs, only the orchestrator", shown)
        self.assertIn("the manifests read the variable DB_PASSWORD", shown)
        self.assertEqual(len(self.planned()[self.PATCH]), 2)
        for text in (shown, self.shown, self.told):
            self.assertNotIn("tiger", text)
            self.assertNotIn("hush", text)

    def test_a_manifest_reads_no_file_of_the_administrator_and_no_variable_in_the_open(self):
        outside = self.home / "outside"
        outside.write_text("hush-hush\n")
        self.write("keys/x", "")
        (self.site / "keys/link").symlink_to(outside)
        for name in (str(outside), "../outside", "keys/../../outside", "keys/link"):
            for secret in (True, False):
                with self.subTest(name=name, secret=secret):
                    self.settings(out={"value_from": {"file": name}, "secret": secret})
                    told = self.refused()
                    self.assertIn(f"s.json: /settings/out/value_from/file: {name} leads out of "
                                  "the folder", told)
                    self.assertNotIn("hush", told)
        self.settings(out={"value_from": {"file": str(outside)}})
        self.assertEqual(self.planned("--allow-files", str(self.home)),
                         {self.PATCH: {"out": {"secret": True, "value": "hush-hush"}}})
        self.assertIn(f"the manifests read the file {outside}", self.told)
        self.environment["DB_PASSWORD"] = "tiger"
        self.settings(db={"value_from": {"env": "DB_PASSWORD"}, "secret": False})
        self.assertIn("s.json: /settings/db/value_from/env: a variable is always a secret",
                      self.refused())
        # Of standard input nothing is beside it, and what is allowed is.
        manifest = (f"kind: settings\nscope: global\n"
                    f"settings: {{out: {{value_from: {{file: {outside}}}}}}}\n")
        self.ek("plan", "-f", "-", stdin=manifest, exits=2)
        self.assertIn("standard input:3: /settings/out/value_from/file", self.told)
        self.ek("plan", "-f", "-", "--allow-files", str(self.home), stdin=manifest)

    def test_a_variable_that_is_not_set_keeps_the_secret(self):
        self.settings(db={"value_from": {"env": "DB_PASSWORD"}})
        self.known(settings=[setting("global", "db", REDACTED, secret=True)])
        self.assertIsNone(self.planned())
        self.assertIn("global db: DB_PASSWORD is not set: the orchestrator keeps", self.told)
        self.environment["DB_PASSWORD"] = ""
        self.assertIsNone(self.planned())
        # Another link is told without the value.
        self.known(settings=[setting("global", "db", REDACTED, secret=True,
                                     link={"scope": "global", "key": "x"})])
        self.assertEqual(self.planned(), {self.PATCH: {"db": {"secret": True, "value": REDACTED}}})
        self.known(settings=[setting("global", "db", "plain")])
        self.assertIn("s.json: /settings/db/value_from/env: the variable DB_PASSWORD is not set, "
                      "and the orchestrator has no secret here to keep", self.refused())

    def test_what_is_no_value_from_is_refused(self):
        self.write("latin", b"\xe9")
        for wrong in ({}, {"env": "A", "file": "b"}, {"env": 1}, {"env": "A=B"}, "A",
                      {"file": "../token"}, {"file": "none"}, {"file": "latin"}):
            with self.subTest(wrong=wrong):
                self.settings(db={"value_from": wrong})
                self.assertIn("/settings/db/value_from", self.refused())

    def test_what_the_api_shows_may_be_declared(self):
        self.settings(db={"value": REDACTED, "secret": True})
        self.known(settings=[setting("global", "db", REDACTED, secret=True)])
        self.assertIsNone(self.planned())


if __name__ == "__main__":
    unittest.main()
