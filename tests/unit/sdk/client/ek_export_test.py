"""export: a folder that declares what is there, so that a plan of it is empty."""

import base64
import unittest

from fleet import FleetCase, application, assignment, environment, setting

REDACTED = {"redacted": "f00"}
LONG = "server {\n  listen {{port}};\n}\n"
BINARY = base64.b64encode(bytes(range(256))).decode()
TEXT64 = base64.b64encode(b"text\n").decode()


def file(id, **description):
    return {"collection": "files", "id": id, "description": description, "policy": "enforce"}


class Export(FleetCase):
    def setUp(self):
        super().setUp()
        self.out = self.home / "out"
        self.known(
            environments=[environment("default"), environment("prod", protected=True),
                          environment("prod/eu", note="Europe\nand more\n")],
            applications=[application("web", note="pages", parameters={
                "type": "object", "properties": {"port": {"type": "integer", "default": 80}}},
                resources=[file("/etc/a.yaml", content=LONG), file("/etc/a_yaml", content=LONG),
                           file("/etc/short", content="x", mode="0600"),
                           file("/bin", content_base64=BINARY, mode="0755"),
                           file("/text64", content_base64=TEXT64),
                           file("../{{name}}", content="y" * 300),
                           {"collection": "packages", "id": "nginx", "description": {}}],
                peers={"db": {"filter": "labels.role = db", "min": 1}}, source="site")],
            assignments=[assignment("one", host="host_a", version=2, policy="audit"),
                         assignment("all", environment="prod", filter="labels.role = web")],
            settings=[setting("global", "port", 80), setting("global", "no", "no"),
                      setting("global", "limits", {"open": 1.5, "list": [None, True]}),
                      setting("global", "web:port", None, link={"scope": "host:host_a",
                                                                "key": "port"}),
                      setting("host:host_a", "port", "8080"),
                      setting("assignment:all", "names", ["a", "b"]),
                      setting("environment:prod/eu", "a", REDACTED, secret=True),
                      setting("environment:prod/eu", "hidden_link", None, secret=True,
                              link={"scope": "global", "key": "port"}),
                      setting("environment:prod", "eu_a", REDACTED, secret=True)])

    def test_a_plan_of_what_was_written_is_empty(self):
        self.ek("export", str(self.out))
        files = sorted(str(path.relative_to(self.out)) for path in self.out.rglob("*")
                       if path.is_file())
        self.assertEqual(files, [
            "application-web.yaml", "assignments.yaml", "environments.yaml",
            "files/web/bin", "files/web/etc_a.yaml", "files/web/etc_a_yaml",
            "files/web/name__", "settings.yaml"])
        self.assertEqual((self.out / "files/web/etc_a.yaml").read_text(), LONG)
        self.assertEqual((self.out / "files/web/bin").read_bytes(), bytes(range(256)))
        self.assertIsNone(self.planned(sources=[self.out]))
        self.assertEqual(self.ek("diff", "-f", str(self.out), "--exit-code"), "")

    def test_hosts_are_named_and_secrets_are_absent(self):
        self.ek("export", str(self.out))
        for line in ("a secret, which is not in it: environment:prod/eu a: "
                     "SECRET_ENVIRONMENT_PROD_EU_A",
                     "a secret, which is not in it: environment:prod eu_a: "
                     "SECRET_ENVIRONMENT_PROD_EU_A",
                     "an older version, which is not in it: assignment one: version 2 of web",
                     "15 objects in 8 files of "):
            self.assertIn(line, self.told)
        settings = (self.out / "settings.yaml").read_text()
        self.assertTrue(settings.startswith("# Secrets are not in this file"), settings)
        self.assertIn("value_from:\n      env: SECRET_ENVIRONMENT_PROD_EU_A\n", settings)
        self.assertIn("SECRET_ENVIRONMENT_PROD_EU_A_2", settings)
        everything = settings + (self.out / "assignments.yaml").read_text()
        self.assertNotIn("f00", everything)
        self.assertNotIn("host_a", everything)
        self.assertIn("host: web1", everything)
        # Each placeholder stands for its own secret.
        self.environment["SECRET_ENVIRONMENT_PROD_EU_A_2"] = "new"
        sent = self.planned(sources=[self.out])
        self.assertEqual([len(body) for body in sent.values()], [1])

    def test_a_folder_with_something_in_it_is_left_alone(self):
        self.out.mkdir()
        self.ek("export", str(self.out))
        stale = self.out / "application-gone.yaml"
        stale.write_text("kind: application\nname: gone\n")
        self.ek("export", str(self.out), exits=2)
        self.assertIn("--force", self.told)
        self.ek("export", str(self.out), "--force")
        self.assertIn("application-gone.yaml was there before", self.told)
        self.assertNotIn("etc_a.yaml was", self.told)
        self.ek("export", str(self.token_file), exits=2)

    def files(self, folder):
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                      if not path.is_dir())

    def test_no_name_of_the_orchestrator_becomes_a_path(self):
        hostile = ("../../up", "/etc/x", "..", ".", "", ".hidden", "a/b", "a_b", "x" * 300,
                   "a\nb", "a\x00b", "\u202eb")
        self.known(
            environments=[environment(name) for name in hostile],
            applications=[application(name, resources=[file("../../../" + name, content=LONG)])
                          for name in hostile],
            assignments=[assignment(name) for name in hostile],
            settings=[setting("environment:../../" + name, "../" + name, REDACTED, secret=True)
                      for name in hostile])
        before = self.files(self.home)
        self.ek("export", str(self.out))
        written = self.files(self.out)
        self.assertEqual(sorted(set(self.files(self.home)) - set(before)),
                         ["out/" + name for name in written])
        for name in written:
            self.assertRegex(name, r"^(application-|files/)?[A-Za-z0-9_][A-Za-z0-9._-]{0,110}"
                                   r"(/[A-Za-z0-9_][A-Za-z0-9._-]{0,110})?$")
        self.assertEqual(len([name for name in written if name.startswith("application-")]),
                         len(hostile))
        self.assertEqual(len([name for name in written if name.startswith("files/")]),
                         len(hostile))
        self.assertNotIn("\u202e", self.told)

    def test_a_link_that_was_there_before_is_not_followed(self):
        target = self.home / "target"
        target.mkdir()
        self.out.mkdir()
        (self.out / "files").symlink_to(target)
        self.ek("export", str(self.out), "--force", exits=2)
        self.assertIn("out/files: a symbolic link is not followed", self.told)
        self.assertEqual(self.files(target), [])
        (self.out / "files").unlink()
        (target / "kept").write_text("kept")
        (self.out / "settings.yaml").symlink_to(target / "kept")
        (self.out / "files").mkdir()
        (self.out / "files/web").symlink_to(target)
        self.ek("export", str(self.out), "--force", exits=2)
        (self.out / "files/web").unlink()
        self.ek("export", str(self.out), "--force")
        self.assertEqual(self.files(target), ["kept"])
        self.assertEqual((target / "kept").read_text(), "kept")
        self.assertFalse((self.out / "settings.yaml").is_symlink())
        self.assertIsNone(self.planned(sources=[self.out]))

    def test_a_description_that_would_name_a_file_is_not_written(self):
        self.known(applications=[application("web", resources=[
            file("/etc/a", content_file="keys/private")])])
        self.ek("export", str(self.out), exits=1)
        self.assertIn("application web, files /etc/a: a manifest cannot hold a description with a "
                      "member content_file", self.told)
        self.assertFalse(self.out.exists())

    def test_an_orchestrator_without_anything_is_exported_too(self):
        self.known(environments=[environment("default")])
        self.ek("export", str(self.out))
        self.assertIsNone(self.planned(sources=[self.out]))


if __name__ == "__main__":
    unittest.main()
