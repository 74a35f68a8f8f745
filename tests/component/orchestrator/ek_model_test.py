"""The real ek against the real orchestrator: what is said once about many hosts."""

import json
import pathlib
import sys
import tempfile
import unittest

from case import OrchestratorCase
from program import eventually

APPLICATION = {
    "note": "a page", "parameters": {"type": "object", "properties": {
        "port": {"type": "integer", "default": 80}, "owner": {"type": "string"}},
        "required": ["owner"]},
    "resources": [{"collection": "files", "id": "/etc/port",
                   "description": {"content": "{{port}} of {{owner}}\n"}}]}


class EkModel(OrchestratorCase):
    editors = None  # further variables of the environment

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def done(self, *argv, exits=0, stdin=None):
        result = self.ek(*argv, variables=self.editors, stdin=stdin)
        self.assertEqual(result.returncode, exits, (argv, result.stdout, result.stderr))
        return result

    def data(self, *argv, **options):
        return json.loads(self.done(*argv, "-o", "json", **options).stdout)

    def put(self, path, body):
        reply = self.rest.call("PUT", path, body)
        self.assertIn(reply.status, (200, 201), reply)
        return reply.body

    def model(self):
        """prod/eu has web1, to which port is assigned."""
        for name in ("prod", "prod/eu"):
            self.put("/v1/environments/" + name.replace("/", "%2F"), {})
        self.put("/v1/applications/port", APPLICATION)
        self.put("/v1/settings/global/owner", {"value": "ada"})
        self.put("/v1/assignments/port", {"application": "port", "environment": "prod"})

    def editor(self, script):
        path = self.folder / "editor"
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)
        self.editors = {"EDITOR": str(path), "TMPDIR": str(self.folder)}


class Lists(EkModel):
    def setUp(self):
        super().setUp()
        self.model()

    def test_every_kind_is_listed_and_shown_in_every_form(self):
        self.assertEqual(self.done("get", "environments", "-o", "name").stdout.split(),
                         ["default", "prod", "prod/eu"])
        self.assertEqual(self.data("get", "environment", "prod/eu")["name"], "prod/eu")
        self.assertEqual(self.done("get", "settings", "-o", "name").stdout, "global owner\n")
        self.assertEqual(self.data("get", "settings", "global", "owner")["value"], "ada")
        self.assertEqual(self.done("get", "settings", "environment:prod", "-o",
                                   "jsonpath={.items[*].key}").stdout, "\n")
        self.assertIn("version: 1", self.done("get", "application", "port", "-o", "yaml").stdout)
        self.put("/v1/applications/port", {**APPLICATION, "note": "another"})
        self.assertEqual([one["note"] for one in self.data("get", "versions", "port")["items"]],
                         ["a page", "another"])
        self.assertEqual(self.data("get", "versions", "port", "1")["note"], "a page")
        header, row = self.done("get", "assignments").stdout.splitlines()
        self.assertEqual(header.split(), ["NAME", "APPLICATION", "VERSION", "ENVIRONMENT", "HOST",
                                          "FILTER", "ENABLED"])
        self.assertEqual(row.split(), ["port", "port", "latest", "prod", "-", "-", "yes"])
        self.assertIn("on_leave: forget", self.done("describe", "assignment", "port").stdout)
        self.assertIn("value: ada", self.done("describe", "setting", "global", "owner").stdout)
        self.done("get", "environments", "none", exits=5)

    def test_a_filter_chooses_and_a_watch_goes_on(self):
        self.assertEqual(self.done("get", "environments", "--filter", "name = prod", "-o",
                                   "name").stdout, "prod\n")
        process = self.start_ek("get", "settings", "global", "--watch", "-o", "json")
        first = json.loads(process.stdout.readline())
        self.assertEqual((first["event"], first["item"]["key"]), ("added", "owner"))
        self.done("settings", "set", "global", "owner", "grace")
        changed = json.loads(process.stdout.readline())
        self.assertEqual((changed["event"], changed["item"]["value"]), ("modified", "grace"))

    def test_hosts_show_where_they_are_and_why_they_do_not_compile(self):
        self.enrolled()
        self.done("move", "host", "web1", "prod/eu")
        self.done("settings", "unset", "global", "owner", "--allow-errors")
        eventually("it was compiled", lambda: self.rest.get("/v1/hosts/web1")["wanted"][
            "status"] == "error")
        header, row = self.done("get", "hosts").stdout.splitlines()
        shown = dict(zip(header.replace("LAST SEEN", "SEEN").split(), row.split()))
        self.assertEqual((shown["ENVIRONMENT"], shown["WANTED"]), ("prod/eu", "error"))
        told = self.done("describe", "host", "web1").stdout
        self.assertIn("assignment: port", told)
        self.assertIn("owner", told)


