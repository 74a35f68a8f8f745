#!/usr/bin/env python3
"""Layering and hygiene of the source tree.

A rule is a function of a path and its text that yields (line number, what is wrong). tidy_test.py
shows for each of them that it can fail. `tidy.py [FILE...]` prints what it finds; without files it
looks at all that git knows or would add.
"""

import pathlib
import re
import subprocess
import sys

from functions import c_functions, python_functions, strip_c

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP = (".cpp", ".hpp", ".c", ".h")
CODE = (*CPP, ".py", ".js", ".mjs", ".sh", ".css", ".html")
SCRIPTS = ("scripts/", ".ci/", "tests/beds/bed")
FILE_LINES = 600
FUNCTION_LINES = 70
COLUMNS = 100

# folder -> what it may include of ours, beside itself. The longest matching folder counts; a folder
# that matches none (tests) may include everything.
SHARED = ["core/" + part for part in "base json schema crypto secrets wire store run link".split()]
# The agent's rooms; each sees those before it.
ROOMS = ["core/agent/" + part for part in "model store lanes compliance runs requests".split()]
LAYERS = {
    "sdk": ["sdk/include"],
    "sdk/tool": ["sdk/include", "core/plugin", "core/base", "core/command_line", "core/crypto",
                 "core/json", "core/schema", "core/secrets", "core/wire"],
    "sdk/client/cpp": ["core/base", "core/json"],
    "sdk/client/cli/manifests": ["sdk/client/cli", "sdk/client/cpp", "core/base", "core/json"],
    "sdk/client/cli": ["sdk/client/cpp", "core/base", "core/command_line", "core/json",
                       "core/crypto"],
    # Not the ABI: two headers of the wrapper that need the standard library only. Plugins see the
    # SDK and nothing else, so what both sides use lies there.
    "core/base": ["sdk/include/evenkeel/cpp/fd.hpp", "sdk/include/evenkeel/cpp/base64.hpp"],
    "core/command_line": ["core/base"],
    "core/json": ["core/base"],
    "core/schema": ["core/base", "core/json", "core/crypto"],
    "core/crypto": ["core/base", "core/json"],
    "core/secrets": ["core/base", "core/json", "core/schema", "core/crypto"],
    "core/wire": ["core/base", "core/json", "core/crypto"],
    "core/store": ["core/base", "core/json", "core/crypto"],
    "core/run": ["core/base"],
    "core/link": ["core/base", "core/json", "core/crypto", "core/run", "core/wire", "core/store"],
    "core/plugin": ["sdk/include", "core/plugin/remote", "core/base", "core/json", "core/schema",
                    "core/crypto",
                    "core/secrets", "core/wire", "core/run"],
    "core/plugin/channel": ["sdk/include", "core/plugin", "core/base"],
    "core/plugin/remote": ["sdk/include", "core/plugin", "core/plugin/channel", "core/base",
                           "core/json", "core/run"],
    "core/plugin_host": ["sdk/include", "core/plugin", "core/plugin/channel", "core/base"],
    "core/agent/config": ["core/base", "core/command_line", "core/crypto", "core/json"],
    "core/agent/model": ["core/base", "core/json", "core/wire"],
    "core/agent/store": ["core/agent/model", *SHARED],
    "core/agent/lanes": [*ROOMS[:2], "core/plugin", *SHARED],
    "core/agent/compliance": [*ROOMS[:3], "core/plugin", *SHARED],
    "core/agent/runs": [*ROOMS[:4], "core/plugin", *SHARED],
    "core/agent/requests": [*ROOMS[:5], "core/plugin", *SHARED],
    "core/agent/uplink": ["core/agent/config", *ROOMS[:6], "core/plugin", *SHARED],
    "core/agent/local": ["core/agent/config", *ROOMS[:6], "core/plugin", *SHARED],
    "core/agent": ["core/plugin", *SHARED],
    "plugins": ["sdk/include", "plugins/posix", "plugins/accounts"],
    "orchestrator/filter": ["core/base", "core/json"],
    "orchestrator/http": SHARED,
    "orchestrator/state": SHARED,
    "orchestrator/model": ["orchestrator/compile", "orchestrator/filter", "orchestrator/state",
                           *SHARED],
    "orchestrator/commands": ["orchestrator/state", *SHARED],
    "orchestrator/plans": ["orchestrator/compile", "orchestrator/filter", "orchestrator/model",
                           "orchestrator/state", "orchestrator/commands", "orchestrator/hosts",
                           *SHARED],
    "orchestrator/hosts": ["orchestrator/state", "orchestrator/commands", *SHARED],
    "orchestrator/bus": ["orchestrator/state", "orchestrator/commands", "orchestrator/hosts",
                         *SHARED],
    "orchestrator/api": ["orchestrator/compile", "orchestrator/filter", "orchestrator/http",
                         "orchestrator/state", "orchestrator/model", "orchestrator/commands",
                         "orchestrator/plans", "orchestrator/hosts", "orchestrator/bus", *SHARED],
    "orchestrator/enrolment": ["orchestrator/http", "orchestrator/state", "orchestrator/hosts",
                               "orchestrator/api", *SHARED],
    "orchestrator/compile/templates": ["core/base", "core/json"],
    "orchestrator/compile": ["orchestrator/filter", *SHARED],
    "orchestrator": ["orchestrator", "core/command_line", *SHARED],
}

