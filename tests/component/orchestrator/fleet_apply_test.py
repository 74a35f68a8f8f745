"""POST /v1/resources:apply: one FILE for many hosts."""

import unittest
from concurrent.futures import ThreadPoolExecutor

from case import OrchestratorCase


class FleetApply(OrchestratorCase):
    def apply(self, target, resources=None, headers=None, query=""):
        return self.rest.call("POST", "/v1/resources:apply" + query, {
            "target": target,
            "resources": resources or [self.entry("/a", {"content": "x"})]}, headers)

    @staticmethod
    def entry(rid, description, collection="files"):
        return {"collection": collection, "id": rid, "description": description}

    def described(self, host):
        return [one["id"] for one in self.rest.items(f"/v1/hosts/{host}/resources")]

    def label(self, *names):
        for name in names:
            self.rest.call("PATCH", f"/v1/hosts/{name}", {"labels": {"role": "web"}})

    def test_hosts_that_a_filter_finds_get_a_command_each(self):
        agents = [self.online(name) for name in ("web1", "web2")]
        self.enrolled("web3")  # offline: gets it when it connects
        self.enrolled("db1")
        self.label("web1", "web2", "web3")
        done = self.apply({"filter": "labels.role = web"})
        self.assertEqual((done.status, done.body["hosts"], done.body["commands"],
                          done.body["refused_count"]), (202, 3, {"queued": 3}, 0), done)
        for agent in agents:
            command = agent.take_command()
            self.assertEqual(command["resources"][0]["id"], "/a")
            self.assertEqual(agent.outcome(command), "ACCEPTED")
        for name, ids in (("web1", ["/a"]), ("web2", ["/a"]), ("web3", ["/a"]), ("db1", [])):
            self.assertEqual(self.described(name), ids)
        commands = self.rest.items(
            f"/v1/commands?filter=request_id%20%3D%20{done.body['request_id']}")
        self.assertEqual(sorted(one["state"] for one in commands),
                         ["queued", "succeeded", "succeeded"])
        audit = [one["detail"]["host"] for one in self.rest.items("/v1/audit")
                 if one["route"] == "/v1/resources:apply"]
        self.assertEqual(len(set(audit)), 3)

    def test_it_waits_for_the_end_of_all(self):
        agents = [self.online("web1"), self.online("web2")]
        with ThreadPoolExecutor() as threads:
            asked = threads.submit(self.apply, {"hosts": ["web1", "web2", "web1"]},
                                   headers={"Prefer": "wait=60"})
            for agent in agents:
                agent.outcome(agent.take_command())
            done = asked.result()
        self.assertEqual((done.status, done.body["hosts"], done.body["commands"]),
                         (200, 2, {"succeeded": 2}), done)
        self.enrolled("web3")
        done = self.apply({"hosts": ["web3"]}, headers={"Prefer": "wait=1"})
        self.assertEqual((done.status, done.body["commands"]), (202, {"queued": 1}), done)

    def test_a_host_for_which_it_is_wrong_takes_nothing_away_from_the_others(self):
        self.online("web1")
        self.enrolled("new1")  # has not said which collections it has: accepts any
        done = self.apply({"hosts": ["web1", "new1"]}, [self.entry("x", {}, "colours")])
        self.assertEqual((done.status, done.body["commands"], done.body["refused_count"]),
                         (202, {"queued": 1}, 1), done)
        refused = done.body["refused"][0]
        self.assertEqual(refused["host"], self.rest.get("/v1/hosts/web1")["id"])
        self.assertEqual(refused["code"], "unknown-collection")
        self.assertEqual(self.described("web1"), [])

    def test_where_all_refuse_the_first_is_named(self):
        self.online("web1")
        reply = self.apply({"hosts": ["web1"]}, [self.entry("x", {}, "colours")])
        self.assertEqual((reply.status, reply.body["code"]), (404, "unknown-collection"), reply)
        self.assertEqual(reply.body["detail"], "web1: /resources/0/collection: the host has no "
                         "collection 'colours'; it has files")
        self.online("web2")
        reply = self.apply({"hosts": ["web2", "web1"]}, [self.entry("x", {}, "colours")])
        self.assertIn("all 2 hosts refuse, first web2: /resources/0", reply.body["detail"])

    def test_what_is_wrong_for_all_is_a_problem(self):
        self.online("web1")
        reply = self.apply({"hosts": ["web1"]}, [self.entry("/a", {"mode": 7})])
        self.assert_problem(reply, 400, "invalid-description")
        self.assertEqual(reply.body["errors"][0]["pointer"], "/resources/0/description/mode")
        for target, status, code in (({}, 400, "invalid-description"),
                                     ({"hosts": ["web1"], "filter": "name = web1"}, 400,
                                      "invalid-description"),
                                     ({"filter": "colour = red"}, 400, "bad-filter"),
                                     ({"filter": "name = nobody"}, 422, "no-targets"),
                                     ({"hosts": ["nobody"]}, 404, "not-found")):
            with self.subTest(target):
                self.assert_problem(self.apply(target), status, code)
        self.assertEqual(self.described("web1"), [])

    def test_resources_and_hosts_have_a_limit(self):
        self.enrolled("web1")
        for pointer, target, count in (("/resources", {"hosts": ["web1"]}, 101),
                                       ("/target/hosts", {"hosts": ["web1"] * 10_001}, 1)):
            with self.subTest(pointer):
                reply = self.apply(target, [self.entry(f"/f{number}", {"content": "x"})
                                            for number in range(count)])
                self.assert_problem(reply, 400, "invalid-description")
                self.assertEqual(reply.body["errors"][0]["pointer"], pointer)
        self.assertEqual(self.described("web1"), [])

    def test_a_dry_run_counts_and_stores_nothing(self):
        self.online("web1")
        done = self.apply({"filter": "name = web1"}, query="?dry_run=all")
        self.assertEqual((done.status, done.body["hosts"], done.body["commands"]), (200, 1, {}))
        self.assertEqual(done.headers["dry-run"], "all")
        self.assertEqual(self.described("web1"), [])

    def test_an_idempotency_key_makes_no_second_command(self):
        self.enrolled("web1")
        for _ in range(2):
            done = self.apply({"hosts": ["web1"]}, headers={"Idempotency-Key": "k1"})
            self.assertEqual((done.status, done.body["commands"]), (202, {"queued": 1}))
        self.assertEqual(len(self.rest.items("/v1/commands")), 1)

    def test_a_retired_host_is_not_meant(self):
        self.enrolled("web1")
        self.enrolled("web2")
        self.label("web1", "web2")
        gone = self.rest.get("/v1/hosts/web2")["id"]
        self.rest.call("POST", "/v1/hosts/web2:retire")
        done = self.apply({"filter": "labels.role = web"})
        self.assertEqual(done.body["hosts"], 1)
        self.assert_problem(self.apply({"hosts": [gone]}), 409, "invalid-state")


if __name__ == "__main__":
    unittest.main(verbosity=2)
