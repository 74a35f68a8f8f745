"""Files, links and directories described over REST are really there, as the dry run said."""

import base64
import hashlib
import json
import unittest

from harness.case import SystemCase
from harness.system import write
from support.wait import eventually

# collection, id, description, what stat and read find on the machine
WANTED = [
    ("directories", "/srv/site/pages", {"mode": "0750", "owner": "alice", "group": "bob"},
     ("directory", "0750", "alice", "bob")),
    ("files", "/srv/site/pages/index", {"content": "hello\n", "mode": "0640", "owner": "alice"},
     ("regular file", "0640", "alice", "root")),
    ("files", "/srv/site/pages/data", {"content_base64": base64.b64encode(bytes(range(256)))
                                       .decode(), "mode": "0600"},
     ("regular file", "0600", "root", "root")),
    ("files", "/srv/site/current", {"type": "symlink", "target": "pages"},
     ("symbolic link", "0777", "root", "root")),
]


def shape(command):
    """What a command says it changes, without whether it is planned or done."""
    return [(entry["collection"], entry["id"], change["path"], change["before"], change["after"],
             change["action"]) for entry in command["resources"] for change in entry["changes"]]


def outcomes(command):
    return {change["outcome"] for entry in command["resources"] for change in entry["changes"]}


class Apply(SystemCase):
    hosts = ("web", "db")

    def test_two_hosts_enrol_under_their_names_with_certificates_of_their_own(self):
        hosts = {host["name"]: host for host in self.rest.items("/v1/hosts")}
        self.assertEqual(set(hosts), {"web", "db"})
        for host in hosts.values():
            self.assertEqual((host["enrolment"], host["connection"]), ("active", "online"))
            self.assertTrue(host["id"].startswith("host_"))
        prints = {one["fingerprint"] for one in self.rest.items("/v1/enrolments")}
        self.assertEqual(len(prints), 2)

    def test_the_dry_run_shows_exactly_what_is_then_done_and_writes_nothing(self):
        for name in self.hosts:
            for collection, rid, description, found in WANTED:
                with self.subTest(host=name, id=rid):
                    self.dry_run_then_put(name, collection, rid, description, found)
            self.assertEqual(self.read("/srv/site/current/index", name), "hello\n")
            data = self.bed(name).run("sha256sum", "/srv/site/pages/data").stdout.split()[0]
            self.assertEqual(data, hashlib.sha256(bytes(range(256))).hexdigest())

    def dry_run_then_put(self, name, collection, rid, description, found):
        planned = self.rest.put(name, collection, rid, description, query="?dry_run=all",
                                wait_s=None)
        self.assertEqual(planned.status, 200, planned)
        self.assertEqual(planned.headers.get("dry-run"), "all")
        self.assertIsNone(planned.body["id"])
        self.assertEqual(outcomes(planned.body), {"planned"})
        self.assertFalse(self.exists(rid, name))
        path = self.rest.resource_path(name, collection, rid)
        self.assertEqual(self.rest.call("GET", path).status, 404)
        done = self.put_done(collection, rid, description, name=name)
        self.assertEqual(shape(done), shape(planned.body))
        self.assertEqual(outcomes(done), {"done"})
        self.assertEqual(self.stat(rid, name), found)

    def test_a_change_of_one_field_plans_and_does_that_field_only(self):
        rid = "/etc/one-field"
        self.put_done("files", rid, {"content": "a\n", "mode": "0600"})
        wanted = {"content": "a\n", "mode": "0644"}
        planned = self.rest.put("web", "files", rid, wanted, query="?dry_run=all", wait_s=None)
        self.assertEqual(shape(planned.body), [("files", rid, "/mode", "0600", "0644", "set")])
        self.assertEqual(self.stat(rid)[1], "0600")
        kept = self.rest.resource("web", "files", rid)["description"]
        self.assertEqual(kept["mode"], "0600")
        self.assertEqual(shape(self.put_done("files", rid, wanted)), shape(planned.body))
        self.assertEqual(self.stat(rid)[1], "0644")

    def test_a_put_of_what_is_already_so_changes_nothing(self):
        rid = "/etc/same"
        wanted = {"content": "same\n", "mode": "0644"}
        self.put_done("files", rid, wanted)
        before = self.bed().run("stat", "--format=%i %z", rid).stdout
        self.assertEqual(shape(self.put_done("files", rid, wanted)), [])
        self.assertEqual(self.bed().run("stat", "--format=%i %z", rid).stdout, before)

    def test_a_resource_reads_back_with_its_state_and_compliance(self):
        rid = "/etc/read-back"
        self.put_done("files", rid, {"content": "abc", "mode": "0644"}, "enforce")
        found = self.rest.resource("web", "files", rid)
        self.assertEqual(found["description"], {"content": "abc", "mode": "0644"})
        self.assertEqual((found["host"], found["collection"], found["id"], found["policy"],
                          found["origin"]),
                         (self.id_of(), "files", rid, "enforce", "orchestrator"))
        self.assertEqual(found["state"]["sha256"], hashlib.sha256(b"abc").hexdigest())
        self.assertEqual(found["state"]["size"], 3)
        self.assertNotIn("content", found["state"])
        self.assertEqual(found["compliance"]["status"], "compliant")

    def test_the_machine_itself_is_read_live(self):
        write(self.bed(), "/etc/by-hand", "x")
        path = self.rest.resource_path("web", "files", "/etc/by-hand") + "?live=true"
        found = self.rest.get(path)
        self.assertEqual(found["state"]["size"], 1)
        self.assertIsNone(found["description"])

    def test_delete_removes_from_the_machine_and_forget_leaves_it(self):
        for rid in ("/etc/deleted", "/etc/forgotten"):
            self.put_done("files", rid, {"content": "x"})
        reply = self.rest.delete("web", "files", "/etc/deleted")
        self.assertEqual((reply.status, reply.body["state"]), (200, "succeeded"), reply)
        path = self.rest.resource_path("web", "files", "/etc/forgotten")
        reply = self.rest.call("POST", path + ":forget", headers={"Prefer": "wait=60"})
        self.assertEqual((reply.status, reply.body["state"]), (200, "succeeded"), reply)
        self.assertFalse(self.exists("/etc/deleted"))
        self.assertTrue(self.exists("/etc/forgotten"))
        for rid in ("/etc/deleted", "/etc/forgotten"):
            path = self.rest.resource_path("web", "files", rid)
            self.assertEqual(self.rest.call("GET", path).status, 404)
        self.assertEqual(self.rest.delete("web", "files", "/etc/deleted").status, 404)

    def test_absent_removes_and_keeps_watching(self):
        rid = "/etc/unwanted"
        write(self.bed(), rid, "x")
        self.put_done("files", rid, {"ensure": "absent"})
        self.assertFalse(self.exists(rid))
        since = self.events.mark()
        write(self.bed(), rid, "again")
        event = self.wait_event("resource.drifted", "files", rid, since)
        self.assertEqual(event["data"]["compliance"]["fields"],
                         [{"path": "/ensure", "expected": "absent", "actual": "present"}])

    def test_one_failed_resource_does_not_stop_the_rest_of_a_file(self):
        reply = self.rest.call("POST", "/v1/hosts/web:apply", {"resources": [
            {"collection": "files", "id": "/etc/no-such-folder/x", "description": {"content": ""}},
            {"collection": "files", "id": "/etc/after-it", "description": {"content": "y"}},
        ]}, {"Prefer": "wait=60"})
        self.assertEqual((reply.status, reply.body["state"]), (200, "failed"), reply)
        first, second = reply.body["resources"]
        self.assertEqual((first["outcome"], second["outcome"]), ("failed", "done"))
        self.assertIn("/etc/no-such-folder", first["error"]["detail"])
        self.assertEqual(self.read("/etc/after-it"), "y")

    def test_what_the_machine_cannot_do_does_not_lose_the_good_description(self):
        rid = "/etc/good-one"
        good = {"content": "good\n", "mode": "0640"}
        self.put_done("files", rid, good, "enforce")
        reply = self.rest.put("web", "files", rid, {"content": "bad\n", "owner": "no-such-user"},
                              "enforce")
        self.assertEqual((reply.status, reply.body["state"]), (200, "failed"), reply)
        self.wait_compliance("failed", "files", rid)
        self.system.orchestrator.run(
            "env", "EK_URL=http://127.0.0.1:7780",
            "EK_TOKEN_FILE=/var/lib/evenkeel/orchestrator/admin.token",
            "ek", "rollback", "files", rid, "--host", "web")
        self.wait_compliance("compliant", "files", rid)
        self.assertEqual((self.read(rid), self.stat(rid)[1]), ("good\n", "0640"))
        found = self.rest.resource("web", "files", rid)
        self.assertEqual((found["description"]["mode"], found["policy"]), ("0640", "enforce"))
        path = self.rest.resource_path("web", "files", rid)
        self.assertEqual([one["current"] for one in self.rest.items(path + "/history")],
                         [True, False, False])

    def test_the_agents_own_commands_see_the_same(self):
        rid = "/etc/by-cli"
        self.put_done("files", rid, {"content": "cli\n", "mode": "0644"})
        code, found = self.system.agent("web", "read", "files", rid)
        self.assertEqual((code, found["state"]["size"] if "state" in found else None), (0, 4),
                         found)
        plan = json.dumps({"resources": [
            {"collection": "files", "id": "/etc/local", "description": {"content": "l"}}]})
        write(self.bed(), "/root/local.json", plan)
        self.assertEqual(self.system.agent("web", "plan", "/root/local.json")[0], 3)
        self.assertFalse(self.exists("/etc/local"))
        self.assertEqual(self.system.agent("web", "apply", "/root/local.json")[0], 0)
        self.assertEqual(self.read("/etc/local"), "l")
        self.assertEqual(self.system.agent("web", "plan", "/root/local.json")[0], 0)
        local = eventually("the local description is known above", lambda: self.rest.resource(
            "web", "files", "/etc/local"))
        self.assertEqual(local["origin"], "local")
        self.assertEqual(self.system.agent("web", "no-such-command")[0], 2)

    def test_compliance_is_counted_across_hosts(self):
        for name in self.hosts:
            self.put_done("files", "/etc/counted", {"content": name}, name=name)
        all_items = self.rest.items("/v1/compliance?limit=3")
        mine = [item for item in all_items if item["id"] == "/etc/counted"]
        self.assertEqual(sorted(item["host"] for item in mine), sorted(self.system.ids.values()))
        counts = self.rest.get("/v1/compliance")["counts"]
        self.assertEqual(sum(counts.values()), len(all_items))
        self.assertEqual(set(counts), {"compliant", "drifted", "unknown", "failed"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