# What costs seconds where it is included, or is a choice that one folder hides: library -> the
# folders whose files include it. Their headers may too, as long as no other folder includes those.
OWNED = {
    "boost/beast": ["orchestrator/http"],
    "boost/asio/(awaitable|co_spawn|detached|experimental|use_aw)": ["orchestrator/http"],
    "boost/asio/ssl": ["orchestrator/http"],
    "proton/": ["core/link"],
    "lmdb\\.h": ["core/store"],
    "valijson/": ["core/schema"],
    "spdlog/": ["core/base"],
    "openssl/": ["core/crypto", "core/link", "orchestrator/http", "plugins"],
    "sodium": ["core/crypto", "orchestrator"],
    "curl/": ["sdk/client/cpp"],
    "seccomp\\.h": ["core/plugin_host"],
    "rapidjson/": ["core/json", "core/schema", "sdk/include"],
    # Tables and keys: everybody else asks a repository.
    "orchestrator/state/(tables|records)\\.hpp": ["orchestrator/state"],
}
# The SDK offers plugins a reader over RapidJSON, which is light.
MAY_LEAK = ("sdk/include/evenkeel/json.hpp",)
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def within(path, folder):
    return path == folder or path.startswith(folder + "/")


def is_code(path):
    return path.endswith(CODE) or path.startswith(SCRIPTS)


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1], match[2]


def layering(path, text):
    """Includes go the way the design says, and are spelled from the root."""
    layer = max((folder for folder in LAYERS if within(path, folder)), key=len, default=None)
    if not path.endswith(CPP) or layer is None:
        return
    # A plugin's folders are its own, whichever of them a file lies in.
    own = "/".join(path.split("/")[:2]) if layer == "plugins" else path.rsplit("/", 1)[0]
    for number, quote, name in includes(text):
        target = "sdk/include/" + name if name.startswith("evenkeel/") else name
        if "/" not in target:
            if quote == '"' and not own.startswith(("plugins/", "sdk/")):
                yield number, f'"{name}" is not spelled from the root of the tree'
            continue
        if target.split("/")[0] not in ("sdk", "core", "plugins", "orchestrator", "tests"):
            continue
        if not any(within(target, folder) for folder in [own, *LAYERS[layer]]):
            yield number, f"{layer} may not include {name}"


def owners(name):
    """The folders that may include a library's header, or None if everybody may."""
    return next((folders for library, folders in OWNED.items() if re.match(library, name)), None)


def owned_libraries(path, text):
    """A heavy library is included by the folder that hides it and by nobody else."""
    if path.startswith("tests/") or not path.endswith(CPP):
        return
    for number, _, name in includes(text):
        folders = owners(name)
        if folders and not any(within(path, folder) for folder in folders):
            yield number, f"<{name}> is kept to {', '.join(folders)}"


def pragma_once(path, text):
    """A C++ header starts with #pragma once; a C header of the SDK may have a guard."""
    guarded = "#pragma once" in text or (path.startswith("sdk/") and "#ifndef" in text)
    if path.endswith((".hpp", ".h")) and not guarded:
        yield 1, "no #pragma once"


def file_length(path, text):
    if is_code(path) and text.count("\n") > FILE_LINES:
        yield FILE_LINES, f"longer than {FILE_LINES} lines"


