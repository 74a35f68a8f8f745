"""How long the main path takes on booted hosts: a PUT until it is done on the machine, and an edit
on the machine until its drift is read from the event stream and until it is repaired.

Prints one line for each figure: median, 90th and 99th percentile in milliseconds, and beside it the
floor: the same work without Evenkeel.
"""

import os
import statistics
import sys
import time

from harness.events import about
from harness.system import System

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "200"))


def report(name, seconds):
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{name:44} median {cuts[49] * 1e3:8.2f} ms  p90 {cuts[89] * 1e3:8.2f}  "
          f"p99 {cuts[98] * 1e3:8.2f}  n={len(seconds)}", flush=True)


def measure(work):
    """The seconds that each of ROUNDS calls of work(number) took."""
    found = []
    for number in range(ROUNDS):
        start = time.monotonic()
        work(number)
        found.append(time.monotonic() - start)
    return found


def edit(path, text):
    """Rewrites a file and forces it to disk: the floor of an apply, and the tampering."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def main():
    system = System("web", checked=False)
    rest, events, host = system.rest, system.events, system.ids["web"]
    path = system.hosts["web"].files / "etc/bench"

    def put(text, policy="report"):
        done = rest.put("web", "files", "/etc/bench", {"content": text}, policy)
        if done.status != 200 or done.body["state"] != "succeeded":
            sys.exit(f"the PUT failed: {done}")

    report("floor: GET /livez", measure(lambda _: rest.call("GET", "/livez")))
    report("floor: write and fsync the file", measure(lambda n: edit(path, f"floor {n}\n")))
    report("PUT until done on the machine", measure(lambda n: put(f"put {n}\n")))

    def told(kind, number):
        since = events.mark()
        edit(path, f"tampered {number}\n")
        events.wait(about(kind, host, "files", "/etc/bench"), since=since)

    # Every second edit puts it right again, so that each is news.
    put("good\n")
    drifted = []
    for number in range(ROUNDS):
        start = time.monotonic()
        told("resource.drifted", number)
        drifted.append(time.monotonic() - start)
        since = events.mark()
        edit(path, "good\n")
        events.wait(about("resource.restored", host, "files", "/etc/bench"), since=since)
    report("edit until its drift is read from the stream", drifted)

    # Few rounds: an agent that repairs the same thing too often is told to stop by its flap limit.
    put("good\n", "enforce")
    start = time.monotonic()
    told("resource.repaired", 0)
    print(f"{'edit until its repair is read':44} once   {(time.monotonic() - start) * 1e3:8.2f} ms")
    system.close()


if __name__ == "__main__":
    main()
