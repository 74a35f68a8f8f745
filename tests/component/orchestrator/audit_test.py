"""Who did what is on record, and a record that is changed shows."""

import hashlib
import json
import unittest

from case import OrchestratorCase
from program import Rest

NO_HASH = "0" * 64


def canonical(value):
    """As docs/rest.md says; the records here hold nothing that would be spelled in two ways."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Audit(OrchestratorCase):
    def records(self, query=""):
        return self.rest.items(f"/v1/audit?order=oldest{query}")

    def made(self, role, name="someone"):
        return self.rest.call("POST", "/v1/tokens", {"name": name, "role": role}).body

    def test_every_change_has_a_record_that_says_who_and_what(self):
        self.enrolled("web1")
        ann = self.made("operator", "ann")
        rest = Rest(ann["secret"], port=self.orchestrator.port("rest"))
        reply = rest.call("PUT", rest.resource_path("web1", "files", "/etc/motd"),
                          {"description": {"mode": "0644", "password": "s3cret-s3cret"}},
                          {"X-Request-Id": "req-of-ann"})
        self.assertEqual(reply.status, 202, reply)
        record = self.records("&filter=request_id%20%3D%20%22req-of-ann%22")[0]
        self.assertEqual(record["actor"], {"id": ann["id"], "name": "ann", "role": "operator"})
        self.assertEqual(record["address"], "127.0.0.1")
        self.assertEqual(record["method"], "PUT")
        self.assertEqual(record["route"], "/v1/hosts/{h}/resources/{collection}/{id}")
        self.assertEqual(record["object"], "/v1/hosts/web1/resources/files/%2Fetc%2Fmotd")
        self.assertEqual(record["outcome"], "done")
        self.assertEqual(record["detail"]["command"], reply.body["id"])
        self.assertNotIn("s3cret", json.dumps(self.records()))
        self.assertLessEqual(record["revision"], self.rest.get("/v1/hosts")["revision"])
        # What the bus has changed is there too.
        enrolled = [one for one in self.records() if one["method"] == "BUS"]
        self.assertTrue(enrolled[0]["actor"]["id"].startswith("host:host_"), enrolled)

    def test_every_changing_route_leaves_a_record(self):
        host = self.enrolled("web1").host
        token = self.token()
        steps = [("PATCH", "/v1/hosts/web1", {"labels": {"a": "b"}}),
                 ("PUT", self.path("/x"), {"description": {}}),
                 ("POST", "/v1/hosts/web1:apply", {"resources": [
                     {"collection": "files", "id": "/y", "description": {}}]}),
                 ("DELETE", self.path("/x"), None),
                 ("POST", self.path("/y") + ":forget", None),
                 ("DELETE", f"/v1/enrolment-tokens/{token['id']}", None),
                 ("POST", "/v1/hosts/web1:retire", None),
                 ("POST", "/v1/hosts/web1:release-name", None)]
        for method, path, body in steps:
            before = len(self.records())
            reply = self.rest.call(method, path, body)
            self.assertIn(reply.status, (200, 202, 204), reply)
            added = self.records()[before:]
            self.assertEqual([(one["method"], one["object"]) for one in added], [(method, path)])
        self.assertTrue(host)
        before = len(self.records())
        self.rest.call("PUT", self.path("/x"), {"description": {"nope": None}})
        self.rest.call("GET", "/v1/hosts")
        self.assertEqual(len(self.records()), before)

    def test_denials_are_on_record(self):
        eve, old = self.made("viewer", "eve"), self.made("admin", "old")
        self.rest.call("POST", f"/v1/tokens/{old['id']}:revoke")
        for token, method, path in ((eve, "POST", "/v1/enrolment-tokens"),
                                    (old, "GET", "/v1/hosts")):
            Rest(token["secret"], port=self.orchestrator.port("rest")).call(method, path)
        denied = self.records("&filter=outcome%20%3D%20%22denied%22")
        self.assertEqual([(one["actor"]["name"], one["object"], one["detail"]["code"])
                          for one in denied],
                         [("eve", "/v1/enrolment-tokens", "forbidden"),
                          ("old", "/v1/hosts", "unauthenticated")])
        self.assertEqual(denied[0]["detail"]["permission"], "enrolment.write")

    def test_the_chain_is_what_the_page_says(self):
        for name in ("ann", "b\u00f6b", 'e"ve\\'):
            self.made("viewer", name)
        previous = NO_HASH
        for seq, record in enumerate(self.records(), 1):
            digest = record.pop("hash")
            self.assertEqual((record["seq"], record["previous"]), (seq, previous))
            self.assertEqual(hashlib.sha256(canonical(record).encode()).hexdigest(), digest)
            previous = digest
        self.assertEqual(self.rest.get("/v1/audit")["head"]["hash"], previous)

    def test_a_flipped_byte_in_the_store_is_named(self):
        for number in range(5):
            self.rest.call("POST", "/v1/tokens", {"name": f"n{number}", "role": "viewer"},
                           {"X-Request-Id": f"unique-{number}"})
        pin = self.orchestrator.root / "head.json"
        done = self.ek("audit", "--verify", "--head", str(pin))
        self.assertEqual(done.returncode, 0, done)
        victim = next(one["seq"] for one in self.records() if one["request_id"] == "unique-2")
        self.assertEqual(self.orchestrator.stop(), 0)
        self.assertEqual(self.orchestrator.run("audit", "--verify")[0], 0)
        data = self.orchestrator.state / "store" / "data.mdb"
        content = data.read_bytes()
        self.assertIn(b"unique-2", content)
        data.write_bytes(content.replace(b"unique-2", b"unique-3"))
        code, said = self.orchestrator.run("audit", "--verify")
        self.assertEqual(code, 1)
        self.assertIn(f"audit record {victim} was changed", said)
        self.orchestrator.start()
        done = self.ek("audit", "--verify", "--head", str(pin))
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(f"audit record {victim} was changed", done.stderr)

    def test_a_pinned_head_shows_a_chain_made_anew(self):
        pin = self.orchestrator.root / "head.json"
        self.made("viewer")
        self.assertEqual(self.ek("audit", "--verify", "--head", str(pin)).returncode, 0)
        self.made("viewer")
        self.assertEqual(self.ek("audit", "--verify", "--head", str(pin)).returncode, 0)
        kept = json.loads(pin.read_text())
        self.assertTrue(kept.pop("time"))
        self.assertEqual(kept, self.rest.get("/v1/audit")["head"])
        pin.write_text(json.dumps({"seq": kept["seq"] - 1, "hash": "a" * 64}))
        done = self.ek("audit", "--verify", "--head", str(pin))
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"audit record {kept['seq'] - 1} is not the one", done.stderr)
        pin.write_text(json.dumps({"seq": kept["seq"] + 5, "hash": "a" * 64}))
        self.assertIn("is missing", self.ek("audit", "--verify", "--head", str(pin)).stderr)

    def restore(self, backup):
        self.assertEqual(self.orchestrator.stop(), 0)
        done = self.orchestrator.ended("restore", str(backup))
        self.assertEqual(done.returncode, 0, done)
        self.orchestrator.start()
        return done

    def test_a_restore_is_no_tampering_for_a_pin_that_is_newer_than_the_backup(self):
        pin, backup = self.orchestrator.root / "head.json", self.orchestrator.root / "backup"
        verify = ("audit", "--verify", "--head", str(pin))
        self.made("viewer")
        done = self.orchestrator.ended("backup", str(backup))
        told = json.loads(done.stdout)
        self.assertEqual((told["backup"], told["hosts"]), (str(backup), 0))
        self.assertEqual(told["head"], self.rest.get("/v1/audit")["head"])
        for number in range(3):
            self.made("viewer", f"later{number}")
        self.assertEqual(self.ek(*verify).returncode, 0)
        pinned = json.loads(pin.read_text())
        done = self.restore(backup)
        restored = json.loads(done.stdout)
        self.assertEqual(restored["made"], told["made"])
        self.assertIn("systemctl start", done.stderr)
        self.assertIn(restored["former_store"], done.stderr)
        event = self.events(query="?since=1h").wait(
            lambda one: one["type"] == "orchestrator.restored")
        self.assertEqual(event["data"]["backup"]["revision"], told["revision"])
        self.assertIn(f"orchestrator.restored    store  from a backup made {told['made']}",
                      self.ek("events").stdout)
        # The chain is shorter than the pinned one, and then longer.
        for number in range(2):
            done = self.ek(*verify)
            self.assertEqual(done.returncode, 10, done)
            self.assertIn(f"from a backup made {told['made']}; the record {pinned['seq']} that "
                          "you pinned is not in it", done.stderr)
            self.assertEqual(json.loads(pin.read_text()), pinned)
            for name in range(5):
                self.made("viewer", f"new{number}{name}")
        pin.unlink()
        self.assertEqual(self.ek(*verify).returncode, 0)
        # That restore explains nothing that is wrong since.
        kept = json.loads(pin.read_text())
        pin.write_text(json.dumps({**kept, "hash": "a" * 64}))
        done = self.ek(*verify)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("the chain was made anew", done.stderr)

    def test_a_pin_that_the_backup_has_holds_after_a_restore(self):
        pin, backup = self.orchestrator.root / "head.json", self.orchestrator.root / "backup"
        verify = ("audit", "--verify", "--head", str(pin))
        self.made("viewer")
        self.assertEqual(self.ek(*verify).returncode, 0)
        self.assertEqual(self.orchestrator.run("backup", str(backup)), (0, ""))
        self.made("viewer", "later")
        self.restore(backup)
        self.assertEqual(self.ek(*verify).returncode, 0)

    def test_ek_makes_lists_and_revokes_tokens(self):
        out = self.orchestrator.root / "secret"
        done = self.ek("create", "token", "--name", "ci", "--role", "operator", "--out", str(out))
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stdout, "")
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        rest = Rest(out.read_text().strip(), port=self.orchestrator.port("rest"))
        self.assertEqual(rest.call("GET", "/v1/hosts").status, 200)
        self.assertNotEqual(self.ek("create", "token", "--name", "ci", "--role", "viewer", "--out",
                                    str(out)).returncode, 0)
        listed = json.loads(self.ek("get", "tokens", "-o", "json").stdout)["items"]
        ci = next(one for one in listed if one["role"] == "operator")
        self.assertIn("operator", self.ek("get", "tokens").stdout)
        self.assertEqual(self.ek("revoke", "token", ci["id"]).returncode, 0)
        self.assertEqual(rest.call("GET", "/v1/hosts").status, 401)
        shown = self.ek("audit", "--since", "1h", "--limit", "3")
        self.assertIn(":revoke", shown.stdout)
        self.assertEqual(self.ek("audit", "--since", "yesterday").returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