def line_length(path, text):
    if not is_code(path) or path.endswith(".html"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield number, f"longer than {COLUMNS} columns"


def function_length(path, text):
    found = []
    if path.endswith(CPP):
        found = c_functions(text)
    elif path.endswith(".py"):
        found = python_functions(text)
    for name, first, last in found:
        if last - first + 1 > FUNCTION_LINES:
            yield first, f"{name} has {last - first + 1} lines, more than {FUNCTION_LINES}"


def white_space(path, text):
    """No trailing blanks, no carriage returns, tabs only where make wants them, a last newline."""
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line"
        if "\t" in line and path.endswith(CODE):
            yield number, "a tab"
    if text and not text.endswith("\n") and not path.endswith(".in"):
        yield text.count("\n") + 1, "no newline at the end"


def left_over_words(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TOD[O]|FIXM[E]|XX[X])\b", line):
            yield number, "unfinished work is named; finish it or leave it out"


def machine_paths(path, text):
    """Nothing of the place where this was written."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"/wor[k]/|/tmp/tea[m]|/tmp/bash_job[s]|deb\.debia[n]\.org|"
                     r"registry\.npmj[s]\.org|pypi\.or[g]", line):
            yield number, "a path or address of one machine"


def banned_calls(path, text):
    """std::regex blows up on hostile input, and a shell reads more than it was meant to."""
    if not path.endswith(CPP):
        return
    for number, line in enumerate(strip_c(text).splitlines(), 1):
        if re.search(r"\bstd::w?regex\b|#\s*include\s*<regex>", line):
            yield number, "std::regex: use RE2"
        if re.search(r"(?<![\w.>])(std::|::)?(system|popen|wordexp)\s*\(", line):
            yield number, "no shell: use posix_spawn or a library"
        if re.search(r"(?<![\w.>:])(std::|::)?(strcpy|strcat|sprintf|gets|tmpnam|mktemp)\s*\(",
                     line):
            yield number, "unbounded or racy C function"


# The wall clock is for dates that people read. It may be set at any moment, so no distance is
# measured by it: file -> what it needs a date for. Everybody else has now_monotonic_ns(), and
# Moment or state::SteadyClock where a distance goes over a restart.
WALL_CLOCK = {
    "core/base/time.hpp": "defines it",
    "core/base/time.cpp": "defines it; Moment uses it for what lies before the last boot",
    "core/base/id.cpp": "ids begin with their date, so that they sort",
    "core/agent/agent.cpp": "from when to when the agent was blind, as it reports it",
    "core/agent/watches.cpp": "since when nobody has looked, as it is reported",
    "core/agent/compliance/compliance_tracker.cpp": "`since` and `observed_at`",
    "core/agent/runs/start_commit.cpp": "`since`",
    "core/agent/runs/step_result.cpp": "`since` and `observed_at`",
    "core/agent/store/agent_store_meta.cpp": "since when a reboot is needed",
    "core/agent/store/journal.cpp": "when an event happened",
    "orchestrator/api/access.cpp": "tokens end at a date that is shown",
    "orchestrator/api/events_api.cpp": "`since` asks for events by their date",
    "orchestrator/api/resources_api.cpp": "`observed_at`",
    "orchestrator/api/tokens_api.cpp": "tokens end at a date that is shown",
    "orchestrator/bus/agent_connection.cpp": "`last_seen`",
    "plugins/programs/programs.cpp": "`ran_at`",
    "orchestrator/bus/bus.cpp": "when a copied identity was held",
    "orchestrator/commands/describe.cpp": "`since`",
    "orchestrator/commands/queue.cpp": "`created_at`",
    "orchestrator/enrolment/port.cpp": "enrolment tokens end at a date that is shown",
    "orchestrator/enrolment/routes.cpp": "when a machine was accepted",
    "orchestrator/enrolment/token_rules.cpp": "enrolment tokens end at a date that is shown",
    "orchestrator/hosts/names.cpp": "until when a name is kept, as it is told",
    "orchestrator/hosts/presence.cpp": "`last_seen`; silence is measured beside it",
    "orchestrator/http/reply_text.cpp": "the header Date",
    "orchestrator/plans/kept_plan.cpp": "plans end at a date that is shown",
    "orchestrator/state/audit.cpp": "when it was done",
    "orchestrator/state/backup.cpp": "when a backup was made",
    "orchestrator/state/commands.cpp": "`finished_at`",
    "orchestrator/state/edit.cpp": "when an event was recorded",
    "orchestrator/state/event.cpp": "when an event was recorded",
    "orchestrator/state/plans.cpp": "`ended_at`",
    "orchestrator/state/resources.cpp": "when a description was written",
    "orchestrator/state/retention.cpp": "the dates of stored records, after weeks and months",
    "orchestrator/state/to_rest.cpp": "whether a token's date is over",
    "plugins/files/hashes.cpp": "compared with the stamps of files, which are dates",
    "plugins/packages/apt/candidates.cpp": "package lists have a date and nothing else",
    "plugins/packages/rpm/rpm.cpp": "package lists have a date and nothing else",
    "sdk/client/cli/audit.cpp": "--since asks for records by their date",
}
WALL_CLOCK_CALL = re.compile(
    r"\bnow_unix_ms\s*\(|\bnow_rfc3339\s*\(|\b(system|file|utc|tai)_clock\b|\bgettimeofday\b|"
    r"\bCLOCK_(REALTIME|TAI)|\btimespec_get\b|\blast_write_time\b|\bsystem_timer\b|"
    r"(?<![\w.>])(std::|::)?time\s*\(\s*(nullptr|NULL|0|&\w+)?\s*\)|"
    r"\b(pthread_cond_timedwait|sem_timedwait|mq_timedreceive)\b")


def wall_clock(path, text):
    """Only the files that need a date ask what time it is."""
    if not path.endswith(CPP) or path.startswith("tests/") or path in WALL_CLOCK:
        return
    for number, line in enumerate(strip_c(text).splitlines(), 1):
        if WALL_CLOCK_CALL.search(line):
            yield number, "the wall clock measures nothing: see WALL_CLOCK in tests/tidy/tidy.py"


def unexplained_sleeps(path, text):
    """A test waits for what it means (tests/support/wait.*). One that sleeps, since elapsed time is
    its subject, says so: beside the call or in the lines before it."""
    if not path.startswith("tests/") or path.startswith(("tests/support/wait.", "tests/tidy/")):
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not re.search(r"\b(u?sleep|nanosleep|sleep_for|sleep_until)\s*\(", line):
            continue
        if not re.search(r"//|#", "\n".join(lines[max(0, number - 4):number])):
            yield number, "a test sleeps and does not say why: see tests/support/wait.*"


RULES = [layering, owned_libraries, pragma_once, file_length, line_length, function_length,
         white_space, left_over_words, machine_paths, banned_calls, wall_clock,
         unexplained_sleeps]


def dead_files(files):
    """A .cpp that no meson.build names, a header that nobody includes: (path, what is wrong)."""
    built = " ".join(text for path, text in files.items() if path.endswith("meson.build"))
    included = {name.rsplit("/", 1)[-1] for path, text in files.items() if path.endswith(CPP)
                for _, _, name in includes(text)}
    for path in files:
        name = path.rsplit("/", 1)[-1]
        if path.startswith("subprojects/"):
            continue
        stem = re.escape(name.split(".")[0])
        if path.endswith((".cpp", ".c")) and not re.search(rf"['/]{stem}['.]", built):
            yield path, "no meson.build names it"
        if path.endswith(".hpp") and name not in included:
            yield path, "nobody includes it"


def leaks(files):
    """Headers that bring a heavy library into a folder that does not hide it: (path, problem)."""
    named = {path: {name if "/" in name else f"{path.rsplit('/', 1)[0]}/{name}"
                    for _, _, name in includes(text)}
             for path, text in files.items() if path.endswith(CPP)}
    heavy = {path for path, names in named.items() if any(map(owners, names))
             and path.endswith((".hpp", ".h")) and path not in MAY_LEAK}
    while more := {path for path, names in named.items()
                   if names & heavy and path.endswith(".hpp")} - heavy:
        heavy |= more
    for path, names in named.items():
        folder = path.rsplit("/", 1)[0]
        for name in sorted(names & heavy):
            if not within(folder, name.rsplit("/", 1)[0]) and not path.startswith("tests/"):
                yield path, f"{name} brings a heavy library out of its folder"


def tree():
    """path -> text of every text file of ours, tracked or about to be."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "--cached", "--others",
                             "--exclude-standard"], capture_output=True, text=True, check=False)
    names = listed.stdout.splitlines()
    if listed.returncode != 0:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not name.startswith((".git/", "build"))]
    files = {}
    for name in names:
        try:
            files[name] = (ROOT / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return files


def findings(files):
    """Every finding in path -> text as one line each."""
    for path, text in sorted(files.items()):
        for rule in RULES:
            for number, problem in rule(path, text):
                yield f"{path}:{number}: {problem}"
    for path, problem in [*dead_files(files), *leaks(files)]:
        yield f"{path}:1: {problem}"


def main(chosen):
    files = tree()
    lines = [line for line in findings(files)
             if not chosen or line.split(":")[0] in chosen]
    print("\n".join(lines) or f"{len(files)} files, nothing found")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
