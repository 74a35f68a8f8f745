"""What the pages of docs/ and README.md promise: links, commands, and names of functions."""

import json
import pathlib
import re
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A comment before a fenced block says where it is to be run: `<!-- run -->` in the source tree,
# `<!-- run on HOST -->` on a host of the end-to-end tests, `<!-- fresh -->` by scripts/fresh,
# `<!-- discovery on ... -->` by the end-to-end test of discovery, `<!-- author -->` by the test of
# the tutorial of plugin authors.
BLOCK = re.compile(r"^<!-- run(?: on (?P<host>\w+))? -->\n"
                   r"```(?P<language>sh|py)\n(?P<text>.*?)^```$", re.M | re.S)
DISCOVERY = re.compile(r"^<!-- discovery on (\w+) -->\n```sh\n(.*?)^```$", re.M | re.S)
AUTHOR = re.compile(r"^<!-- author -->\n```sh\n(.*?)^```$", re.M | re.S)
EXAMPLE = re.compile(r"^```json\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FUNCTION = re.compile(r"`((?:\w+::)*~?\w+)\([^`)]*\)`")
# A row of the glossary: `Word`, what it means, `folder` that declares it.
TERM = re.compile(r"^\| `(\w+)` \| .+ \| `([\w/.]+)` \|$", re.M)
DECLARATION = r"\b(?:struct|class|enum class|enum|using)\s+{}\b(?!\s*;)(?!::)"


def pages():
    """Path -> text of every page."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return {path: path.read_text(encoding="utf-8") for path in found if path.exists()}


def blocks(text):
    """(host or None, "sh" or "py", text) of each block that is marked to be run."""
    return [match.group("host", "language", "text") for match in BLOCK.finditer(text)]


def examples(text):
    """Each FILE, or entry of one as a FILE, that a block in JSON shows."""
    for block in map(json.loads, EXAMPLE.findall(text)):
        if "collection" in block:
            yield {"resources": [block]}
        elif "resources" in block:
            yield block


def author():
    """What the page of plugin authors says to type, block by block."""
    return AUTHOR.findall((ROOT / "docs" / "plugin-author.md").read_text(encoding="utf-8"))


def discovery():
    """What the page of operators says to type for machines that wait, by where: argument lists."""
    text = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    return {where: [shlex.split(line) for line in lines.splitlines()]
            for where, lines in DISCOVERY.findall(text)}


def broken_links(page, text):
    """Links to files that are not there; `page` is the file that holds them."""
    for target in LINK.findall(text):
        name = target.split("#")[0]
        if name and "://" not in target and not (page.parent / name).exists():
            yield target


def missing_pages(files):
    """Pages that these texts point to and that are not there."""
    named = {name for text in files for name in re.findall(r"\bdocs/[\w/-]+\.md\b", text)}
    return sorted(name for name in named if not (ROOT / name).exists())


def source_files():
    """Path from the root -> text of all C++ sources of the programs."""
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8", errors="replace")
            for folder in ("core", "orchestrator", "plugins", "sdk")
            for path in (ROOT / folder).rglob("*") if path.suffix in (".cpp", ".hpp", ".h")}


def sources():
    """The texts of all C++ sources of the programs."""
    return list(source_files().values())


def rows(text, title):
    """The cells of each row of the table in the section of this title, without its head."""
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def glossary(text):
    """(word, folder) of each row of the glossary, and the words that it retires."""
    section = text.partition("\n## Glossary\n")[2].partition("\n## ")[0]
    retired = section.partition("\nNot used any more: ")[2].partition("\n\n")[0]
    return TERM.findall(section), re.findall(r"`(\w+)`", retired)


def declaring(word, files):
    """The paths of those `files` (path -> text) that declare a type of this name."""
    pattern = re.compile(DECLARATION.format(re.escape(word)))
    return sorted(path for path, text in files.items() if pattern.search(text))


def unknown_functions(text, files):
    """Names written like `name()` or `Class::name()` that no source declares."""
    for name in sorted(set(FUNCTION.findall(text))):
        *scopes, function = name.split("::")
        wanted = [rf"\b{re.escape(function)}\s*\(", *(rf"\b{scope}\b" for scope in scopes)]
        if not any(all(re.search(one, file) for one in wanted) for file in files):
            yield name
