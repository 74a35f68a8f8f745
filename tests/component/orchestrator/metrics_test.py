"""/metrics reads as Prometheus' text format, and its labels stay few."""

import pathlib
import re
import unittest

from case import OrchestratorCase

SCALING = pathlib.Path(__file__).resolve().parents[3] / "docs/scaling.md"
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? '
                    r'([0-9.e+-]+|\+Inf)$')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


def parse(text):
    """{family: (type, [(name, labels, value)])}; fails on what Prometheus would not take."""
    families, current = {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split(" ", 3)[2]
            assert name not in families, f"{name} comes twice"
            families[name] = [None, []]
            current = name
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name == current and kind in ("counter", "gauge", "histogram"), line
            families[name][0] = kind
        else:
            found = SAMPLE.match(line)
            assert found, f"no sample: {line!r}"
            name, labels, value = found.groups()
            ending = name.removeprefix(current)
            is_histogram = families[current][0] == "histogram"
            allowed = ("_bucket", "_sum", "_count") if is_histogram else ("",)
            assert name.startswith(current) and ending in allowed, line
            families[current][1].append((name, dict(LABEL.findall(labels or "")), float(value)))
    samples = [(name, tuple(sorted(labels.items()))) for _, all_of in families.values()
               for name, labels, _ in all_of]
    assert len(samples) == len(set(samples)), "a sample comes twice"
    return families


class Metrics(OrchestratorCase):
    def families(self):
        connection = self.rest.connect()
        connection.request("GET", "/metrics")  # without a token
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        self.assertEqual(response.getheader("Content-Type"),
                         "text/plain; version=0.0.4; charset=utf-8")
        return parse(text), text

    def value(self, families, family, **labels):
        return sum(value for _, found, value in families[family][1]
                   if labels.items() <= found.items())

    def test_what_happens_is_counted(self):
        agent = self.online()
        command = self.put_done(agent, "/a", {})
        self.drift(agent, command)
        self.put("/b", {})
        self.rest.call("GET", "/v1/hosts/nobody")
        self.rest.call("GET", "/nowhere/at/all")
        found, _ = self.families()
        self.assertEqual(self.value(found, "evenkeel_hosts", connection="online"), 1)
        self.assertEqual(self.value(found, "evenkeel_resources", status="drifted"), 1)
        self.assertEqual(self.value(found, "evenkeel_commands_finished_total"), 1)
        self.assertEqual(self.value(found, "evenkeel_commands"), 1)
        self.assertEqual(self.value(found, "evenkeel_events_total", type="resource.drifted"), 1)
        self.assertEqual(self.value(found, "evenkeel_http_requests_total", route="/v1/hosts/{h}",
                                    status="404"), 1)
        self.assertEqual(self.value(found, "evenkeel_http_requests_total", route="none"), 1)
        self.assertEqual(self.value(found, "evenkeel_http_requests_total", status="202"), 2)
        for family in ("evenkeel_store_commits_total", "evenkeel_store_committed_changes_total",
                       "evenkeel_bus_messages_total"):
            self.assertGreater(self.value(found, family), 3, family)
        for family in ("evenkeel_store_rows_total", "evenkeel_json_texts_total",
                       "evenkeel_json_bytes_total"):
            for operation in ("read", "written"):
                self.assertGreater(self.value(found, family, operation=operation), 30,
                                   f"{family} {operation}")
        events = self.events()
        found, _ = self.families()
        self.assertEqual(self.value(found, "evenkeel_event_streams"), 1)
        events.close()

    def test_the_page_on_scaling_names_metrics_and_labels_that_are_there(self):
        agent = self.online()
        self.put_done(agent, "/a", {})
        found, _ = self.families()
        rows = [line.split("|")[1] for line in SCALING.read_text(encoding="utf-8").splitlines()
                if line.startswith("| `evenkeel_")]
        self.assertGreater(len(rows), 10)
        for row in rows:
            names, _, labels = row.partition(" by ")
            for name in re.findall(r"`(\w+)`", names):
                with self.subTest(name):
                    self.assertIn(name, found)
                    known = set().union(*(labels for _, labels, _ in found[name][1]))
                    if found[name][1]:
                        self.assertLessEqual(set(re.findall(r"`(\w+)`", labels)), known)

    def test_histograms_add_up(self):
        for _ in range(3):
            self.rest.get("/v1/hosts")
        samples = self.families()[0]["evenkeel_http_request_duration_seconds"][1]
        mine = [(name, labels, value) for name, labels, value in samples
                if labels["route"] == "/v1/hosts"]
        buckets = [value for name, _, value in mine if name.endswith("_bucket")]
        count, = [value for name, _, value in mine if name.endswith("_count")]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual((count, buckets[-1]), (3, 3))

    def test_nothing_from_outside_becomes_a_label(self):
        names = [f"canary-{number}" for number in range(4)]
        for name in names:
            self.enrolled(name)
            self.put("/canary/" + name, {}, host=name)
            self.rest.call("GET", f"/canary/{name}")
            self.rest.call("CANARY" + name[-1], "/v1/hosts")
        before, text = self.families()
        self.assertNotIn("canary", text.lower())
        count = sum(len(samples) for _, samples in before.values())
        for name in names:
            self.put("/more/" + name, {}, host=name)
            self.rest.call("GET", f"/else/{name}")
        after, _ = self.families()
        # The first answer to a request for the metrics themselves is new in the second.
        self.assertLess(sum(len(samples) for _, samples in after.values()) - count, 20)


class Limits(OrchestratorCase):
    rest_options = {"rate_limit": {"per_second": 1, "burst": 10}}

    def test_a_token_that_asks_too_often_is_told_when_to_come_back(self):
        replies = [self.rest.call("GET", "/v1/hosts") for _ in range(30)]
        refused = [reply for reply in replies if reply.status != 200]
        self.assertGreaterEqual(len(replies) - len(refused), 10)
        self.assertGreater(len(refused), 5)
        self.assert_problem(refused[0], 429, "rate-limited")
        self.assertGreaterEqual(int(refused[0].headers["retry-after"]), 1)
        self.assertEqual((refused[0].headers["ratelimit-limit"],
                          refused[0].headers["ratelimit-remaining"]), ("10", "0"))
        self.assertGreaterEqual(int(refused[0].headers["ratelimit-reset"]), 1)
        self.assertEqual(self.rest.call("GET", "/livez").status, 200)


class Problems(OrchestratorCase):
    def test_every_problem_s_type_can_be_read(self):
        refused = self.rest.call("GET", "/v1/hosts/nobody")
        kind = self.rest.get(refused.body["type"])
        self.assertEqual((kind["code"], kind["status"], kind["title"]),
                         ("not-found", 404, refused.body["title"]))
        self.assert_problem(self.rest.call("GET", "/problems/none"), 404, "not-found")


if __name__ == "__main__":
    unittest.main(verbosity=2)
