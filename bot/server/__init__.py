"""The HTTP service: one aiohttp application, with the JSON of the command line."""
