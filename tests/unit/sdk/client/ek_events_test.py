"""ek events: lines, resuming without loss or repetition, gaps, the end."""

import json
import signal
import subprocess
import threading
import unittest

from ek import WAIT_SECONDS, EkCase
from fake_api import hang_up, page, problem, sse, stream
from samples import DRIFTED, HOST_A, HOST_B

EVENTS = "/v1/events"


class Events(EkCase):
    def setUp(self):
        super().setUp()
        self.held = threading.Event()
        self.addCleanup(self.held.set)
        self.api.on("GET", "/v1/hosts", page([HOST_A]))

    def follow(self, count, *arguments):
        """The first `count` lines of ek events --follow; it is interrupted then."""
        process = self.start("events", "--follow", *arguments)
        watchdog = threading.Timer(WAIT_SECONDS, process.kill)
        watchdog.start()
        lines = [process.stdout.readline() for _ in range(count)]
        process.send_signal(signal.SIGINT)
        rest, self.told = process.communicate(timeout=WAIT_SECONDS)
        watchdog.cancel()
        self.assertEqual(process.returncode, 130, self.told)
        self.assertEqual(rest, "")
        return lines

    def numbers(self, lines):
        return [int(json.loads(line)["id"].split("-")[1]) for line in lines]

    def test_json_is_one_event_a_line_as_it_came(self):
        self.api.on("GET", EVENTS, stream(sse(1, compliance=DRIFTED), hold=self.held))
        line = self.follow(1, "-o", "json", "--host", "web1", "--type", "resource.drifted")[0]
        self.assertEqual(json.loads(line)["data"]["compliance"], DRIFTED)
        request = self.api.asked("GET", EVENTS)[0]
        self.assertEqual(request.query, {"host": "web1", "type": "resource.drifted"})
        self.assertEqual(request.headers["accept"], "text/event-stream")

    def test_a_line_says_host_resource_and_field(self):
        self.api.on("GET", EVENTS, stream(sse(1, compliance=DRIFTED), hold=self.held))
        self.assertEqual(self.follow(1), ["2026-11-23T05:36:53.120Z  resource.drifted  web1  "
                                          "files//etc/motd  /mode 0644 is 0600\n"])

    def test_a_line_says_when_it_happened_and_if_it_was_recorded_much_later(self):
        recorded = "2026-11-23T07:36:53.120Z"
        self.api.on("GET", EVENTS, stream(sse(1, recorded=recorded, compliance=DRIFTED),
                                          hold=self.held))
        self.assertEqual(self.follow(1), [f"2026-11-23T05:36:53.120Z (recorded {recorded})  "
                                          "resource.drifted  web1  files//etc/motd  "
                                          "/mode 0644 is 0600\n"])

    def test_a_lost_stream_resumes_with_nothing_lost_and_nothing_twice(self):
        cut = sse(3)[:40]  # half an event does not count
        self.api.on("GET", EVENTS, stream("retry: 50\n\n", sse(1), sse(2), cut), hang_up(),
                    problem(503, "unavailable"), stream(sse(3), ": alive\n\n", sse(4)),
                    stream(sse(5), hold=self.held))
        lines = self.follow(5, "-o", "json", "--since", "s1-0")
        self.assertEqual(self.numbers(lines), [1, 2, 3, 4, 5])
        asked = self.api.asked("GET", EVENTS)
        self.assertEqual([r.headers.get("last-event-id") for r in asked],
                         [None, "s1-2", "s1-2", "s1-2", "s1-4"])
        self.assertEqual([r.query.get("since") for r in asked], ["s1-0"] + 4 * [None])
        self.assertIn("connection lost", self.told)
        self.assertIn("ek events --follow --since s1-5", self.told)

    def test_an_id_without_an_event_says_where_to_resume(self):
        self.api.on("GET", EVENTS, stream("retry: 50\nid: s1-9\n\n"),
                    stream(sse(10), hold=self.held))
        self.follow(1, "-o", "json")
        self.assertEqual(self.api.asked("GET", EVENTS)[1].headers["last-event-id"], "s1-9")

    def test_a_reader_that_was_too_slow_resumes(self):
        self.api.on("GET", EVENTS,
                    stream("retry: 50\n\n", sse(1), "event: error\ndata: slow-consumer\n\n",
                           hold=self.held), stream(sse(2), hold=self.held))
        self.assertEqual(self.numbers(self.follow(2, "-o", "json")), [1, 2])

    def test_any_split_of_the_bytes_reads_alike(self):
        text = sse(1).replace("\n", "\r\n") + sse(2)
        self.api.on("GET", EVENTS, stream(*text, hold=self.held))
        self.assertEqual(self.numbers(self.follow(2, "-o", "json")), [1, 2])

    def test_a_gap_is_told_and_following_goes_on_from_now(self):
        self.api.on("GET", EVENTS, stream("retry: 50\n\n", sse(1)), problem(410, "gone"),
                    stream(sse(7, stream_id="s2"), hold=self.held))
        self.assertEqual(self.numbers(self.follow(2, "-o", "json")), [1, 7])
        self.assertIn("events are missing here", self.told)
        self.assertNotIn("last-event-id", self.api.asked("GET", EVENTS)[2].headers)

    def test_a_stream_lost_before_its_first_event_is_a_gap_too(self):
        self.api.on("GET", EVENTS, stream("retry: 50\n\n"), stream(sse(7), hold=self.held))
        self.assertEqual(self.numbers(self.follow(1, "-o", "json")), [7])
        self.assertIn("events are missing here", self.told)

    def test_without_follow_and_since_it_shows_the_last_hour(self):
        self.api.on("GET", EVENTS, stream(sse(39), sse(40), hold=self.held))
        self.assertEqual(self.numbers(self.ek("events", "-o", "json").splitlines()), [39, 40])
        self.assertEqual(self.api.asked("GET", EVENTS)[0].query, {"since": "1h"})
        self.api.on("GET", EVENTS, stream("id: s1-40\n\n", hold=self.held))
        self.assertEqual(self.ek("events"), "")
        self.assertIn("--since 7d", self.told)

    def test_since_takes_how_long_ago(self):
        self.api.on("GET", EVENTS, stream(sse(40), hold=self.held))
        self.ek("events", "--since", "5m")
        self.assertEqual(self.api.asked("GET", EVENTS)[0].query, {"since": "5m"})

    def test_of_several_hosts_are_only_theirs(self):
        self.api.on("GET", "/v1/hosts", page([HOST_A, HOST_B]))
        both = stream(sse(38), sse(39, host="host_x"), sse(40, host="host_b"), hold=self.held)
        self.api.on("GET", EVENTS, both)
        shown = self.ek("events", "--host", "web1,web2", "-o", "json").splitlines()
        self.assertEqual(self.numbers(shown), [38, 40])
        self.assertNotIn("host", self.api.asked("GET", EVENTS)[0].query)
        self.ek("events", "-l", "role=none", exits=9)

    def test_without_follow_it_ends_with_the_last_kept_event(self):
        self.api.on("GET", EVENTS, stream(sse(39), sse(40), hold=self.held))
        lines = self.ek("events", "--since", "s1-38", "-o", "json").splitlines()
        self.assertEqual(self.numbers(lines), [39, 40])

    def test_without_follow_an_id_alone_ends_it_and_nothing_newer_is_shown(self):
        for end in ("id: s1-40\n\n", "id: s1-45\n\n", sse(41)):
            self.api.on("GET", EVENTS, stream("id: s1-2\n\n" + sse(3) + end, hold=self.held))
            lines = self.ek("events", "--since", "s1-2", "-o", "json").splitlines()
            self.assertEqual(self.numbers(lines), [3], end)

    def test_without_follow_silence_is_not_the_end(self):
        released = threading.Event()
        self.addCleanup(released.set)

        def slowly(handler, request):
            stream(sse(3))(handler, request)
            released.wait(WAIT_SECONDS)
            handler.wfile.write((sse(4) + "id: s1-40\n\n").encode())

        self.api.on("GET", EVENTS, slowly)
        process = self.start("events", "--since", "s1-2", "-o", "json")
        first = process.stdout.readline()
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(3)
        released.set()
        rest, self.told = process.communicate(timeout=WAIT_SECONDS)
        self.assertEqual(process.returncode, 0, self.told)
        self.assertEqual(self.numbers([first, *rest.splitlines()]), [3, 4])

    def test_without_follow_a_stream_without_an_end_is_a_timeout(self):
        self.api.on("GET", EVENTS, stream(sse(3), ": alive\n\n", hold=self.held))
        shown = self.ek("events", "--since", "s1-2", "--timeout", "5s", "-o", "json", exits=8)
        self.assertEqual(self.numbers(shown.splitlines()), [3])
        self.assertIn("fell silent", self.told)

    def test_without_follow_a_foreign_position_is_told_once(self):
        self.api.on("GET", EVENTS, problem(410, "gone", "of an older stream"))
        self.ek("events", "--since", "s0-1", exits=1)
        self.assertEqual(self.told.count("of an older stream"), 1)

    def test_without_follow_a_gap_and_a_broken_stream_are_failures(self):
        self.api.on("GET", EVENTS, problem(410, "gone"))
        self.ek("events", "--since", "s0-1", exits=1)
        self.api.on("GET", EVENTS, stream(sse(3)))
        self.ek("events", "--since", "s1-2", exits=1)

    def test_a_refusal_ends_it(self):
        self.api.on("GET", EVENTS, problem(401, "unauthenticated"))
        self.ek("events", "--follow", exits=4)
        self.api.on("GET", EVENTS, problem(400, "invalid-parameter"))
        self.ek("events", "--follow", "--since", "x", exits=1)

    def test_an_event_without_end_is_refused(self):
        self.api.on("GET", EVENTS, stream("data: " + "x" * (3 << 20), hold=self.held))
        self.ek("events", "--follow", exits=1)
        self.assertIn("larger than 2 MiB", self.told)

    def test_a_closed_pipe_ends_it(self):
        self.api.on("GET", EVENTS, stream(*(sse(n) for n in range(1, 2000)), hold=self.held))
        process = self.start("events", "--follow")
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual(process.wait(WAIT_SECONDS), -signal.SIGPIPE)
        process.stdin.close()
        process.stderr.close()


if __name__ == "__main__":
    unittest.main()
