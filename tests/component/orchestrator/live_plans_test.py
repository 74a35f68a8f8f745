"""Plans for which machines are asked for their dry run: real agents, and silent ones."""

import os
import threading
import time
import unittest

from plans_test import Planned, change
from program import WAIT_SECONDS, eventually
from real_agent import Agent


def files_at(folder, **more):
    return change("PUT", "/v1/applications/page", {
        "parameters": {"properties": {"text": {"type": "string", "default": "new"}}},
        "resources": [
            {"collection": "files", "id": f"{folder}/{{{{host.name}}}}",
             "description": {"content": "{{text}}\n", "mode": "0644"}},
            {"collection": "files", "id": f"{folder}/lost/page", "description": {
                "content": "x\n", **more.get("lost", {})}}, *more.get("also", [])]})


ASSIGNED = change("PUT", "/v1/assignments/page", {"application": "page"})


class Live(Planned):
    def setUp(self):
        super().setUp()
        self.folder = self.orchestrator.root / "files"
        self.folder.mkdir()

    def real(self, name):
        root = self.orchestrator.root / name
        known = {host["id"] for host in self.rest.items("/v1/hosts")}
        agent = Agent(root, self.token(name=name), self.orchestrator.port("enrolment"),
                      {"plugin_dirs": [os.environ["EK_PLUGINS"]]})
        self.addCleanup(agent.close)
        # All have the name of this machine.
        host = next(one["id"] for one in self.rest.items("/v1/hosts") if one["id"] not in known)
        self.assertEqual(self.call("PATCH", f"/v1/hosts/{host}", {"name": name}).status, 200)
        eventually("it is online", lambda: self.collections(name))
        return agent

    def collections(self, name):
        reply = self.call("GET", f"/v1/hosts/{name}/collections/files")
        return reply.status == 200 and reply.body["schema"]

    def live(self, *changes, **headers):
        reply = self.call("POST", "/v1/plans", {"changes": list(changes), "live": True}, **headers)
        self.assertEqual(reply.status, 201, reply)
        self.assertEqual(self.rest.get(f"/v1/plans/{reply.body['id']}"), reply.body)
        return reply.body

    def answers(self, plan, rid):
        """What is said of a resource: [(hosts, outcome, paths, code of the error)]."""
        return [(one["hosts"], one["outcome"], [change["path"] for change in one["changes"]],
                 one["error"] and one["error"]["code"])
                for group in plan["groups"] for resource in group["resources"]
                if resource["id"] == str(rid) for one in resource.get("live", [])]


