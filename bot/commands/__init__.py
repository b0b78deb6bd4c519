"""One module a command, each with `run(arguments, streams, parts) -> exit code`; imported when it is used."""
