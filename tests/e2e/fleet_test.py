"""One story: a folder of manifests says what six hosts in two environments shall be, a seventh
comes, and what is said is overridden, taken away, refused, protected and exported.

The folder is tests/e2e/fleet; `ek` works on the orchestrator's machine, as an administrator there
types it.
"""

import http.client
import json
import pathlib
import re
import time
import unittest
import urllib.parse

from beds import webserver
from harness.case import SystemCase
from harness.rest import Rest
from harness.system import REST_PORT, STATE, System, write
from support.wait import WAIT_SECONDS, eventually

MANIFESTS = pathlib.Path(__file__).resolve().parent / "fleet"
FOLDER = "/root/fleet"
STAGE, PROD = "shop/stage", "shop/prod"
# host -> environment, role
HOSTS = {"s-web1": (STAGE, "web"), "s-web2": (STAGE, "web"), "s-lb": (STAGE, "balancer"),
         "p-web1": (PROD, "web"), "p-web2": (PROD, "web"), "p-lb": (PROD, "balancer")}
LATE = "p-web3"
PAGE = "/srv/www/index.html"
BALANCER = "/etc/nginx/conf.d/balancer.conf"
SETTLED_SECONDS = 2 * WAIT_SECONDS  # packages are installed


class Fleet(System):
    """Its last host is booted with the others and enrols later."""

    def enrol(self, name):
        if name != LATE:
            super().enrol(name)

    def enrol_into(self, name, environment, role):
        """With a token that says where the host belongs and what it is for."""
        write(self.hosts[name], "/etc/evenkeel/agent.json", "{}")
        made = self.rest.call("POST", "/v1/enrolment-tokens",
                              {"environment": environment, "labels": {"role": role}})
        self.hosts[name].run("sh", "-c", made.body["install"])
        self.hosts[name].run("systemctl", "start", "evenkeel-agent")

    def ek(self, *argv, check=True, token_file=f"{STATE}/orchestrator/admin.token"):
        return self.orchestrator.run(
            "env", f"EK_URL=http://127.0.0.1:{REST_PORT}", f"EK_TOKEN_FILE={token_file}",
            "ek", *argv, check=check, timeout_s=180)


