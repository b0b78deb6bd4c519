"""What every test runs under."""

import signal

from hypothesis import settings

# How long an example takes says more of the machine than of the code; durations are benchmarks' business.
settings.register_profile("threadbot", deadline=None)
settings.load_profile("threadbot")

# A shell that starts the tests in the background has them ignore Ctrl-C, and every process they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
