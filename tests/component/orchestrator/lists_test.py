"""Filters and orders of every list."""

import unittest
import urllib.parse

from case import OrchestratorCase


class Lists(OrchestratorCase):
    def ask(self, path, **query):
        return self.rest.call("GET", path + "?" + urllib.parse.urlencode(query))

    def found(self, path, field, **query):
        """That field of all items, read with pages of one and at once, which is the same."""
        joined = path + "?" + urllib.parse.urlencode(query)
        whole = [one[field] for one in self.rest.items(joined)]
        self.assertEqual([one[field] for one in self.rest.items(joined + "&limit=1")], whole)
        return whole

    def test_hosts_by_label_fact_state_and_counts(self):
        agent = self.online("web1")
        self.drift(agent, self.put_done(agent, "/a", {"content": "x"}))
        for name, role in (("web2", "web"), ("db1", "data base")):
            self.enrolled(name)
            self.rest.call("PATCH", f"/v1/hosts/{name}", {"labels": {"role": role}})
        hosts = "/v1/hosts"
        self.assertEqual(self.found(hosts, "name", filter="labels.role = web"), ["web2"])
        self.assertEqual(self.found(hosts, "name", filter='labels.role = "data base"'), ["db1"])
        self.assertEqual(self.found(hosts, "name", filter="compliance.drifted = 1"), ["web1"])
        self.assertEqual(self.found(hosts, "name", filter="connection=never", order_by="-name"),
                         ["web2", "db1"])
        self.assertEqual(self.found(hosts, "name", order_by="connection,name"),
                         ["db1", "web2", "web1"])
        reply = self.ask(hosts, filter="connection = onlin")
        self.assert_problem(reply, 400, "bad-filter")
        self.assertEqual(reply.body["position"], 13)
        self.assertIn("offline", reply.body["expected"])

    def test_resources_commands_and_compliance(self):
        agent = self.online("web1")
        for name, mode in (("/a", "0644"), ("/b", "0600"), ("/c", "0644")):
            self.put_done(agent, name, {"mode": mode}, "enforce" if name == "/b" else None)
        self.enrolled("web2")
        waiting = self.put("/d", {}, host="web2").body["id"]
        resources = "/v1/hosts/web1/resources"
        self.assertEqual(self.found(resources, "id", filter="description.mode = 0644",
                                    order_by="-id"), ["/c", "/a"])
        self.assertEqual(self.found(resources + "/files", "id", filter="policy = enforce"), ["/b"])
        self.assertEqual(self.found("/v1/commands", "id", filter="host = web2 AND state=queued"),
                         [waiting])
        self.assertEqual(self.found("/v1/commands", "state", order_by="state"),
                         ["queued", "succeeded", "succeeded", "succeeded"])
        self.assertEqual(self.found("/v1/compliance", "id", filter="compliance.status = unknown"),
                         ["/d"])
        self.assertEqual(self.found("/v1/hosts/web1/collections", "collection",
                                    filter="collection = files"), ["files"])
        self.assertEqual(len(self.found("/v1/enrolments", "name", filter="host = web1")), 1)
        self.assertEqual(self.found("/v1/enrolment-tokens", "uses_left", order_by="uses_left"),
                         [0, 0])

    def test_a_cursor_belongs_to_its_filter_and_order(self):
        for number in range(3):
            self.token(name=str(number))
        path = "/v1/enrolment-tokens"
        cursor = self.ask(path, order_by="-name", limit=1).body["next"]
        for query in ({}, {"order_by": "name"}, {"order_by": "-name", "filter": "uses = 1"}):
            self.assert_problem(self.ask(path, cursor=cursor, **query), 400, "bad-cursor")
        self.assertEqual(self.ask(path, order_by="-name", limit=1, cursor=cursor).body["items"][0]
                         ["name"], "1")
        self.assert_problem(self.ask(path, order_by="secret"), 400, "invalid-parameter")


if __name__ == "__main__":
    unittest.main(verbosity=2)
