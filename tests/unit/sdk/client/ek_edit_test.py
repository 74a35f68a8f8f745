"""ek edit, ek explain, enrolment tokens, the CA, and the manual page."""

import shutil
import subprocess
import unittest

from ek import EkCase
from fake_api import page, problem, reply
from samples import DRIFTED, HOST_A, HOST_B, MOTD, command

PATH = "/v1/hosts/web1/resources/files/%2Fetc%2Fmotd"
SCHEMA = {"title": "files", "description": "A regular file.", "type": "object",
          "x-ek-key": {"pattern": "^/", "description": "An absolute path.", "examples": ["/a"]},
          "properties": {
              "mode": {"type": "string", "pattern": "^[0-7]{4}$", "examples": ["0644"],
                       "description": "Four octal digits. A symlink has none."},
              "policy": {"type": "string", "enum": ["a", "b"], "default": "a"},
              "tags": {"type": "array", "items": {"type": "object", "properties": {
                  "name": {"type": "string", "x-ek-sensitive": True}}}},
              "size": {"type": "integer", "readOnly": True}}}


class Edit(EkCase):
    def setUp(self):
        super().setUp()
        self.environment["TMPDIR"] = str(self.home / "drafts")
        (self.home / "drafts").mkdir()
        self.api.on("GET", PATH, reply(200, MOTD, {"ETag": '"7"'}))
        self.api.on("PUT", PATH, reply(200, command()))

    def edit(self, editor, exits=0):
        self.environment["EDITOR"] = editor
        return self.ek("edit", "resource", "files", "/etc/motd", "--host", "web1", exits=exits)

    def drafts(self):
        return list((self.home / "drafts").iterdir())

    def test_what_was_written_is_put_in_place_of_what_was_read(self):
        self.edit("sed -i s/0644/0600/")
        request = self.api.asked("PUT")[0]
        self.assertEqual(request.json(), {
            "description": {"content": "hello\n", "mode": "0600"}, "policy": "report"})
        self.assertEqual(request.headers["if-match"], '"7"')
        self.assertEqual(self.drafts(), [])

    def test_nothing_changed_changes_nothing(self):
        self.edit("true")
        self.assertIn("nothing was changed", self.told)
        self.edit("false", exits=1)
        self.edit("/none/such/editor", exits=1)
        self.assertEqual(self.api.asked("PUT"), [])
        self.assertEqual(self.drafts(), [])

    def test_the_editor_is_started_without_a_shell(self):
        self.edit("true; touch pwned", exits=1)
        self.assertEqual(self.drafts(), [])
        script = self.home / "my-editor"
        script.write_text("#!/bin/sh\n[ $# = 2 ] && stat -c %a \"$2\" >$HOME/mode\n")
        script.chmod(0o755)
        self.edit(f"{script} --wait")
        self.assertEqual((self.home / "mode").read_text(), "600\n")

    def test_what_is_refused_is_kept(self):
        self.api.on("PUT", PATH, problem(400, "invalid-description", "no such mode"))
        self.edit("sed -i s/0644/9999/", exits=1)
        self.assertIn("what you wrote is kept in " + str(self.drafts()[0]), self.told)
        self.assertIn("9999", self.drafts()[0].read_text())
        self.drafts()[0].unlink()
        self.edit("sed -i s/policy/polcy/", exits=2)
        self.assertIn("there is no 'polcy'", self.told)
        self.assertEqual(len(self.api.asked("PUT")), 1)

    def script(self, text):
        path = self.home / "an-editor"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def test_what_was_written_before_the_editor_failed_is_kept(self):
        self.edit(self.script('echo "# mine" >>"$1"; exit 1'), exits=1)
        self.assertIn("what you wrote is kept in " + str(self.drafts()[0]), self.told)
        self.assertIn("# mine", self.drafts()[0].read_text())
        self.drafts()[0].unlink()
        self.edit(self.script("kill -9 $$"), exits=1)
        self.assertEqual(self.drafts(), [])
        self.assertNotIn("is kept", self.told)

    def test_an_editor_that_leaves_no_file_holds_nobody_up(self):
        for left in ("", '; mkfifo "$1"', '; mkdir "$1"', '; ln -s /none/such "$1"'):
            self.edit(self.script('rm "$1"' + left), exits=2)
            self.assertNotIn("is kept", self.told, left)
        self.assertEqual(self.api.asked("PUT"), [])

    def test_text_that_is_only_looked_at_stays_as_it_is(self):
        odd = {**MOTD, "description": {"content": "a\uffff\ufdd0\U0001fffe\ufeff\x7f\x85b\n",
                                       "m\uffffde": "\ufffe"}}
        self.api.on("GET", PATH, reply(200, odd, {"ETag": '"7"'}))
        self.edit("true")
        self.assertIn("nothing was changed", self.told)
        self.edit("sed -i s/report/enforce/")
        self.assertEqual(self.api.asked("PUT")[0].json()["description"], odd["description"])

    def test_what_cannot_be_read_back_is_refused_before_the_editor_starts(self):
        many = {**MOTD, "description": {"content": "x", "lines": [1] * 100_001}}
        self.api.on("GET", PATH, reply(200, many, {"ETag": '"7"'}))
        self.edit(self.script(f'touch {self.home}/started'), exits=1)
        self.assertIn("cannot be edited as YAML: not usable YAML: more than 100000 values",
                      self.told)
        self.assertFalse((self.home / "started").exists())
        self.assertEqual(self.drafts(), [])

    def test_a_new_verdict_is_no_conflict_and_another_description_is(self):
        stale = problem(412, "precondition-failed")
        self.api.on("GET", PATH, reply(200, MOTD, {"ETag": '"7"'}),
                    reply(200, {**MOTD, "compliance": {**DRIFTED, "status": "unknown"}},
                          {"ETag": '"8"'}))
        self.api.on("PUT", PATH, stale, reply(200, command()))
        self.edit("sed -i s/0644/0600/")
        self.assertEqual([r.headers["if-match"] for r in self.api.asked("PUT")], ['"7"', '"8"'])
        other = {**MOTD, "description": {"content": "other"}}
        self.api.on("GET", PATH, reply(200, MOTD, {"ETag": '"9"'}),
                    reply(200, other, {"ETag": '"10"'}))
        self.api.on("PUT", PATH, stale)
        self.edit("sed -i s/0644/0600/", exits=6)
        self.assertEqual(len(self.api.asked("PUT")), 3)