class Machines(Live):
    def test_machines_say_what_would_change_there_and_what_they_cannot(self):
        for name in ("web1", "web2"):
            self.real(name)
        self.enrolled("web3")
        # The model says that both are new; they are there already, with another mode and text.
        (self.folder / "web2").write_text("old\n")
        (self.folder / "web1").write_text("new\n")
        (self.folder / "web1").chmod(0o600)
        plan = self.live(files_at(self.folder, lost={"owner": "no-such-user"}), ASSIGNED)
        self.assertEqual((plan["live"]["asked"], plan["live"]["answered"]), (2, 2), plan)
        self.assertEqual([(one["host"], one["code"]) for one in plan["unasked"]],
                         [("web3", "host-offline")])
        self.assertEqual(plan["more_unasked"], 0)
        one, = self.answers(plan, self.folder / "web1")
        self.assertEqual(one, (["web1"], "planned", ["/mode"], None))
        (_, _, paths, _), = self.answers(plan, self.folder / "web2")
        self.assertIn("/content", paths)
        # Both say the same of the user that is not there: one answer, which comes first.
        (hosts, outcome, _, code), = self.answers(plan, self.folder / "lost/page")
        self.assertEqual((hosts, outcome), (["web1", "web2"], "failed"))
        self.assertTrue(code)
        self.assertEqual((self.folder / "web2").read_text(), "old\n")

        shown = self.rest.get(f"/v1/plans/{plan['id']}/hosts/web2")
        by_id = {resource["id"]: resource["live"] for resource in shown["resources"]}
        content, = [one for one in by_id[str(self.folder / "web2")]["changes"]
                    if one["path"] == "/content"]
        self.assertIn("+new", content["after"]["diff"])
        self.assertIn("no-such-user", str(by_id[str(self.folder / "lost/page")]["error"]))
        self.assertEqual(shown["live"], {"actions": []})
        self.assertNotIn("live", self.rest.get(f"/v1/plans/{plan['id']}/hosts/web3"))
        viewer = self.other("viewer", "v")
        shown = viewer.get(f"/v1/plans/{plan['id']}/hosts/web2")
        self.assertNotIn("+new", str([one["live"] for one in shown["resources"]]))
        self.assertNotIn("diff", str([group for group in plan["groups"]]))

        self.orchestrator.stop()
        self.orchestrator.start()
        self.assertEqual(self.rest.get(f"/v1/plans/{plan['id']}"), plan)
        again = self.rest.get(f"/v1/plans/{plan['id']}/hosts/web2")
        self.assertEqual(by_id, {one["id"]: one["live"] for one in again["resources"]})

    def test_what_would_go_is_asked_too_and_what_is_only_forgotten_is_not(self):
        self.real("web1")
        leaving = change("PUT", "/v1/assignments/page", {
            "application": "page", "on_leave": "remove"})
        one_file = change("PUT", "/v1/applications/page", {"resources": [
            {"collection": "files", "id": f"{self.folder}/page", "description": {
                "content": "x\n"}}]})
        self.apply(self.plan(one_file, leaving))
        eventually("the file is there", (self.folder / "page").exists)
        plan = self.live(change("DELETE", "/v1/assignments/page"))
        (hosts, outcome, paths, error), = self.answers(plan, self.folder / "page")
        self.assertEqual((hosts, outcome, error), (["web1"], "planned", None))
        self.assertTrue(paths)
        self.assertTrue((self.folder / "page").exists())
        self.apply(self.plan(ASSIGNED))

        def forgetting():
            plan = self.live(change("DELETE", "/v1/assignments/page"))
            return plan if plan["groups"][0]["resources"][0]["change"] == "forget" else None
        plan = eventually("its owner lets go", forgetting)
        self.assertEqual((self.answers(plan, self.folder / "page"), plan["unasked"],
                          plan["live"]["asked"]), ([], [], 0))

    def test_a_secret_is_nowhere_in_what_a_machine_says(self):
        self.real("web1")
        secret = change("PUT", "/v1/settings/global/text", {"value": "hush-hush", "secret": True})
        plan = self.live(files_at(self.folder), ASSIGNED, secret)
        shown = self.rest.get(f"/v1/plans/{plan['id']}/hosts/web1")
        (_, _, paths, _), = self.answers(plan, self.folder / "web1")
        self.assertIn("/content", paths)
        self.assertNotIn("hush-hush", str((plan, shown)))
        self.orchestrator.stop()
        for path in self.orchestrator.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(b"hush-hush", path.read_bytes(), path)
        self.orchestrator.start()

    def test_without_live_nobody_is_asked(self):
        agent = self.online()
        plan = self.plan(files_at(self.folder), ASSIGNED)
        self.assertNotIn("live", plan)
        self.assertEqual(plan["unasked"], [])
        agent.expect_nothing("request")
        refused = self.call("POST", "/v1/plans", {"changes": [ASSIGNED], "live": "yes"})
        self.assertEqual(self.errors(refused), {("/live", "invalid")})


class Silent(Live):
    rest_options = {"rate_limit": {"per_second": 0}}

    def test_who_does_not_answer_in_time_is_unasked_and_nobody_waits_for_it_meanwhile(self):
        agent = self.online("web1")
        made = []
        asking = threading.Thread(target=lambda: made.append(self.call(
            "POST", "/v1/plans", {"changes": [files_at(self.folder), ASSIGNED], "live": True},
            Prefer="wait=3")))
        begin, answered = time.monotonic(), 0
        asking.start()
        agent.expect("request")
        while asking.is_alive():
            self.assertEqual(self.call("GET", "/v1/hosts").status, 200)
            answered += 1
        self.assertGreater(answered, 5)  # the first of them may have waited with it
        self.assertGreater(time.monotonic() - begin, 2.5)
        self.assertLess(time.monotonic() - begin, 10)
        plan = made[0].body
        self.assertEqual((made[0].status, plan["live"]["asked"], plan["live"]["answered"]),
                         (201, 1, 0), made)
        self.assertEqual([(one["host"], one["code"]) for one in plan["unasked"]],
                         [("web1", "timeout")])
        self.apply(plan)

    def test_an_answer_that_says_nothing_that_can_be_read_is_no_answer(self):
        agent = self.online("web1")
        made = []
        asking = threading.Thread(target=lambda: made.append(self.live(
            files_at(self.folder), ASSIGNED)))
        asking.start()
        request = agent.expect("request")
        self.assertEqual(request.body["verb"], "plan")
        agent.reply(request, {"resources": [{"collection": 7}]})
        asking.join(WAIT_SECONDS)
        self.assertEqual([(one["host"], one["code"]) for one in made[0]["unasked"]],
                         [("web1", "internal")])

    def test_a_plan_that_asks_is_kept_only_when_all_have_answered(self):
        agent = self.online("web1")
        asking = threading.Thread(target=self.ask_and_be_cut)
        asking.start()
        agent.expect("request")
        self.assertEqual(self.rest.items("/v1/plans"), [])
        self.orchestrator.kill()
        asking.join(WAIT_SECONDS)
        self.orchestrator.start()
        self.assertEqual(self.rest.items("/v1/plans"), [])

    def ask_and_be_cut(self):
        try:
            self.live(files_at(self.folder), ASSIGNED)
        except Exception:  # the connection is cut
            pass


if __name__ == "__main__":
    unittest.main(verbosity=2)
