"""Which plugin ek-plugin validate tries where, and how: every one of them in both modes."""

import pathlib

# The words of ek-plugin for them. What the second one leaves out is the same in both, or slow; the
# first one tries it.
MODES = {"in the tool's process": ["--skip", "O0."],
         "in a process of its own": ["--isolated", "--only", "D|E|F|G|H|I|M|J0.|J1[0-3]",
                                     "--skip", "E11"]}
# By their paths in a build tree, those that a scratch folder is enough for, wherever it is ...
ANYWHERE = ["plugins/files", "plugins/directories", "sdk/template/notes", "sdk/template/notes_c"]
# ... and those that change or read the machine itself.
ON_A_HOST = ["plugins/packages", "plugins/users", "plugins/groups", "plugins/services",
             "plugins/programs", "plugins/facts", "sdk/examples/cron", "sdk/examples/nft_sets",
             "sdk/examples/sysctl"]


def built(build):
    """The paths of all plugins that this tree bundles or shows."""
    return {str(path.relative_to(build)).removesuffix(".sum.json")
            for folder in ("plugins", "sdk/examples", "sdk/template")
            for path in pathlib.Path(build, folder).glob("*.sum.json")}


def wrong(report):
    """What is not as it has to be, a text each: failures, and what was skipped without a reason."""
    return [f"{one['id']} {one['outcome']} {one.get('what', '')}\n{one.get('record', '')[:2000]}"
            for one in report["checks"]
            if one["outcome"] not in ("pass", "warn")
            and not (one["outcome"] == "skip" and one.get("what"))]


def modes_left_out(reports):
    """Of the modes, those in which none of the reports has tried a plugin for real."""
    return [mode for mode, words in MODES.items()
            if not any(report["isolated"] == ("--isolated" in words)
                       and report["summary"].get("pass", 0) > 0 for report in reports)]