class Explain(EkCase):
    def setUp(self):
        super().setUp()
        files = {"collection": "files", "plugin": "files 0.1.0", "schema": SCHEMA}
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B]))
        self.api.on("GET", "/v1/hosts/web1/collections", page([{"collection": "services"}]))
        self.api.on("GET", "/v1/hosts/web2/collections", page([{"collection": "files"}]))
        self.api.on("GET", "/v1/hosts/web2/collections/files", reply(200, files))

    def test_a_collection_and_a_field(self):
        shown = self.ek("explain", "files")
        self.assertIn("id: An absolute path.", shown)
        self.assertRegex(shown, r"mode +string +Four octal digits\.\n")
        self.assertRegex(shown, r"size +integer \(state\)")
        field = self.ek("explain", "files.mode")
        self.assertIn("A symlink has none.", field)
        self.assertIn("pattern: ^[0-7]{4}$\nexamples: 0644\n", field)
        self.assertIn("one of: a, b\n", self.ek("explain", "files.policy"))
        self.assertIn("a secret", self.ek("explain", "files.tags.name", "--host", "web2"))
        self.assertEqual(self.ek_json("explain", "files.mode"), SCHEMA["properties"]["mode"])

    def test_what_is_not_there_is_told_with_what_is(self):
        self.ek("explain", "files.mdoe", exits=5)
        self.assertIn("files has no field 'mdoe'; did you mean 'mode'?", self.told)
        self.ek("explain", "files..mode", exits=5)
        self.assertIn("files has no field ''", self.told)
        self.ek("explain", "files.nope.mode", exits=5)
        self.assertIn("files has no field 'nope'", self.told)
        self.ek("explain", "files.tags.nme", exits=5)
        self.assertIn("files.tags has no field 'nme'; did you mean 'name'?", self.told)
        self.ek("explain", "files.mode.deep", exits=5)
        self.assertIn("files.mode has no field 'deep'", self.told)
        self.ek("explain", "fils", exits=5)
        self.assertIn("no host has a collection 'fils'; there are services and files", self.told)
        self.ek("explain", "files", "--host", "web1", exits=5)

    def test_compliance_of_an_unknown_collection_is_not_an_empty_answer(self):
        counts = {"compliant": 0, "drifted": 0, "unknown": 0, "failed": 0}
        self.api.on("GET", "/v1/compliance", page([], counts=counts))
        self.ek("compliance", "--collection", "fils", exits=5)
        self.assertIn("there are services and files", self.told)
        self.ek("compliance", "--collection", "files")


