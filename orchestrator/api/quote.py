#!/usr/bin/env python3
"""quote.py IN OUT: the text of IN as C++ raw string literals, in pieces for every compiler."""

import sys

PIECE = 8000


def main(source, target):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    pieces = [text[at:at + PIECE] for at in range(0, len(text), PIECE)]
    with open(target, "w", encoding="utf-8") as file:
        file.writelines(f'R"json({piece})json"\n' for piece in pieces)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
