"""Folders of manifests: the real ek against the real orchestrator."""

import json
import pathlib
import tempfile
import unittest

from case import OrchestratorCase
from program import WAIT_SECONDS

SITE = """\
kind: environment
name: prod
note: for customers
---
kind: environment
name: prod/eu
---
kind: settings
scope: global
settings:
  port: 80
  limits: {value: {open: 1024}}
---
kind: settings
scope: environment:prod/eu
settings:
  port: {link: {scope: global, key: port}}
  password: {value_from: {env: DB_PASSWORD}}
---
kind: application
name: web
parameters: {type: object, properties: {port: {type: integer}}}
resources:
  - collection: files
    id: /etc/port
    description: {content_file: files/port.conf, mode: 0640}
  - collection: files
    id: /etc/secret
    description: {content: "{{password}}", sensitive: true}
---
kind: assignment
name: web-eu
application: web
environment: prod/eu
filter: labels.role = web
settings: {name: "the web"}
"""
CONTENT = "# {{host.name}}\nport = {{port}}\n"


class Manifests(OrchestratorCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.variables = {"DB_PASSWORD": "tiger-in-the-well"}
        self.write("site/site.yaml", SITE)
        self.write("site/files/port.conf", CONTENT)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def done(self, *argv, exits=0):
        """ek's output, data and messages, in the folder."""
        process = self.start_ek(*argv, cwd=self.folder, variables=self.variables)
        out, self.told = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, exits, (argv, out, self.told))
        self.assertNotIn("tiger", out + self.told)
        return out

    def applied(self, *argv, agent=None, exits=0):
        """`ek apply -f` of a folder, carried out by the agent if it gets something."""
        process = self.start_ek("apply", *argv, "--yes", cwd=self.folder, variables=self.variables)
        command = agent.take_command() if agent else None
        if command:
            agent.outcome(command, "succeeded")
        out, self.told = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, exits, out + self.told)
        return command

    def is_empty(self, folder, *more):
        self.done("plan", "-f", folder, "--exit-code", *more)
        self.assertIn("no object differs", self.told)

    def in_prod(self, name="web1"):
        agent = self.online(name)
        self.done("label", "host", name, "role=web")
        return agent

    def move(self, name="web1", environment="prod/eu"):
        reply = self.rest.call("PATCH", f"/v1/hosts/{name}", {"environment": environment})
        self.assertEqual(reply.status, 200, reply)

    def test_a_folder_is_planned_applied_and_then_empty(self):
        agent = self.in_prod()
        self.done("plan", "-f", "site", "--exit-code", exits=3)
        self.assertIn("9 objects differ: 9 to add", self.told)
        self.assertEqual(self.rest.items("/v1/applications"), [])  # nothing but a plan
        self.applied("-f", "site")
        self.assertEqual(self.rest.get("/v1/environments/prod")["note"], "for customers")
        self.move()
        command = agent.take_command()
        self.assertEqual(
            {one["id"]: one["description"].get("content") for one in command["resources"]}
            ["/etc/port"], "# web1\nport = 80\n")
        agent.outcome(command, "succeeded")
        del self.variables["DB_PASSWORD"]
        self.is_empty("site")
        self.assertIn("environment:prod/eu password: DB_PASSWORD is not set", self.told)
        # The secret is sent, and is the same.
        self.variables["DB_PASSWORD"] = "tiger-in-the-well"
        revision = self.rest.get("/v1/settings/environment:prod%2Feu/password")["revision"]
        self.done("plan", "-f", "site", "--exit-code")
        self.applied("-f", "site")
        self.assertEqual(self.rest.get("/v1/settings/environment:prod%2Feu/password")["revision"],
                         revision)

    def test_an_edit_is_shown_with_its_hosts_and_reaches_them(self):
        agent = self.in_prod()
        self.applied("-f", "site")
        self.move()
        agent.outcome(agent.take_command(), "succeeded")
        self.write("site/files/port.conf", CONTENT.replace("port =", "listen ="))
        shown = self.done("plan", "-f", "site")
        self.assertIn("-port = {{port}}\n+listen = {{port}}\n", shown)
        self.assertIn("1 host: web1\n  change  files /etc/port\n", shown)
        self.assertIn("-port = 80\n", shown)
        plan = self.told.split()[-1]
        self.done("describe", "plan", plan)
        self.assertIn("files /etc/port", self.done("describe", "plan", plan, "--host", "web1"))
        process = self.start_ek("apply", "plan", plan, "--yes")
        command = agent.take_command()
        self.assertEqual(command["resources"][0]["description"]["content"],
                         "# web1\nlisten = 80\n")
        agent.outcome(command, "succeeded")
        out, told = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 0, out + told)
        self.assertIn("1 host: 1 succeeded, 0 failed", told)
        self.assertEqual(json.loads(self.done("get", "plan", plan, "-o", "json"))["state"],
                         "applied")
        self.done("apply", "plan", plan, "--yes", exits=6)

    def test_what_is_exported_is_the_same(self):
        self.in_prod()
        self.applied("-f", "site")
        self.rest.call("PUT", "/v1/settings/host:web1/port", {"value": "81"})
        self.rest.call("PUT", "/v1/assignments/one", {"application": "web", "host": "web1",
                                                      "enabled": False})
        self.done("export", "out")
        self.assertIn("a secret, which is not in it: environment:prod/eu password: ", self.told)
        self.assertEqual((self.folder / "out/files/web/etc_port").read_text(), CONTENT)
        self.is_empty("out")
        self.done("export", "out", exits=2)
        self.done("diff", "-f", "site", "--exit-code")

    def test_what_a_source_does_not_declare_any_more_is_deleted(self):
        self.applied("-f", "site", "--source", "site")
        self.rest.call("PUT", "/v1/settings/global/by_hand", {"value": 1})
        version = self.rest.get("/v1/applications/web")["version"]
        self.is_empty("site")
        self.write("site/site.yaml", "kind: environment\nname: prod\nnote: for customers\n")
        shown = self.done("plan", "-f", "site", "--source", "site", "--prune")
        self.assertRegex(shown, r"application +web +delete")
        self.assertEqual(self.rest.get("/v1/applications/web")["version"], version)
        self.applied("-f", "site", "--source", "site", "--prune")
        self.assertEqual([one["name"] for one in self.rest.items("/v1/environments")],
                         ["default", "prod"])
        self.assertEqual([one["key"] for one in self.rest.items("/v1/settings")], ["by_hand"])
        self.assertEqual(self.rest.items("/v1/applications"), [])
        (self.folder / "site/site.yaml").unlink()
        self.done("plan", "-f", "site", "--source", "site", "--prune", exits=2)
        self.applied("-f", "site", "--source", "site", "--prune", "--allow-empty")
        self.assertEqual([one["name"] for one in self.rest.items("/v1/environments")], ["default"])

    def test_what_the_orchestrator_refuses_is_told_where_it_is_written(self):
        self.write("site/bad.yaml", "kind: environment\nname: stage\ncolour: red\n---\n"
                                    "kind: assignment\nname: x\napplication: nowhere\n---\n"
                                    "kind: settings\nscope: global\nsettings: {host: 1}\n")
        self.done("plan", "-f", "site", exits=1)
        for place in ("site/bad.yaml:3: /colour", "site/bad.yaml:11: /settings/host"):
            self.assertIn(place, self.told)
        self.assertEqual(self.rest.items("/v1/environments")[1:], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
