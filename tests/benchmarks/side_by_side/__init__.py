"""The same job with threadbot and with three libraries: `python -m tests.benchmarks.side_by_side`."""
