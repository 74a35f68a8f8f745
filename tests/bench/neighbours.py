"""What a plugin that does harm in a process of its own costs the other collections."""

import contextlib
import threading
import time

from statistics import median

# What the test plugin `unruly` does when this is its text.
CASES = (("a plugin whose process is killed", "kill"), ("one that hangs", "hang"),
         ("one that takes all memory", "memory"),
         ("one that starts processes without end", "processes"),
         ("one that floods its output", "print"), ("one that sends nonsense", "nonsense"))
BLOCKS, EDITS = 8, 10
PAUSE = 0.1  # between the changes that the neighbour is told to make
PATIENCE = 60


def measure(bench):
    """In turns beside the same plugin while it behaves, so that only the harm differs. In memory,
    where no disk hides what the processor does."""
    with bench.agent(parent="/dev/shm", plugin_dirs=["plugins", "tests/support/plugins"],
                     plugins=[{"name": "files"}, {"name": "unruly"}],
                     calls={"silence": "2s"}, sweep={"interval": "1h"}) as agent:
        file = File(agent)
        with contextlib.closing(file):
            for name, text in CASES:
                good, bad, said = [], [], ""
                for _ in range(BLOCKS):
                    with Neighbour(agent, "fine"):
                        good += file.edit_times(EDITS)
                    with Neighbour(agent, text) as neighbour:
                        bad += file.edit_times(EDITS)
                    said = neighbour.said
                bench.say(f"{name}: {said}")
                bench.add(f"edit until its drift is told, beside {name}", "ms", bad,
                          goal="<= 1.1 x", floor=("beside a good one", median(good)))


class File:
    """A described file, and who hears of its drift."""

    def __init__(self, agent):
        self.path = agent.root / "file"
        agent.local.apply("files", str(self.path), {"content": "good\n"})
        self.watch = agent.local.watch()

    def close(self):
        self.watch.close()

    def edit_times(self, count):
        """Milliseconds from an edit until the agent's event."""
        found = []
        for number in range(count):
            found.append(self._edit(f"bad {number}\n", "resource.drifted"))
            self._edit("good\n", "resource.restored")
            time.sleep(0.05)  # so that the next edit does not follow another
        return found

    def _edit(self, text, kind):
        since, start = self.watch.mark(), time.monotonic()
        self.path.write_text(text)
        if not self.watch.wait(kind, "files", str(self.path), since, PATIENCE):
            raise RuntimeError(f"{kind} is not told")
        return (time.monotonic() - start) * 1000


class Neighbour:
    """The plugin `unruly`, which is told to do this again and again. When it is left, what it did
    wrong has been told: `said` has the words of the last failure."""

    def __init__(self, agent, text):
        self.local, self.text, self.said = agent.local, text, ""
        self.is_over = threading.Event()
        self.failures = 0
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.is_over.set()
        self.thread.join()
        if error[0]:
            return
        if (self.text == "fine") != (self.failures == 0):
            raise RuntimeError(f"{self.text}: {self.failures} failures are told: {self.said}")
        self._heal()

    def _run(self):
        number = 0
        while not self.is_over.wait(PAUSE):
            number += 1
            # Each good change is one, so that as much is stored as beside a bad one.
            text = f"fine {number}" if self.text == "fine" else self.text
            error = self._apply(text)
            if error:
                self.failures += 1
                self.said = error

    def _apply(self, text):
        """The words of its failure, if it fails. A plugin that is held gets another chance."""
        error = self.local.apply("unruly", "one", {"text": text}).get("error")
        found = next(each for each in self.local.ask("plugins")["plugins"]
                     if each["collection"] == "unruly")
        if found["state"] == "out_of_order":
            self.local.ask("release", collection="unruly")
        return error and error["detail"]

    def _heal(self):
        deadline = time.monotonic() + PATIENCE
        while error := self._apply("fine"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the plugin does not come back: {error}")
            time.sleep(PAUSE)  # so that asking costs the machine little