class Settings(EkModel):
    def test_what_a_value_looks_like_it_is(self):
        for text, value in (("80", 80), ("-1", -1), ("true", True), ("0644", "0644"),
                            ("1.10", "1.10"), ("no", "no"), ("two words", "two words"),
                            ('{"a":[1.5]}', {"a": [1.5]}), ('"80"', "80"), ("", "")):
            with self.subTest(text=text):
                self.done("settings", "set", "global", "some", text)
                self.assertEqual(self.rest.get("/v1/settings/global/some")["value"], value)
        self.done("settings", "set", "global", "some", "{x", "--text")
        self.done("settings", "set", "global", "some", "1.5", "--json")
        self.assertEqual(self.rest.get("/v1/settings/global/some")["value"], 1.5)
        for wrong in ("{x", "[1,", '"x'):
            self.assertIn("--text", self.done("settings", "set", "global", "some", wrong,
                                              exits=2).stderr)
        self.done("settings", "set", "global", "some", exits=2)
        self.done("settings", "set", "nowhere", "some", "1", exits=1)
        self.done("settings", "unset", "global", "some")
        self.assertEqual(self.rest.items("/v1/settings"), [])

    def test_a_secret_comes_from_a_file_or_standard_input_and_is_never_shown(self):
        told = self.done("settings", "set", "global", "password", "tiger", "--secret", exits=2)
        self.assertNotIn("tiger", told.stderr)
        self.done("settings", "set", "global", "password", "--secret", stdin="tiger\n")
        kept = self.rest.get("/v1/settings/global/password")
        self.assertTrue(kept["secret"])
        file = self.folder / "secret"
        file.write_text("tiger")
        self.done("settings", "set", "global", "password", "--secret", "--file", str(file))
        self.assertEqual(self.rest.get("/v1/settings/global/password")["value"], kept["value"])
        for form in ("table", "json", "yaml"):
            self.assertNotIn("tiger", self.done("get", "settings", "-o", form).stdout)
        # As text, whatever it looks like.
        self.done("settings", "set", "global", "password", "--secret", stdin="123\n")
        self.done("settings", "set", "global", "number", "123")
        self.assertEqual(self.rest.get("/v1/settings/global/number")["value"], 123)

    def test_where_a_value_comes_from_is_explained(self):
        self.model()
        self.enrolled()
        self.done("move", "host", "web1", "prod/eu")
        self.done("settings", "set", "environment:prod", "port", "8080")
        self.done("settings", "set", "host:web1", "port", "--link", "environment:prod", "port")
        lines = self.done("settings", "explain", "web1", "port", "--assignment",
                          "port").stdout.splitlines()
        self.assertEqual([line.split() for line in lines],
                         [["SCOPE", "VALUE", "USE"], ["host:web1", "8080", "counts"],
                          ["environment:prod", "8080", "overridden"]])
        self.assertEqual(self.data("settings", "explain", "web1", "owner")["from"], "global")
        self.assertEqual(sorted(one["key"] for one in
                                self.data("settings", "explain", "web1")["items"]),
                         ["owner", "port"])
        self.assertIn("did you mean 'owner'", self.done("settings", "explain", "web1", "ownr",
                                                        exits=5).stderr)
        self.done("settings", "set", "host:web1", "lost", "--link", "global", "nothing")
        self.done("settings", "explain", "web1", "lost", exits=1)


