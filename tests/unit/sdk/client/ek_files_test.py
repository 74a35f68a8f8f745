"""FILEs: JSON, YAML, several, folders, what ek itself prints; delete -f; pointers into them."""

import json
import unittest

from ek import EkCase
from fake_api import page, problem, reply
from samples import DRIFTED, FILE, GENERATION, MOTD, command, planned

APPLY = "/v1/hosts/web1:apply"
YAML = """\
# A motd.
resources:
  - collection: files
    id: /etc/motd
    description:
      content: |
        hello
      mode: 0644
    policy: enforce
"""


def resource(id, **more):
    return {"collection": "files", "id": id, "description": {"content": "x"}, **more}


class Files(EkCase):
    def setUp(self):
        super().setUp()
        self.api.on("POST", APPLY, reply(200, planned()))

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return str(path)

    def sent(self, *files, stdin="", exits=0):
        """The FILE that reaches the API."""
        given = [word for file in files for word in ("-f", file)]
        before = len(self.api.requests)
        self.ek("diff", *given, "--host", "web1", stdin=stdin, exits=exits)
        new = self.api.requests[before:]
        return new[0].json() if new else None

    def refused(self, *files, stdin=""):
        self.assertIsNone(self.sent(*files, stdin=stdin, exits=2))
        return self.told

    def test_yaml_is_the_same_file(self):
        self.assertEqual(self.sent(self.write("a.yaml", YAML)), FILE)
        self.assertEqual(self.sent(self.write("a.yml", YAML)), FILE)
        self.assertEqual(self.sent(self.write("motd", YAML)), FILE)
        self.assertEqual(self.sent("-", stdin=YAML), FILE)
        self.assertEqual(self.sent("-", stdin=json.dumps(FILE)), FILE)
        self.assertEqual(self.sent(self.write("json-in.yaml", FILE)), FILE)

    def test_several_files_folders_and_documents_are_one_file(self):
        folder = self.home / "site"
        self.write("site/20.yaml", "collection: files\nid: /b\ndescription: {content: x}\n---\n" +
                   json.dumps({"resources": [resource("/c")]}))
        self.write("site/10.json", {"resources": [resource("/a")]})
        self.write("site/README.md", "not for us")
        self.write("site/.hidden.yaml", "nor: this")
        (folder / "deeper.yaml").mkdir()
        last = self.write("z.json", {"resources": [resource("/z")]})
        ids = [one["id"] for one in self.sent(str(folder), last)["resources"]]
        self.assertEqual(ids, ["/a", "/b", "/c", "/z"])

    def test_what_cannot_be_one_file_is_refused_and_sends_nothing(self):
        a = self.write("a.json", {"resources": [resource("/a")]})
        b = self.write("b.yaml", "---\n" + json.dumps(resource("/a")))
        self.assertIn(f"{b}: /: files /a is described already in {a}: /resources/0",
                      self.refused(a, b))
        empty = self.home / "empty"
        empty.mkdir()
        self.assertIn("no *.json, *.yaml or *.yml", self.refused(str(empty)))
        self.assertIn("nothing is described", self.refused(self.write("c.yaml", "# only this")))
        self.assertIn("here is 'resorces'",
                      self.refused(self.write("d.json", {"resources": [], "resorces": []})))
        self.assertIn("not like", self.refused(self.write("e.yaml", "- a\n- b")))
        self.assertIn("No such file", self.refused(str(self.home / "none")))

    def test_errors_in_a_file_say_line_and_column(self):
        wrong = self.write("a.json", '{\n"resources":[],\n}')
        self.assertIn("at line 3, column 1", self.refused(wrong))
        self.assertIn("at line 2, column ", self.refused(self.write("b.yaml", "a:\n\tb: 1\n")))
        self.assertIn("at line 2, column 1", self.refused(self.write("c.yaml", "a: 1\na: 2\n")))

    def test_yaml_that_looks_like_json_is_told_how_to_say_so(self):
        flow = "{collection: files, id: /x, description: {mode: 0644}}\n"
        self.assertIn("put a line --- before YAML that begins so", self.refused("-", stdin=flow))
        sent = self.sent("-", stdin="---\n" + flow)
        self.assertEqual(sent["resources"][0]["description"], {"mode": "0644"})
        self.assertNotIn("---", self.refused(self.write("a.json", flow)))

    def test_pointers_of_a_refusal_lead_into_the_sources(self):
        a = self.write("a.json", {"resources": [resource("/a")]})
        b = self.write("b.json", {"resources": [resource("/b"), resource("/c")]})
        wrong = [{"pointer": "/resources/2/description/mode", "code": "pattern", "detail": "four"}]
        self.api.on("POST", APPLY, problem(400, "invalid-description", "no", wrong))
        self.ek("apply", "-f", a, "-f", b, "--host", "web1", exits=1)
        self.assertIn(f"ek:   {b}: /resources/1/description/mode: four\n", self.told)
        one = self.write("one.yaml", json.dumps(resource("/c")) + "\n")
        wrong[0]["pointer"] = "/resources/0/description/mode"
        self.api.on("POST", APPLY, problem(400, "invalid-description", "no", wrong))
        self.ek("apply", "-f", one, "--host", "web1", exits=1)
        self.assertIn("ek:   /description/mode: four\n", self.told)

    def test_what_get_resources_prints_is_what_apply_takes(self):
        secret = {**MOTD, "id": "/etc/secret",
                  "description": {"content": {"redacted": "ab" * 8}, "sensitive": True},
                  "requires": [{"collection": "files", "id": "/etc/motd"}], "notifies": []}
        local = {**MOTD, "id": "/etc/local", "origin": "local"}
        self.api.on("GET", "/v1/hosts/web1/resources", page([MOTD, secret, local]))
        for format in ("json", "yaml"):
            shown = self.ek("get", "resources", "--host", "web1", "-o", format)
            sent = self.sent("-", stdin=shown)["resources"]
            self.assertEqual(sent, [
                {"collection": "files", "id": "/etc/motd", "description": MOTD["description"],
                 "policy": "report"},
                {"collection": "files", "id": "/etc/secret", "description": secret["description"],
                 "policy": "report", "requires": secret["requires"], "notifies": []}])
            self.assertIn("/etc/local is described by its host itself: left out", self.told)
        self.api.on("GET", "/v1/hosts/web1/resources/files/%2Fetc%2Fmotd", reply(200, MOTD))
        one = self.ek("get", "resources", "files", "/etc/motd", "--host", "web1", "-o", "yaml")
        self.assertEqual(self.sent("-", stdin=one)["resources"],
                         [{"collection": "files", "id": "/etc/motd",
                           "description": MOTD["description"], "policy": "report"}])

    def test_text_is_the_same_on_the_way_through_yaml(self):
        odd = {**MOTD, "id": "/\uffff\U0001fffe",
               "description": {"content": "\ufdd0\n", "\ufffe": "b\ufeff"}}
        self.api.on("GET", "/v1/hosts/web1/resources", page([odd]))
        shown = self.ek("get", "resources", "--host", "web1", "-o", "yaml")
        self.assertEqual(self.sent("-", stdin=shown)["resources"], [
            {"collection": "files", "id": odd["id"], "description": odd["description"],
             "policy": "report"}])

    def test_a_file_that_is_cut_off_in_quotes_is_refused(self):
        cut = 'collection: files\nid: /x\ndescription:\n  content: "abc\n  mode: 0644\n'
        self.assertIn("ends inside quotes, which are not closed, at line 6, column 1",
                      self.refused("-", stdin=cut))
        self.assertIn("a line begins with %", self.refused("-", stdin=YAML + "...\n%junk\n"))

    def test_delete_removes_all_that_a_file_describes_dependents_first(self):
        order = [resource("/c", requires=[{"collection": "files", "id": "/b"}]),
                 resource("/a"),
                 resource("/b", requires=[{"collection": "files", "id": "/a"}])]
        path = self.write("a.yaml", json.dumps({"resources": order}))
        for id in "abc":
            self.api.on("DELETE", f"/v1/hosts/web1/resources/files/%2F{id}", reply(200, command()))
        self.ek("delete", "-f", path, "--host", "web1")
        self.assertEqual([r.path[-1] for r in self.api.asked("DELETE")], ["c", "b", "a"])
        for id in "abc":
            self.api.on("POST", f"/v1/hosts/web1/resources/files/%2F{id}:forget",
                        reply(200, command()))
        self.ek("forget", "-f", path, "--host", "web1")
        self.assertEqual([r.path[-8] for r in self.api.asked("POST")], ["c", "b", "a"])
        self.ek("forget", "--host", "web1", exits=2)
        self.ek("delete", "-f", path, "--host", "web1", "--idempotency-key", "k")
        self.assertEqual([r.headers["idempotency-key"] for r in self.api.asked("DELETE")[3:]],
                         ["k/web1/0", "k/web1/1", "k/web1/2"])
        self.api.on("DELETE", "/v1/hosts/web1/resources/files/%2Fb", problem(404, "not-found"))
        self.ek("delete", "-f", path, "--host", "web1", exits=5)
        self.assertEqual(len(self.api.asked("DELETE")), 9)


if __name__ == "__main__":
    unittest.main()
