"""How long twenty packages take: apt-get alone (the floor), one FILE, and twenty PUTs one by one.

Prints a line for each with median, smallest and largest, and the ratio of its median to the floor.
"""

import os
import statistics
import sys
import time

from beds import debs
from harness.system import System

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))


def main():
    system = System("deb", checked=False, prepare=lambda bed: debs.give(bed, "v1"))
    rest, bed = system.rest, system.hosts["deb"]

    def clear():
        bed.run("dpkg", "--purge", *debs.MANY)

    def by_apt():
        bed.run("apt-get", "-y", "-q", "install", *debs.MANY)

    def by_file():
        resources = [{"collection": "packages", "id": name, "description": {}, "policy": "off"}
                     for name in debs.MANY]
        done = rest.call("POST", "/v1/hosts/deb:apply", {"resources": resources},
                         {"Prefer": "wait=60"})
        if done.body.get("state") != "succeeded":
            sys.exit(f"the FILE failed: {done}")

    def one_by_one():
        for name in debs.MANY:
            done = rest.put("deb", "packages", name, {}, "off")
            if done.body.get("state") != "succeeded":
                sys.exit(f"the PUT failed: {done}")

    ways = {"apt-get install, all at once": by_apt, "one FILE": by_file,
            "twenty PUTs one by one": one_by_one}
    found = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            clear()
            start = time.monotonic()
            work()
            found[name].append(time.monotonic() - start)
    floor = statistics.median(next(iter(found.values())))
    for name, seconds in found.items():
        middle = statistics.median(seconds)
        print(f"20 packages: {name:30} median {middle:6.2f} s  {min(seconds):.2f} to "
              f"{max(seconds):.2f}  {middle / floor:5.2f} x floor  n={len(seconds)}", flush=True)
    system.close()


if __name__ == "__main__":
    main()