class Changes(EkModel):
    def setUp(self):
        super().setUp()
        self.model()
        self.agent = self.online()
        self.done("move", "host", "web1", "prod/eu", "--no-wait")
        self.described(self.agent.take_command(), "80 of ada\n")

    def described(self, command, content):
        self.assertEqual(command["resources"][0]["description"]["content"], content)
        self.agent.outcome(command, "succeeded")

    def test_a_dry_run_shows_what_hosts_would_get_and_stores_nothing(self):
        shown = self.done("settings", "set", "global", "owner", "grace", "--dry-run")
        for line in ("1 host: web1\n", "change  files /etc/port\n", "-80 of ada\n",
                     "+80 of grace\n"):
            self.assertIn(line, shown.stdout)
        self.assertIn("on 1 host: 1 changed", shown.stderr)
        plan = self.data("settings", "set", "global", "owner", "grace", "--dry-run")
        self.assertEqual((plan["id"], plan["summary"]["changed"]), (None, 1))
        self.assertEqual(self.rest.get("/v1/settings/global/owner")["value"], "ada")
        gone = self.done("delete", "assignment", "port", "--dry-run").stderr
        self.assertIn("on 1 host: 1 forgotten", gone)

    def test_what_would_not_compile_is_refused_unless_it_is_allowed(self):
        told = self.done("settings", "unset", "global", "owner", exits=1).stderr
        self.assertIn("does-not-compile", told)
        self.assertIn("assignment port, 1 host (web1)", told)
        self.assertEqual(self.rest.get("/v1/settings/global/owner")["value"], "ada")
        self.done("delete", "setting", "global", "owner", "--allow-errors")
        self.assertEqual(self.rest.items("/v1/settings"), [])

    def second_person(self):
        """The file of a token that may approve."""
        token = self.rest.call("POST", "/v1/tokens", {"name": "ann", "role": "approver"}).body
        secret = self.folder / "ann.token"
        secret.write_text(token["secret"])
        secret.chmod(0o600)
        return secret

    def test_in_a_protected_environment_a_second_person_approves_each_edit(self):
        self.put("/v1/environments/prod", {"protected": True})
        secret = self.second_person()
        for edit in (("settings", "set", "global", "owner", "grace"),
                     ("delete", "assignment", "port"), ("label", "host", "web1", "rack=7"),
                     ("move", "host", "web1", "default")):
            with self.subTest(edit):
                told = self.done(*edit, "--no-wait", exits=6).stderr
                self.assertIn("plan-required: environment prod is protected", told)
                self.assertIn("with --plan the same command makes a plan of it", told)
        made = self.done("settings", "set", "global", "owner", "grace", "--plan", "-o", "name")
        plan = made.stdout.strip()
        self.assertIn(f"ek approve plan {plan}; then: ek apply plan {plan}", made.stderr)
        self.assertEqual(self.rest.get("/v1/settings/global/owner")["value"], "ada")
        self.done("apply", "plan", plan, "--yes", "--no-wait", exits=6)
        self.done("approve", "plan", plan, "--yes", "--token-file", str(secret))
        self.done("apply", "plan", plan, "--yes", "--no-wait")
        self.described(self.agent.take_command(), "80 of grace\n")
        self.editor("sed -i s/true/false/ \"$1\"\n")
        plan = self.data("edit", "environment", "prod", "--plan")["id"]
        self.done("approve", "plan", plan, "--yes", "--token-file", str(secret))
        self.done("apply", "plan", plan, "--yes", "--no-wait")
        self.assertFalse(self.rest.get("/v1/environments/prod")["protected"])

    def test_resources_of_a_protected_host_are_changed_by_plans_of_two_people(self):
        self.put("/v1/environments/prod", {"protected": True})
        secret = self.second_person()
        file = self.folder / "two.json"
        entries = [{"collection": "files", "id": f"/{name}", "description": {"content": name}}
                   for name in "ab"]
        entries[1]["requires"] = [{"collection": "files", "id": "/a"}]
        file.write_text(json.dumps({"resources": entries}))
        web1 = ("--host", "web1")

        def sent():
            command = self.agent.take_command()
            self.agent.outcome(command, "succeeded")
            return command["verb"], [one["id"] for one in command["resources"]]

        def planned(*argv):
            made = self.done(*argv, *web1, "--plan", "-o", "name")
            self.done("approve", "plan", made.stdout.strip(), "--yes", "--token-file", str(secret))
            self.done("apply", "plan", made.stdout.strip(), "--yes", "--no-wait")
            return sent()

        told = self.done("apply", "-f", str(file), *web1, "--no-wait", exits=6).stderr
        self.assertIn("plan-required: environment prod is protected", told)
        self.assertIn("with --plan, ek apply -f FILE --host", told)
        self.assertEqual(planned("apply", "-f", str(file)), ("apply", ["/a", "/b"]))
        self.assertEqual(planned("delete", "resource", "files", "/b"), ("remove", ["/b"]))
        told = self.done("forget", "-f", str(file), *web1, "--plan", exits=1).stderr
        self.assertIn("two.json: /resources/1: files /b is not described", told)
        self.assertEqual(planned("forget", "resource", "files", "/a"), ("forget", ["/a"]))
        # What requires others goes before them.
        for drop, verb in (("delete", "remove"), ("forget", "forget")):
            self.assertEqual(planned("apply", "-f", str(file)), ("apply", ["/a", "/b"]))
            self.assertEqual(planned(drop, "-f", str(file)), (verb, ["/b"]))
            self.assertEqual(sent(), (verb, ["/a"]))
        # Also where a client names them in another order.
        self.assertEqual(planned("apply", "-f", str(file)), ("apply", ["/a", "/b"]))
        one = "/v1/hosts/web1/resources/files/%2F"
        plan = self.rest.call("POST", "/v1/plans", {"changes": [
            {"method": "DELETE", "path": one + name} for name in "ab"]}).body["id"]
        self.done("approve", "plan", plan, "--yes", "--token-file", str(secret))
        self.done("apply", "plan", plan, "--yes", "--no-wait")
        self.assertEqual([sent(), sent()], [("remove", ["/b"]), ("remove", ["/a"])])
        entries[1]["description"] = {"colour": 1}
        file.write_text(json.dumps({"resources": entries}))
        told = self.done("apply", "-f", str(file), *web1, "--plan", exits=1).stderr
        self.assertIn("two.json: /resources/1/description/colour", told)
        self.enrolled("web2")
        told = self.done("forget", "resource", "files", "/c", *web1, "--host=web2", "--plan",
                         exits=1).stderr
        self.assertIn("web1: files /c is not described", told)
        self.assertIn("web2: files /c is not described", told)
        for wrong in ("x", {"collection": "files"}):
            file.write_text(json.dumps({"resources": [wrong]}))
            told = self.done("apply", "-f", str(file), *web1, "--plan", exits=2).stderr
            self.assertIn("two.json: /resources/0: a resource is an object with", told)
        for refused in ("--dry-run", "--no-wait", "--target=name = web1"):
            self.done("apply", "-f", str(file), *web1, "--plan", refused, exits=2)
        told = self.done("apply", "-f", str(file), "--plan", exits=2).stderr
        self.assertIn("of manifests: ek plan -f DIR", told)

    def test_an_edit_shows_what_it_does_before_it_saves(self):
        self.editor("sed -i s/ada/grace/ \"$1\"\n")
        shown = self.done("edit", "setting", "global", "owner", "--no-wait")
        self.assertIn("/content", shown.stdout)
        self.assertIn("on 1 host: 1 changed", shown.stderr)
        self.assertIn("setting global owner is saved", shown.stderr)
        self.described(self.agent.take_command(), "80 of grace\n")
        self.editor("sed -i s/port}}/nothing}}/ \"$1\"\n")
        told = self.done("edit", "application", "port", exits=1).stderr
        self.assertIn("/resources/0/description/content", told)
        self.assertIn("what you wrote is kept in", told)
        self.editor("sed -i 's/^enabled: true/enabled: false/' \"$1\"\n")
        self.done("edit", "assignment", "port", "--no-wait")
        self.assertFalse(self.rest.get("/v1/assignments/port")["enabled"])
        self.editor("echo 'colour: blue' >>\"$1\"\n")
        self.assertIn("there is no 'colour' in environment prod",
                      self.done("edit", "environment", "prod", exits=2).stderr)

    def test_an_edit_of_what_has_changed_meanwhile_is_refused(self):
        self.editor(f"sed -i s/ada/grace/ \"$1\"\n{sys.executable} - <<'END'\n"
                    "import os, urllib.request\n"
                    "token = open(os.environ['EK_TOKEN_FILE']).read().strip()\n"
                    "urllib.request.urlopen(urllib.request.Request(os.environ['EK_URL'] +\n"
                    "    '/v1/settings/global/owner', b'{\"value\":\"eve\"}', method='PUT',\n"
                    "    headers={'Authorization': 'Bearer ' + token,\n"
                    "             'Content-Type': 'application/json'}))\nEND\n")
        told = self.done("edit", "setting", "global", "owner", exits=6).stderr
        self.assertIn("what you wrote is kept in", told)
        self.assertEqual(self.rest.get("/v1/settings/global/owner")["value"], "eve")

    def test_what_a_host_shall_have_is_rendered_and_where_a_setting_counts(self):
        row = self.done("render", "web1").stdout.splitlines()[1]
        self.assertEqual(row.split(), ["files", "/etc/port", "report", "port"])
        self.assertIn("content: |", self.done("render", "web1", "files", "/etc/port").stdout)
        self.done("render", "web1", "files", "/etc/other", exits=5)
        shown = self.done("impact", "global", "owner")
        self.assertEqual(shown.stdout.splitlines()[1].split(), ["web1", "files", "/etc/port"])
        self.assertIn("1 host, 1 resource", shown.stderr)
        self.done("settings", "unset", "global", "owner", "--allow-errors")
        self.assertIn("/resources/0/description/content", self.done("render", "web1",
                                                                    exits=1).stderr)

    def test_labels_and_environment_are_one_edit(self):
        self.put("/v1/environments/stage", {})
        told = self.done("label", "host", "web1", "role=web", "--environment", "stage",
                         "--no-wait").stderr
        self.assertIn("host web1 is in stage and has role=web", told)
        host = self.rest.get("/v1/hosts/web1")
        self.assertEqual((host["environment"], host["labels"]), ("stage", {"role": "web"}))
        self.assertIn("there is no such environment", self.done("move", "host", "web1", "nowhere",
                                                           exits=1).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
