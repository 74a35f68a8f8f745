"""The client libraries of the model against the real orchestrator."""

import os
import pathlib
import subprocess
import sys
import unittest

from case import OrchestratorCase

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "sdk/client/python"))

from evenkeel_client import Client, Problem  # noqa: E402
from evenkeel_model import Model, application_path, assignment_path  # noqa: E402
from evenkeel_model import environment_path, setting_path  # noqa: E402

APPLICATION = {"parameters": {"properties": {"port": {"type": "integer", "default": 80}}},
               "resources": [{"collection": "files", "id": "/etc/port",
                              "description": {"content": "{{port}}\n"}}]}


class ModelClient(OrchestratorCase):
    def setUp(self):
        super().setUp()
        self.client = Client(self.orchestrator.url, self.orchestrator.token)
        self.model = Model(self.client)

    def assigned(self):
        """web1 in prod/eu, to which the application port is assigned; its agent."""
        for name in ("prod", "prod/eu"):
            self.model.edit("PUT", environment_path(name), {})
        agent = self.online()
        self.client.update_host("web1", environment="prod/eu")
        self.model.edit("PUT", application_path("port"), APPLICATION)
        self.model.edit("PUT", assignment_path("port"),
                        {"application": "port", "environment": "prod"})
        agent.outcome(agent.take_command(), "succeeded")
        return agent

    def refused(self, code, call, *arguments, **options):
        with self.assertRaises(Problem) as refused:
            call(*arguments, **options)
        self.assertEqual(refused.exception.code, code)
        return refused.exception


class Objects(ModelClient):
    def test_what_is_put_is_read_listed_and_deleted(self):
        made = self.model.edit("PUT", environment_path("prod"), {"note": "n"}, create_only=True)
        self.assertEqual(made.object, self.model.environment("prod"))
        self.assertEqual(made.etag, f'"{made.object["revision"]}"')
        self.refused("precondition-failed", self.model.edit, "PUT", environment_path("prod"), {},
                     create_only=True)
        self.model.edit("PATCH", environment_path("prod"), {"note": "m"}, if_match=made.etag)
        self.refused("precondition-failed", self.model.edit, "PATCH", environment_path("prod"), {},
                     if_match=made.etag)
        self.assertEqual([one["name"] for one in self.model.environments(filter="note = m")],
                         ["prod"])
        self.assertIsNone(self.model.edit("DELETE", environment_path("prod")).object)
        self.refused("not-found", self.model.environment, "prod")

    def test_settings_have_scopes_values_links_and_secrets(self):
        self.model.set_setting("global", "port", 80)
        self.model.set_setting("global", "other", link=("global", "port"))
        self.model.set_setting("global", "nginx:password", "tiger", secret=True)
        self.assertEqual([one["key"] for one in self.model.settings("global")],
                         ["nginx:password", "other", "port"])
        self.assertEqual(len(self.model.settings()), 3)
        self.assertEqual(self.model.setting("global", "other")["link"],
                         {"scope": "global", "key": "port"})
        self.assertNotIn("tiger", str(self.model.setting("global", "nginx:password")))

    def test_applications_have_versions(self):
        self.model.edit("PUT", application_path("port"), APPLICATION)
        self.model.edit("PUT", application_path("port"), {**APPLICATION, "note": "n"})
        self.assertEqual(self.model.application("port")["version"], 2)
        self.assertEqual(self.model.application("port", 1)["note"], "")
        self.assertEqual(len(self.model.application_versions("port")), 2)
        self.model.edit("PUT", assignment_path("port"), {"application": "port"})
        self.assertEqual(self.model.assignment("port"), self.model.assignments()[0])
        self.assertEqual(len(self.model.applications()), 1)


