#!/usr/bin/env python3
"""The layout of the plugin ABI: of each struct its fields with their offsets on 64-bit and 32-bit
machines and their types, and each number that has a name.

    abi_dump.py INCLUDE_DIR COMPILER...              prints it: abi-1.N.txt of a new minor N
    abi_dump.py --check FOLDER INCLUDE_DIR COMPILER...  compares it with every abi-1.N.txt in FOLDER

With the newest it has to be the same, and of the older ones all has to be where it was.
"""
import re
import subprocess
import sys
from pathlib import Path

HEADERS = ['evenkeel/plugin.h', 'evenkeel/ext/backend.h', 'evenkeel/ext/storage.h']
WIDTHS = ['-m64', '-m32']
SKIPPED = 77


def declarations(include):
    """({struct: [(field, type)]}, [name of a number], [function or typedef])"""
    structs, numbers, others = {}, [], []
    for header in HEADERS:
        text = re.sub(r'/\*.*?\*/', ' ', (include / header).read_text(), flags=re.S)
        numbers += re.findall(r'^#define (EK_ABI_\w+) ', text, re.M)
        text = re.sub(r'^#.*$', '', text.replace('\\\n', ' '), flags=re.M)
        for name, body in re.findall(r'typedef struct (\w+) \{(.*?)\}\s*\w+;', text, re.S):
            structs[name] = [field for line in body.split(';') for field in fields(line)]
        for body in re.findall(r'\benum \{(.*?)\}', text, re.S):
            numbers += re.findall(r'\b(EK_\w+)\s*=', body)
        rest = re.sub(r'typedef struct \w+ \{.*?\}\s*\w+;|\benum \{.*?\};', '', text, flags=re.S)
        others += [one_line(part) for part in rest.split(';') if 'EK_' not in part and
                   re.search(r'\b(typedef|ek_module_v1)\b', part)]
    return structs, numbers, others


def one_line(text):
    return re.sub(r'\s+', ' ', re.sub(r'extern "C" [{]|[{}]', '', text)).strip()


def fields(line):
    """The (name, type) of each field of one declaration: `uint32_t size, flags`."""
    line = one_line(line)
    callback = re.match(r'(.*\(\*)(\w+)(\).*)', line)
    if callback:
        return [(callback[2], callback[1] + callback[3])]
    parts = re.match(r'(.*?)(\w+(?:, \w+)*)$', line)
    return [(name, parts[1].strip()) for name in parts[2].split(', ')] if parts else []


def values(include, compiler, width, expressions):
    """What they are in code for machines of this width; nothing is run."""
    source = ''.join(f'#include <{header}>\n' for header in HEADERS)
    each = ',\n'.join(f'(unsigned)({expression})' for expression in expressions)
    source += f'const unsigned value[] = {{{each}}};\n'
    assembly = subprocess.run(
        [*compiler, width, '-std=c11', '-ffreestanding', '-I', include, '-x', 'c', '-S',
         '-o', '-', '-'], input=source, text=True, stdout=subprocess.PIPE, check=True).stdout
    words = re.search(r'^value:\n((?:\s+\.(?:long|zero)\s+\S+.*\n)+)', assembly, re.M)[1]
    found = []
    for kind, word in re.findall(r'\.(long|zero)\s+(\d+)', words):
        found += [0] * (int(word) // 4) if kind == 'zero' else [int(word)]
    assert len(found) == len(expressions), assembly
    return found


def dump(include, compiler):
    structs, numbers, others = declarations(include)
    expressions = []
    for name, members in structs.items():
        expressions += [f'sizeof({name})']
        expressions += [f'offsetof({name}, {member})' for member, _ in members]
    expressions += numbers
    columns = [iter(values(include, compiler, width, expressions)) for width in WIDTHS]

    def now():
        return ' '.join(f'{next(column):>3}' for column in columns)

    lines = []
    for name, members in structs.items():
        lines.append(f'{name}: {now()}')
        lines += [f'{name}.{member}: {now()} {kind}' for member, kind in members]
    lines += [f'{name}: {next(columns[0])}' for name in numbers]
    return lines + [f'{other}: -' for other in others]


def complaints(before, after, may_grow):
    was, now = (dict(line.split(': ', 1) for line in lines) for lines in (before, after))
    for name, value in was.items():
        grows = may_grow and (name == 'EK_ABI_MINOR' or re.fullmatch(r'[ \d]+', value) and
                              name in {line.split('.')[0] for line in before if '.' in line})
        if name not in now:
            yield f'{name} is gone'
        elif now[name] != value and not grows:
            yield f'{name} was `{value.strip()}` and is `{now[name].strip()}`'
    if not may_grow:
        yield from (f'{name} is new' for name in now if name not in was)


def padded(lines):
    """Structs in which something is left between the fields, where a later field could hide."""
    found = (re.fullmatch(r'(\w+): +(\d+) +\d+', line) for line in lines)
    sizes = dict(size.groups() for size in found if size)
    ends = {}
    for line in lines:
        field = re.match(r'(\w+)\.(\w+): +(\d+) +\d+ (.*)', line)
        if not field:
            continue
        struct, _, at, kind = field.groups()
        if int(at) != ends.get(struct, 0):
            yield f'{struct} has padding before {field[2]}'
        width = {'uint32_t': 4, 'int32_t': 4, 'ek_status': 4, 'uint16_t': 2, 'ek_str': 16}
        ends[struct] = int(at) + width.get(kind, 8)
        # As i386 does it, which aligns to 4, so do others, which align to 8.
        if kind == 'uint64_t' and int(line.split()[2]) % 8:
            yield f'{struct}.{field[2]} is not at a multiple of 8 on 32-bit machines'
    for struct, end in ends.items():
        if struct in sizes and int(sizes[struct]) != end:
            yield f'{struct} has padding at its end'


def main():
    arguments = sys.argv[1:]
    folder = None
    if arguments[0] == '--check':
        folder, arguments = Path(arguments[1]), arguments[2:]
    try:
        lines = dump(Path(arguments[0]), arguments[1:])
    except subprocess.CalledProcessError:
        print('this compiler does not make code for both widths', file=sys.stderr)
        return SKIPPED
    if folder is None:
        print('\n'.join(lines))
        return 0
    dumps = sorted(folder.glob('abi-1.*.txt'), key=lambda path: int(path.name.split('.')[1]))
    wrong = list(padded(lines))
    for path in dumps:
        found = complaints(path.read_text().splitlines(), lines, path != dumps[-1])
        wrong += [f'{one} ({path.name})' for one in found]
    if not wrong:
        return 0
    print('The ABI of 1.x is frozen. What is appended to the end of a struct or of a list of\n'
          'numbers raises EK_ABI_MINOR and comes with a dump of that minor; all else belongs into\n'
          'a 2.0:\n  ' + '\n  '.join(wrong), file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
