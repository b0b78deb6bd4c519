"""Four sample threads, two in each format, for the demo and the tests."""