class Hosts(ModelClient):
    def test_values_are_explained_and_a_dry_run_changes_nothing(self):
        agent = self.assigned()
        self.model.set_setting("environment:prod", "port", 8080, wait=0)
        agent.outcome(agent.take_command(), "succeeded")  # so that nothing is to be done to web1
        port = self.model.effective_settings("web1", "port")[0]
        self.assertEqual((port["value"], port["from"]), (8080, "environment:prod"))
        self.assertEqual(self.model.effective_settings("web1")[0]["overrides"], [])
        plan = self.model.set_setting("global", "port", 90, dry_run=True).object
        self.assertEqual((plan["id"], plan["summary"]["hosts"]), (None, 0))
        self.assertEqual(len(self.model.settings()), 1)

    def test_what_a_host_shall_have_and_where_a_setting_counts(self):
        self.assigned()
        wanted = self.model.wanted("web1")
        self.assertEqual((wanted["status"], len(wanted["items"])), ("compiled", 1))
        self.assertEqual(self.model.wanted("web1", "files")["items"], wanted["items"])
        self.assertEqual(self.model.wanted_resource("web1", "files", "/etc/port"),
                         wanted["items"][0])
        self.refused("not-found", self.model.wanted_resource, "web1", "files", "/etc/other")
        self.assertEqual(self.model.impact("environment:prod", "port")["summary"],
                         {"hosts": 1, "resources": 1})

    def test_what_does_not_compile_is_refused_or_allowed(self):
        self.assigned()
        broken = {**APPLICATION, "parameters": {}}
        self.refused("does-not-compile", self.model.edit, "PUT", application_path("port"), broken)
        self.model.edit("PUT", application_path("port"), broken, allow_errors=True)
        self.assertEqual(self.model.application("port")["version"], 2)


class Plans(ModelClient):
    CHANGE = {"method": "PUT", "path": setting_path("global", "port"), "body": {"value": 90}}

    def test_a_plan_is_made_looked_at_and_applied(self):
        agent = self.assigned()
        plan = self.model.make_plan([self.CHANGE])
        self.assertEqual((plan["state"], plan["summary"]["changed"]), ("open", 1))
        self.assertEqual([one["id"] for one in self.model.plans(filter="state = open")],
                         [plan["id"]])
        self.assertEqual(self.model.plan_groups(plan["id"]), [])
        host = self.model.planned_host(plan["id"], "web1")
        self.assertEqual(host["resources"][0]["fields"],
                         [{"path": "/content", "before": "80\n", "after": "90\n"}])
        self.refused("stale-plan", self.model.apply_plan, plan["id"], "0" * 64)
        self.assertEqual(self.model.apply_plan(plan["id"], plan["hash"])["state"], "applied")
        agent.outcome(agent.take_command(), "succeeded")
        done = self.model.wait_for_plan(self.model.plan(plan["id"]), 20)
        self.assertEqual(done["state"], "applied")
        self.assertEqual(self.model.setting("global", "port")["value"], 90)

    def test_a_plan_that_is_approved_rejected_or_overtaken(self):
        agent = self.assigned()
        secret = self.client.request("POST", "/v1/tokens",
                                     {"name": "second", "role": "admin"})[2]["secret"]
        second = Model(Client(self.orchestrator.url, secret))
        plan = self.model.make_plan([self.CHANGE])
        self.refused("approval-required", self.model.approve_plan, plan["id"])
        approved = second.approve_plan(plan["id"], plan["hash"])
        self.assertEqual((approved["state"], approved["approved_by"]), ("approved", "second"))
        self.assertEqual(self.model.reject_plan(plan["id"])["state"], "rejected")
        plan = self.model.make_plan([self.CHANGE])
        self.model.set_setting("environment:prod", "port", 70)
        agent.outcome(agent.take_command(), "succeeded")
        stale = self.refused("stale-plan", self.model.apply_plan, plan["id"], plan["hash"])
        self.assertEqual(stale.body["plan"]["summary"]["hosts"], 0)


class Cpp(ModelClient):
    def test_the_client_in_c_plus_plus_does_the_same(self):
        self.enrolled()
        done = subprocess.run(
            [os.environ["EK_MODEL_CLIENT"]], capture_output=True, text=True, timeout=120,
            check=False, env={**os.environ, "EK_URL": self.orchestrator.url,
                 "EK_TOKEN_FILE": str(self.orchestrator.state / "admin.token")})
        self.assertEqual((done.stdout, done.stderr), ("all is so\n", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
