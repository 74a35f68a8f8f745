"""Filters and orders of every list."""

import json
import unittest
import urllib.parse

from case import OrchestratorCase
from program import eventually


def value_of(item, name):
    """What a field with dots has in an item."""
    for part in [name] if name in item else name.split(".", 1):
        if not isinstance(item, dict):
            return None
        if "." in part and part not in item:
            return value_of(item, part)
        item = item.get(part)
    return item


class Lists(OrchestratorCase):
    heartbeat = "2s"

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
        self.keep_alive(agent)
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
        self.keep_alive(agent)
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

    def test_each_field_is_found_and_sorted_as_it_is_shown(self):
        agent = self.online("web1")
        self.keep_alive(agent)
        self.drift(agent, self.put_done(agent, "/a", {"mode": "0644"}, "enforce"))
        for rid, policy in (('/b "quoted"', "off"), ("/" + "long" * 200, "report")):
            self.put_done(agent, rid, {"mode": "0600"}, policy)
        waiting = self.put("/c", {"mode": "0644"}, host=self.enrolled("waits").host).body["id"]
        self.rest.call("POST", f"/v1/commands/{waiting}:cancel")
        for name in ("gone", "retired"):
            other = self.online(name)
            for policy in ("report", "off"):
                self.put("/" + policy, {"mode": "0644"}, policy, host=name)
                other.outcome(other.take_command())
            other.close()
        self.rest.call("PATCH", "/v1/hosts/gone", {"labels": {"a.b": "x y", "role": "web"}})
        self.rest.call("POST", "/v1/hosts/retired:retire")
        self.enrolled("new")
        self.put("/g", {}, host="new")
        for name in ("gone", "retired"):  # the last step that happens by itself
            eventually(f"{name} counts as offline", lambda: self.rest.get(
                f"/v1/hosts/{name}")["compliance"]["compliant"] == 0)
        verdict = ["collection", "id", "policy", "origin", "generation.revision",
                   "compliance.status", "compliance.reason", "compliance.since",
                   "compliance.seen_by"]
        resource = [*verdict, "observed_at", "state.size", "description.mode"]
        for path, fields in (
                ("/v1/hosts", ["id", "name", "enrolment", "connection", "version",
                               "compliance.compliant", "compliance.drifted", "compliance.unknown",
                               "labels.a.b", "labels.role", "facts.os.id"]),
                ("/v1/hosts/web1/resources", resource), ("/v1/hosts/gone/resources", resource),
                ("/v1/compliance", ["host", *verdict]),
                ("/v1/compliance?collection=files&status=unknown", ["host", *verdict]),
                ("/v1/commands", ["id", "host", "verb", "state", "created_at", "finished_at",
                                  "request_id", "error.code"]),
                ("/v1/commands?host=web1&state=succeeded", ["id", "state", "error.code"])):
            with self.subTest(path):
                self.check_fields(path, fields)

    def check_fields(self, path, fields):
        joint = "&" if "?" in path else "?"
        items = self.rest.items(path)
        self.assertTrue(items)
        for name in fields:
            for value in {json.dumps(value_of(item, name)) for item in items}:
                value = json.loads(value)
                found = self.rest.items(path + joint + urllib.parse.urlencode(
                    {"filter": f"{name} = {json.dumps(value)}"}))
                self.assertEqual([one for one in found if "last_seen" not in one],
                                 [item for item in items
                                  if value_of(item, name) == value and "last_seen" not in item],
                                 (name, value))
                self.assertEqual(len(found), sum(value_of(item, name) == value for item in items),
                                 (name, value))
            for sign in ("", "-"):
                sorted_items = self.rest.items(path + joint + urllib.parse.urlencode(
                    {"order_by": sign + name, "limit": 2}))
                self.assertEqual([value_of(one, name) for one in sorted_items],
                                 sorted((value_of(one, name) for one in items),
                                        key=lambda value: (value is not None, value),
                                        reverse=bool(sign)), (name, sign))

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
