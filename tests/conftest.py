"""What every test runs under."""

from hypothesis import settings

# How long an example takes says more of the machine than of the code; durations are benchmarks' business.
settings.register_profile("threadbot", deadline=None)
settings.load_profile("threadbot")