class FleetStory(SystemCase):
    @classmethod
    def setUpClass(cls):
        cls.system = Fleet(*HOSTS, LATE, prepare=lambda bed: webserver.give(bed, "v1"))
        cls.addClassCleanup(cls.system.close)
        cls.rest, cls.events = cls.system.rest, cls.system.events

    def test_what_is_said_once_of_many_machines(self):
        self.step("the folder is planned and applied before any host belongs to it", self.begin)
        self.step("hosts are given their places and serve", self.give_places)
        self.step("a seventh enrols with a label and serves", self.seventh)
        self.step("a setting is overridden and taken away again", self.override)
        self.step("a wrong edit is refused and changes nothing", self.refuse)
        self.step("production wants a second person", self.protect)
        self.step("the folder is exported and planned again: empty", self.export)

    def step(self, title, act):
        begun = time.monotonic()
        act()
        print(f"--- {title}: {time.monotonic() - begun:.1f} s", flush=True)

    def begin(self):
        for each in sorted(MANIFESTS.iterdir()):
            write(self.system.orchestrator, f"{FOLDER}/{each.name}", each.read_text("utf-8"))
        shown = self.system.ek("plan", "-f", FOLDER, check=False)
        self.assertIn("shop/prod", shown.stdout + shown.stderr)
        self.assertEqual(self.rest.call("GET", "/v1/environments/shop").status, 404)
        self.system.ek("apply", "-f", FOLDER, "--yes")
        self.assertEqual(self.names("environments"), ["default", "shop", PROD, STAGE])

    def give_places(self):
        for name, (environment, role) in HOSTS.items():
            reply = self.rest.call("PATCH", f"/v1/hosts/{name}",
                                   {"environment": environment, "labels": {"role": role}})
            self.assertEqual(reply.status, 200, reply)
        for balancer, environment in (("s-lb", STAGE), ("p-lb", PROD)):
            expected = {f"hello from {name}\n" for name, (place, role) in HOSTS.items()
                        if place == environment and role == "web"}
            self.wait_served(balancer, expected, SETTLED_SECONDS)

    def seventh(self):
        self.system.enrol_into(LATE, PROD, "web")
        self.wait_served("p-lb", {f"hello from {one}\n" for one in ("p-web1", "p-web2", LATE)},
                         SETTLED_SECONDS)
        self.wait_served("s-lb", {"hello from s-web1\n", "hello from s-web2\n"})

    def override(self):
        pages = self.pages()
        for scope, hosts in ((f"environment:{STAGE}", ["s-web1", "s-web2"]),
                             ("host:s-web1", ["s-web1"])):
            setting = {"value": f"{scope} says hi"}
            planned = self.plan_of("PUT", self.setting(scope), setting)
            self.assertEqual(self.planned(planned), {(name, PAGE) for name in hosts})
            self.assertEqual(self.pages(), pages)
            self.edit("PUT", self.setting(scope), setting)
            pages.update({name: f"{setting['value']} from {name}\n" for name in hosts})
            self.wait_pages(pages)
        for scope, then in ((f"host:s-web1", f"environment:{STAGE} says hi"),
                            (f"environment:{STAGE}", "hello")):
            planned = self.plan_of("DELETE", self.setting(scope))
            hosts = {host for host, _ in self.planned(planned)}
            self.edit("DELETE", self.setting(scope))
            pages.update({name: f"{then} from {name}\n" for name in hosts})
            self.wait_pages(pages)
        self.assertEqual(set(pages.values()), {f"hello from {name}\n" for name in pages})

    def refuse(self):
        before = self.described()
        web = self.rest.get("/v1/applications/web")
        body = {"parameters": web["parameters"], "resources": web["resources"]}

        wrong = json.loads(json.dumps(body).replace("{{greeting}}", "{{greetnig}}"))
        refused = self.rest.call("PUT", "/v1/applications/web", wrong)
        self.assert_refused(refused, "greetnig", "greeting")

        other = {"resources": [{"collection": "files", "id": PAGE,
                                "description": {"content": "another\n"}}]}
        made = self.rest.call("POST", "/v1/plans", {"changes": [
            {"method": "PUT", "path": "/v1/applications/other", "body": other},
            {"method": "PUT", "path": "/v1/assignments/other",
             "body": {"application": "other", "environment": STAGE}}]})
        self.assertEqual([one["code"] for one in made.body["errors"]], ["conflict"], made)
        refused = self.rest.call("POST", f"/v1/plans/{made.body['id']}:apply")
        self.assert_refused(refused, "conflict", "other", "web")
        self.assertEqual(self.rest.call("GET", "/v1/applications/other").status, 404)

        refused = self.rest.call("DELETE", self.setting("global"))
        self.assert_refused(refused, "greeting", "web")

        write(self.system.orchestrator, f"{FOLDER}/wrong.yaml",
              "kind: assignment\nname: wrong\napplication: nowhere\n")
        refused = self.system.ek("apply", "-f", FOLDER, "--yes", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("nowhere", refused.stderr)
        self.assertIn("wrong.yaml", refused.stderr)
        self.system.orchestrator.run("rm", f"{FOLDER}/wrong.yaml")
        self.assertEqual(self.described(), before)

    def described(self):
        """What the hosts shall have; how it is there may still be told."""
        return {name: [[one[key] for key in ("collection", "id", "description", "owners")]
                       for one in self.rest.items(f"/v1/hosts/{name}/resources")]
                for name in HOSTS}

    def protect(self):
        self.edit("PUT", f"/v1/environments/{segment(PROD)}", {"protected": True})
        author, second = self.person("author", "operator"), self.person("second", "approver")
        setting = {"value": "welcome"}
        scope = f"environment:{PROD}"
        refused = author.call("PUT", self.setting(scope), setting)
        self.assertEqual((refused.status, refused.body["code"]), (409, "plan-required"), refused)
        refused = author.call("PATCH", "/v1/hosts/p-web1", {"labels": {"role": None}})
        self.assertEqual((refused.status, refused.body["code"]), (409, "plan-required"), refused)
        pages = self.pages()

        made = author.call("POST", "/v1/plans", {"changes": [
            {"method": "PUT", "path": self.setting(scope), "body": setting}]})
        self.assertEqual((made.status, made.body["requires_approval"]), (201, True), made)
        where = f"/v1/plans/{made.body['id']}"
        refused = author.call("POST", f"{where}:apply")
        self.assertEqual(refused.body["code"], "approval-required", refused)
        refused = author.call("POST", f"{where}:approve")
        self.assertEqual(refused.status, 403, refused)
        self.assertEqual(self.pages(), pages)
        self.assertEqual(second.call("POST", f"{where}:approve").status, 200)
        applied = author.call("POST", f"{where}:apply")
        self.assertEqual((applied.status, applied.body["state"]), (202, "applied"), applied)
        hosts = ("p-web1", "p-web2", LATE)
        pages.update({name: f"welcome from {name}\n" for name in hosts})
        self.wait_pages(pages)
        eventually("its hosts are done", lambda: self.rest.get(where)["progress"] == {
            "hosts": 3, "waiting": 0, "succeeded": 3, "failed": 0, "unreachable": 0})

    def export(self):
        self.system.ek("export", "/root/exported")
        planned = self.system.ek("plan", "-f", "/root/exported")
        self.assertEqual(planned.returncode, 0, planned)
        # What was changed since the folder was applied is another thing than what is in it.
        planned = self.system.ek("plan", "-f", FOLDER, check=False)
        self.assertIn("shop/prod", planned.stdout)

    def person(self, name, role):
        made = self.rest.call("POST", "/v1/tokens", {"name": name, "role": role})
        self.assertEqual(made.status, 201, made)
        return Rest(made.body["secret"], REST_PORT, self.system.orchestrator)

    def names(self, kind):
        return sorted(one["name"] for one in self.rest.items(f"/v1/{kind}"))

    def setting(self, scope, key="greeting"):
        return f"/v1/settings/{segment(scope)}/{key}"

    def plan_of(self, method, path, body=None):
        reply = self.rest.call(method, f"{path}?dry_run=all", body)
        self.assertEqual(reply.status, 200, reply)
        return reply.body

    def planned(self, plan):
        """What changes: (host, id)."""
        return {(host, resource["id"]) for group in plan["groups"] for host in group["hosts"]
                for resource in group["resources"]}

    def edit(self, method, path, body=None):
        reply = self.rest.call(method, path, body)
        self.assertIn(reply.status, (200, 201, 204), reply)
        return reply

    def assert_refused(self, reply, *words):
        """The place is named."""
        self.assertIn(reply.status, (400, 422), reply)
        said = json.dumps(reply.body)
        for word in words:
            self.assertIn(word, said)
        self.assertTrue(all(re.match("/", one["pointer"]) for one in reply.body["errors"]), reply)

    def pages(self):
        names = [name for name, (_, role) in HOSTS.items() if role == "web"] + [LATE]
        return {name: self.read(PAGE, name) for name in names}

    def wait_pages(self, expected):
        eventually("the hosts have their pages", lambda: self.pages() == expected)

    def served(self, name):
        """What a visitor gets."""
        try:
            with self.system.orchestrator.network():
                connection = http.client.HTTPConnection(self.bed(name).address, 8080, timeout=5)
                connection.connect()
            connection.request("GET", "/")
            return connection.getresponse().read().decode()
        except OSError:
            return ""

    def wait_served(self, balancer, expected, timeout_s=WAIT_SECONDS):
        """Several visits, which the balancer spreads, find all of these and nothing else."""
        eventually(f"{balancer} serves {sorted(expected)}", lambda: {
            self.served(balancer) for _ in range(2 * len(expected))} == expected, timeout_s)


def segment(text):
    return urllib.parse.quote(text, safe="")


if __name__ == "__main__":
    unittest.main(verbosity=2)
