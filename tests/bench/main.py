"""scripts/bench: measures the lines that are named (all without names) and prints them as a table.

  writes     durable writes over REST
  connect    thousands of agents connect
  fanout     one command to each of them
  idle       the orchestrator while nothing happens
  storm      thousands of drifts at once
  streams    a thousand clients that follow events
  lists      lists over the fleet
  restart    all agents come back after a kill -9
  files      the real agent with 10,000 files
  agent      the real agent while nothing happens
  latency    a PUT, and an edit, until a client knows
  compile    hosts of templated resources
  label      a label of a host until its file is there, and what a model costs idle
  plans      plans over the fleet
  plugins    a plugin's load, calls and process, bad neighbours, and an author's waiting
"""

import argparse
import datetime
import os
import pathlib
import sys
import time

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TREE / "tests"), str(TREE / "tests/e2e")]

import connect  # noqa: E402
import fanout  # noqa: E402
import files  # noqa: E402
import idle  # noqa: E402
import latency  # noqa: E402
import lists  # noqa: E402
import model  # noqa: E402
import plugins  # noqa: E402
import storm  # noqa: E402
import streams  # noqa: E402
import writes  # noqa: E402
from context import FLEET, Bench  # noqa: E402
from table import replaced  # noqa: E402

PAGE = TREE / "docs/performance.md"
WORK = {"writes": writes.measure, "connect": connect.measure, "fanout": fanout.measure,
        "idle": idle.measure, "storm": storm.measure, "streams": streams.measure,
        "lists": lists.measure, "restart": connect.measure_restart, "files": files.measure,
        "agent": idle.measure_agent, "latency": latency.measure,
        "compile": model.compiling, "label": model.label_to_file, "plans": model.plans,
        "plugins": plugins.measure}


def machine():
    """What was measured on, and how busy it was otherwise."""
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), "unknown processor")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (f"{datetime.date.today()}, {os.cpu_count()} cores ({model}), {memory:.0f} GiB, "
            f"Linux {os.uname().release}; load before: {os.getloadavg()[0]:.1f}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*WORK, []], metavar="NAME")
    parser.add_argument("--agents", type=int, default=FLEET, help="of the herd (default: 10000)")
    parser.add_argument("--rounds", type=int, default=3, help="of what is repeated (default: 3)")
    parser.add_argument("--peers", action="store_true", help="measure others that are installed")
    parser.add_argument("--write", action="store_true", help="write the table into the page")
    given = parser.parse_args()
    if given.write and given.names:
        parser.error("--write makes the whole table anew: give no names with it")
    context, start = machine(), time.monotonic()
    print(context, flush=True)
    bench = Bench(pathlib.Path(os.environ["EVENKEEL_BUILD"]), given.rounds, given.agents,
                  given.peers)
    try:
        for name in given.names or WORK:
            bench.say(f"{name}, {time.monotonic() - start:.0f} s")
            WORK[name](bench)
    finally:
        bench.close()
    if given.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(replaced(page, bench.lines, f"Measured {context}."), encoding="utf-8")
    bench.say(f"all took {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
