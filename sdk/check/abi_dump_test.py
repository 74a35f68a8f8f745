#!/usr/bin/env python3
"""Whoever changes what is frozen is told its name."""
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMPILER = sys.argv[1:] or ['cc']


class Frozen(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(HERE.parent / 'include', self.folder / 'include')
        shutil.copy(HERE / 'abi-1.0.txt', self.folder)

    def edit(self, *pairs, header='plugin.h'):
        path = self.folder / 'include/evenkeel' / header
        text = path.read_text()
        for old, new in pairs:
            self.assertTrue(old in text, old)
            text = text.replace(old, new)
        path.write_text(text)

    def told(self):
        ran = subprocess.run([HERE / 'abi_dump.py', '--check', self.folder,
                              self.folder / 'include', *COMPILER],
                             stderr=subprocess.PIPE, text=True, check=False)
        if ran.returncode == 77:
            self.skipTest(ran.stderr)
        self.assertEqual(ran.returncode, 1 if ran.stderr else 0, ran.stderr)
        return ran.stderr

    def dump(self, name):
        with open(self.folder / name, 'w', encoding='utf-8') as into:
            subprocess.run([HERE / 'abi_dump.py', self.folder / 'include', *COMPILER],
                           stdout=into, check=True)

    def test_it_is_as_it_was(self):
        self.assertEqual(self.told(), '')

    def test_fields_in_another_order(self):
        self.edit(('ek_str summary, detail;', 'ek_str detail, summary;'))
        self.assertIn('ek_diag.summary was `24  16 ek_str` and is `40  24 ek_str`', self.told())

    def test_a_field_that_is_gone(self):
        self.edit(('    const ek_diag *error;\n', ''))
        self.assertIn('ek_item.error is gone', self.told())

    def test_a_type_of_the_same_size(self):
        self.edit(('int32_t outcome;', 'uint32_t outcome;'))
        self.assertIn('ek_change.outcome was', self.told())

    def test_a_callback_that_takes_something_else(self):
        self.edit(('(*timer)(void *ctx, uint64_t at_ns)', '(*timer)(void *ctx, int64_t at_ns)'))
        self.assertIn('ek_watch_host.timer was', self.told())

    def test_a_number(self):
        self.edit(('EK_E_STALE = 12', 'EK_E_STALE = 13'))
        self.assertIn('EK_E_STALE was `12` and is `13`', self.told())
        self.edit(('EK_CAP_BATCH = 1024u,', ''))
        self.assertIn('EK_CAP_BATCH is gone', self.told())

    def test_an_extension(self):
        self.edit(('EK_STORAGE_VALUE_MAX = 65536', 'EK_STORAGE_VALUE_MAX = 4096'),
                  header='ext/storage.h')
        self.assertIn('EK_STORAGE_VALUE_MAX was', self.told())

    def test_padding_where_a_later_field_could_hide(self):
        self.edit(('const ek_diag *error;', 'const ek_diag *error; uint32_t more;'))
        self.assertIn('ek_item has padding at its end', self.told())

    def test_a_later_minor_appends_and_freezes_that_too(self):
        self.edit(('const ek_diag *error;', 'const ek_diag *error; ek_str more;'),
                  ('EK_STREAM_ERR = 2', 'EK_STREAM_ERR = 2, EK_STREAM_LOG = 3'))
        self.assertIn('ek_item.more is new', self.told())
        self.edit(('#define EK_ABI_MINOR 0', '#define EK_ABI_MINOR 1'))
        self.dump('abi-1.1.txt')
        self.assertEqual(self.told(), '')
        self.edit(('ek_str more;', 'ek_str less;'))
        self.assertIn('ek_item.more is gone (abi-1.1.txt)', self.told())
        self.edit(('ek_str id;\n    ek_str json;', 'ek_str json;\n    ek_str id;'))
        self.assertIn('(abi-1.0.txt)', self.told())


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
