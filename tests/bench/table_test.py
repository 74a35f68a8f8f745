"""The table that scripts/bench prints, and how it gets into the page."""

import pathlib
import unittest

from table import BEGIN, END, Line, amount, replaced

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/performance.md"


class Table(unittest.TestCase):
    def test_the_ratio_says_how_many_times_worse_than_the_floor(self):
        slow = Line("check", "ms", [30, 10, 20], floor=("stat", 5))
        self.assertEqual(slow.cells()[1:6], ["20 ms", "10 to 30, n=3", "-", "stat 5", "4 x"])
        rate = Line("writes", "/s", [500], floor=("LMDB", 2000), more=True)
        self.assertEqual(rate.cells()[1:6], ["500 /s", "n=1", "-", "LMDB 2,000", "4 x"])

    def test_peers_are_compared_with_the_floor_too(self):
        line = Line("check", "ms", [10], floor=("stat", 5), peers=[("aide", 50)])
        self.assertEqual(line.cells()[6], "aide 50 (10 x)")

    def test_amounts_have_the_digits_that_count(self):
        self.assertEqual([amount(value) for value in (0, 0.01234, 12.345, 12345.6)],
                         ["0", "0.0123", "12.3", "12,346"])

    def test_only_what_stands_between_the_marks_is_replaced(self):
        line = Line("work", "ms", [1])
        page = replaced(f"before\n{BEGIN}\nold\n{END}\nafter\n", [line], "Measured \\1 now.")
        self.assertTrue(page.startswith(f"before\n{BEGIN}\nMeasured \\1 now.\n\n| work |"), page)
        self.assertTrue(page.endswith(f"{line.text()}\n{END}\nafter\n"), page)
        with self.assertRaises(ValueError):
            replaced("no marks", [line], "")

    def test_the_page_has_the_marks(self):
        replaced(PAGE.read_text(encoding="utf-8"), [Line("work", "ms", [1])], "")


if __name__ == "__main__":
    unittest.main()
