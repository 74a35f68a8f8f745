"""A store that is damaged: refused at the start, or found while it is used; never begun anew."""

import os
import shutil
import unittest

from case import OrchestratorCase
from program import eventually

PAGE = 4096
REFUSED = 1
IN_USE = 4


class Damage(OrchestratorCase):
    def setUp(self):
        super().setUp()
        for number in range(200):
            self.token(name=f"t{number}")

    @property
    def data(self):
        return self.orchestrator.state / "store" / "data.mdb"

    def rewrite(self, change):
        self.data.write_bytes(change(self.data.read_bytes()))

    def refused(self):
        """What the orchestrator says when it does not start."""
        code, said = self.orchestrator.run("run")
        self.assertEqual(code, REFUSED, said)
        return said

    def checks(self):
        ready = self.rest.call("GET", "/readyz")
        return ready.status, ready.body["checks"]["store"]

    def test_a_sound_store_is_found_sound_and_only_when_nobody_uses_it(self):
        for argv in (("check",), ("audit", "--verify")):
            code, said = self.orchestrator.run(*argv)
            self.assertEqual(code, IN_USE)
            self.assertIn(f"process {self.orchestrator.process.pid} "
                          f"({os.path.basename(os.environ['EVENKEEL_ORCHESTRATOR'])})", said)
            self.assertIn("stop it first", said)
        self.assertEqual(self.orchestrator.stop(), 0)
        before = self.data.read_bytes()
        self.assertEqual(self.orchestrator.run("check"), (0, ""))
        self.assertEqual(self.data.read_bytes(), before)
        self.orchestrator.start()

    def test_a_file_that_is_cut_off_is_refused_and_named(self):
        self.orchestrator.stop()
        whole = self.data.read_bytes()
        self.rewrite(lambda data: data[:len(data) // 2])
        self.assertIn(str(self.data), self.refused())
        self.assertIn("damaged", self.orchestrator.run("check")[1])
        self.data.write_bytes(whole)
        self.orchestrator.start()

    def test_an_empty_file_beside_keys_is_no_new_system(self):
        self.orchestrator.stop()
        whole = self.data.read_bytes()
        token = (self.orchestrator.state / "admin.token").read_bytes()
        for without in (lambda: self.data.write_bytes(b""), self.data.unlink):
            without()
            said = self.refused()
            self.assertIn("restore", said)
            self.assertEqual((self.orchestrator.state / "admin.token").read_bytes(), token)
        self.data.write_bytes(whole)
        self.orchestrator.start()

    def test_a_record_that_does_not_read_makes_it_not_ready(self):
        self.orchestrator.stop()
        self.rewrite(lambda data: data.replace(b'"name":"t100"', b'"name"!"t100"'))
        self.orchestrator.start()
        self.assertEqual(self.checks(), (200, "ok"))
        answer = self.rest.call("GET", "/v1/enrolment-tokens?limit=1000")
        self.assert_problem(answer, 500, "internal")
        self.assertEqual(self.checks(), (503, "failing"))
        self.orchestrator.stop()
        code, said = self.orchestrator.run("check")
        self.assertEqual(code, REFUSED)
        self.assertIn("enrolment_tokens", said)
        self.orchestrator.start()

    def test_after_a_kill_all_pages_are_looked_at(self):
        self.orchestrator.kill()
        self.orchestrator.start()
        self.orchestrator.kill()
        # Those of the audit's beginning, which nothing reads or writes at the start.
        def spoil(data):
            pages = [data[at:at + PAGE] for at in range(0, len(data), PAGE)]
            return b"".join(page[:12] + b"\xff\xff" + page[14:]
                            if b'"seq":2,' in page else page for page in pages)
        self.rewrite(spoil)
        self.orchestrator.start()
        eventually("the damage is found", lambda: self.checks() == (503, "failing"))
        self.assertIn("restore a backup", self.orchestrator.logged())
        made = self.rest.call("POST", "/v1/enrolment-tokens", {})
        self.assert_problem(made, 500, "internal")

    def test_a_damaged_backup_replaces_nothing(self):
        backup = self.orchestrator.root / "backup"
        self.assertEqual(self.orchestrator.run("backup", str(backup))[0], 0)
        self.orchestrator.stop()
        data = backup / "store" / "data.mdb"
        os.truncate(data, data.stat().st_size // 2)
        before = self.data.read_bytes()
        code, said = self.orchestrator.run("restore", str(backup))
        self.assertEqual(code, REFUSED)
        self.assertIn("damaged", said)
        self.assertEqual(self.data.read_bytes(), before)
        shutil.rmtree(backup)
        self.orchestrator.start()


if __name__ == "__main__":
    unittest.main(verbosity=2)
