"""How long the main path takes on booted hosts: a PUT until it is done on the machine, and an edit
on the machine, or the crash of a service, until its drift is read from the event stream, and until
it is repaired.

Prints one line for each figure: median, 90th and 99th percentile in milliseconds, and beside it the
floor: the same work without Evenkeel.
"""

import os
import statistics
import sys
import time

from harness.events import about
from harness.system import System, main_pid, write

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "200"))


def report(name, seconds):
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{name:48} median {cuts[49] * 1e3:8.2f} ms  p90 {cuts[89] * 1e3:8.2f}  "
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


UNIT = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/usr/bin/sleep infinity\n"


def measure_crashes(system):
    """Beside the floor: killing it, and asking systemd once how it is."""
    rest, events, host, bed = system.rest, system.events, system.ids["web"], system.hosts["web"]
    write(bed, "/etc/systemd/system/bench.service", UNIT)
    bed.run("systemctl", "daemon-reload")
    rest.put("web", "services", "bench", {"running": True}, "report")
    floor, seen = [], []
    for times, told in ((floor, False), (seen, True)) * (ROUNDS // 4):
        since, pid = events.mark(), main_pid(bed, "bench")
        start = time.monotonic()
        bed.run("kill", "-9", pid)
        if not told:
            bed.run("systemctl", "is-active", "bench", check=False)
            times.append(time.monotonic() - start)
        events.wait(about("resource.drifted", host, "services", "bench"), since=since)
        if told:
            times.append(time.monotonic() - start)
        since = events.mark()
        bed.run("systemctl", "start", "bench")
        events.wait(about("resource.restored", host, "services", "bench"), since=since)
    report("floor: kill -9 and a systemctl", floor)
    report("kill -9 until the crash is read from the stream", seen)


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

    measure_crashes(system)

    # Few rounds: an agent that repairs the same thing too often is told to stop by its flap limit.
    put("good\n", "enforce")
    start = time.monotonic()
    told("resource.repaired", 0)
    print(f"{'edit until its repair is read':48} once   {(time.monotonic() - start) * 1e3:8.2f} ms")
    system.close()


if __name__ == "__main__":
    main()
