"""One effect for one Idempotency-Key, whatever is lost on the way."""

import threading
import unittest

from case import OrchestratorCase
from program import WAIT_SECONDS, eventually


class Idempotency(OrchestratorCase):
    def put_keyed(self, key, rid="/x", description=None, **headers):
        return self.rest.call("PUT", self.path(rid), {"description": description or {}},
                              {"Idempotency-Key": key, **headers})

    def commands(self):
        return self.rest.items("/v1/commands")

    def assert_replayed(self, first, again):
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual(again.headers["idempotency-replayed"], "true")
        self.assertNotIn("idempotency-replayed", first.headers)

    def test_the_same_request_has_its_effect_once(self):
        self.enrolled()
        first = self.put_keyed("one")
        self.assertEqual(first.status, 202, first)
        self.assert_replayed(first, self.put_keyed("one"))
        self.assertEqual(self.put_keyed("one").headers["location"], first.headers["location"])
        self.assertEqual([one["id"] for one in self.commands()], [first.body["id"]])
        self.assertEqual(self.put_keyed("two").status, 202)
        self.assertEqual(len(self.commands()), 2)

    def test_another_request_under_the_same_key_is_refused(self):
        self.enrolled()
        self.put_keyed("one")
        for again in (self.put_keyed("one", "/y"), self.put_keyed("one", "/x", {"mode": "0644"}),
                      self.put_keyed("one", **{"If-Match": "*"})):
            self.assert_problem(again, 422, "idempotency-key-reused")
        self.assertEqual(len(self.commands()), 1)
        other_route = self.rest.call("DELETE", self.path("/x"), headers={"Idempotency-Key": "one"})
        self.assertEqual(other_route.status, 202)

    def test_what_was_refused_may_be_sent_again(self):
        self.assertEqual(self.put_keyed("one").status, 404)
        self.enrolled()
        self.assertEqual(self.put_keyed("one", "/x", {"mode": "x"}).status, 202)
        for key in ("", "a b", "ü", "x" * 256):
            self.assert_problem(self.put_keyed(key.encode().decode("latin-1")), 400,
                                "invalid-parameter")

    def test_every_changing_route_replays(self):
        host = self.enrolled().host
        command = self.put("/a", {}).body["id"]
        for method, path, body in (
                ("PATCH", "/v1/hosts/web1", {"labels": {"a": "b"}}),
                ("POST", "/v1/hosts/web1:apply", {"resources": [
                    {"collection": "files", "id": "/f", "description": {}}]}),
                ("POST", self.path("/f") + ":forget", None),
                ("POST", f"/v1/commands/{command}:cancel", None),
                ("DELETE", self.path("/a"), None),
                ("POST", "/v1/enrolment-tokens", {"name": "t"}),
                ("POST", "/v1/tokens", {"name": "t", "role": "viewer"}),
                ("POST", "/v1/hosts/web1:retire", None),
                ("POST", f"/v1/hosts/{host}:release-name", None)):
            first, again = (self.rest.call(method, path, body, {"Idempotency-Key": "k"})
                            for _ in range(2))
            self.assertLess(first.status, 300, (method, path, first))
            self.assert_replayed(first, again)
        made, = [one for one in self.rest.items("/v1/enrolment-tokens") if one["name"] == "t"]
        for _ in range(2):
            gone = self.rest.call("DELETE", f"/v1/enrolment-tokens/{made['id']}",
                                  headers={"Idempotency-Key": "d"})
            self.assertEqual(gone.status, 204)
        self.assertEqual(gone.headers["idempotency-replayed"], "true")

    def test_a_secret_in_a_kept_answer_is_not_in_the_store(self):
        made = self.rest.call("POST", "/v1/enrolment-tokens", {}, {"Idempotency-Key": "k"})
        secret = made.body["secret"]
        self.assertEqual(self.orchestrator.stop(), 0)
        for path in self.orchestrator.state.rglob("*"):
            if path.is_file():
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_while_the_first_is_in_work_the_second_is_told_so(self):
        agent = self.online()
        replies = []
        asking = threading.Thread(target=lambda: replies.append(
            self.put_keyed("one", Prefer="wait=20")))
        asking.start()
        taken = agent.take_command()
        busy = self.put_keyed("one")
        self.assert_problem(busy, 409, "idempotency-key-busy")
        self.assertEqual(busy.headers["retry-after"], "1")
        agent.outcome(taken)
        asking.join(WAIT_SECONDS)
        self.assertEqual((replies[0].status, replies[0].body["state"]), (200, "succeeded"))
        self.assert_replayed(replies[0], self.put_keyed("one"))

    def test_a_kill_between_commit_and_answer_leaves_one_command(self):
        agent = self.online()
        answers = []

        def ask():
            try:
                answers.append(self.put_keyed("one", Prefer="wait=30"))
            except OSError as lost:
                answers.append(lost)

        asking = threading.Thread(target=ask)
        asking.start()
        taken = agent.take_command()  # so it is committed, and the answer waits for its end
        self.orchestrator.kill()
        asking.join(WAIT_SECONDS)
        self.assertIsInstance(answers[0], Exception)
        self.orchestrator.start()
        again = self.put_keyed("one")
        self.assertEqual((again.status, again.body["id"]), (202, taken["id"]), again)
        self.assertEqual(again.headers["idempotency-replayed"], "true")
        self.assertEqual([one["id"] for one in self.commands()], [taken["id"]])
        agent.close()
        agent.go_online()
        agent.outcome(taken)
        eventually("it has ended", lambda: self.command(taken["id"])["state"] == "succeeded")


if __name__ == "__main__":
    unittest.main(verbosity=2)
