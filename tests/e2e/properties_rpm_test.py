"""What properties_test.py tries, for packages on machines of rpm."""

import unittest

from beds import rpms
from properties.case import PropertyCase


class Rpm:
    system = "rpm"

    @classmethod
    def give_packages(cls):
        rpms.give(cls.bed, cls.kind, "v1", "v2")

    def test_every_field_of_packages(self):
        self.try_all(["packages"])


class OnDnf(Rpm, PropertyCase):
    kind = "dnf"
    spared = ["/var/cache/dnf"]


class OnZypper(Rpm, PropertyCase):
    kind = "zypper"


if __name__ == "__main__":
    unittest.main(verbosity=2)
