"""A peer that breaks the rules of AMQP or of the bus.

peer.py MODE PORT FOLDER CERTIFICATE [ARGUMENT]; prints what the listener did, one line an event.
CERTIFICATE is the name of a key pair in FOLDER, or "-".
"""
import sys

import engine
import frames

mode, port, folder, certificate, argument = (sys.argv[1:] + [""])[:5]
run = frames.run if mode in frames.MODES else engine.run
run(mode, int(port), folder, certificate, argument)
