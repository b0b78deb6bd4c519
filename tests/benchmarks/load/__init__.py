"""The services under load: `python -m tests.benchmarks.load chats|together`; see `__main__`."""
