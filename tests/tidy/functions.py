"""Where functions begin and end, in C++ by braces and in Python by its own parser."""

import ast
import re

NOT_FUNCTIONS = re.compile(r"^\s*(if|for|while|switch|catch|do|else|try|namespace|class|struct|"
                           r"union|enum|extern|return|static_assert)\b")
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.S)


def strip_c(text):
    """The text with comments and literals blanked out, line by line as long as before."""
    return TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def looks_like_function(head):
    """Whether the words before a brace are a function's signature."""
    head = re.sub(r"^\s*#.*$", "", head, flags=re.M).strip()
    head = re.sub(r"^(template\s*<.*?>\s*)+", "", head, flags=re.S)
    if not head or NOT_FUNCTIONS.match(head) or re.search(r"=\s*$|^\s*return\b", head):
        return False
    return "(" in head and not re.search(r"\]\s*(\([^()]*\))?\s*(mutable\s*)?(->.*)?$", head)


def name_of(head):
    match = re.search(r"([\w:~]+|operator\S+)\s*\(", head)
    return match[1] if match else "a function"


def c_functions(text):
    """(name, first line, last line) of each outermost function body."""
    code = strip_c(text)
    found, blocks, start = [], [], 0
    for position, char in enumerate(code):
        if char == "{":
            inside = any(block for block in blocks)
            head = code[start:position]
            is_function = not inside and looks_like_function(head)
            first = code.count("\n", 0, start + len(head) - len(head.lstrip())) + 1
            blocks.append((name_of(head), first) if is_function else None)
            start = position + 1
        elif char == "}" and blocks:
            if block := blocks.pop():
                found.append((*block, code.count("\n", 0, position) + 1))
            start = position + 1
        elif char == ";":
            start = position + 1
    return found


def python_functions(text):
    """(name, first line, last line) of every function."""
    return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