class Enrolling(EkCase):
    def test_tokens_are_listed_and_taken_back(self):
        token = {"id": "eke_1", "name": "rack 7", "uses": 3, "uses_left": 2, "labels": {},
                 "created_at": "2026-11-23T05:36:53.120Z", "expires_at": "x"}
        self.api.on("GET", "/v1/enrolment-tokens", page([token]))
        self.api.on("GET", "/v1/enrolment-tokens/eke_1", reply(200, token))
        self.api.on("DELETE", "/v1/enrolment-tokens/eke_1", reply(204))
        self.assertRegex(self.ek("get", "enrolment-tokens"), r"rack 7 +2 of 3 .* eke_1\n")
        self.assertEqual(self.ek_json("get", "enrolment-token", "eke_1"), token)
        self.api.on("POST", "/v1/enrolment-tokens/eke_1:approve",
                    reply(200, {**token, "requires_approval": True, "approved_by": "ann"}))
        self.api.on("GET", "/v1/enrolment-tokens", page([{**token, "requires_approval": True}]),
                    page([{**token, "requires_approval": True, "approved_by": "ann"}]))
        self.assertIn(" needed ", self.ek("get", "enrolment-tokens"))
        self.ek("approve", "enrolment-token", "eke_1")
        self.assertEqual(len(self.api.asked("POST", "/v1/enrolment-tokens/eke_1:approve")), 1)
        self.assertIn("is approved", self.told)
        self.assertIn(" by ann ", self.ek("get", "enrolment-tokens"))
        self.ek("revoke", "enrolment-token", "eke_1")
        self.assertIn("counts no more", self.told)
        self.ek("revoke", "enrolment-token", "eke_2", exits=5)

    def test_the_fingerprint_of_the_ca(self):
        self.api.on("GET", "/v1/ca", reply(200, {"sha256": "ab" * 32, "address": "a:5673"}))
        self.assertRegex(self.ek("get", "ca"), f"{'ab' * 32} +a:5673\n")
        self.assertEqual(self.ek("get", "ca", "-o", "jsonpath={.sha256}"), "ab" * 32 + "\n")


class Manual(EkCase):
    def test_it_has_every_command_and_option(self):
        page = self.ek("__man").replace("\\-", "-")
        for wanted in ("ek get hosts", "ek delete [options]", "ek apply [options]",
                       "ek edit resource COLLECTION ID", "-f, --file FILE", "-l, --selector",
                       "ek create token", "ek events"):
            self.assertIn(wanted, page)
        for line in page.splitlines():
            if line.startswith("."):
                self.assertRegex(line, r"^\.(TH|SH|SS|TP|PP|B|nf|fi)\b")

    def test_roff_takes_it_without_a_word(self):
        groff = shutil.which("groff")
        if not groff:
            self.skipTest("no groff")
        done = subprocess.run([groff, "-man", "-ww", "-Tutf8"], input=self.ek("__man"), text=True,
                              capture_output=True, check=True)
        self.assertEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main()
