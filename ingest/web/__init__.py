"""Threads from the web: single pages, and those that feeds, sitemaps and lists of addresses name.

`addresses`, `content` and `indexes` decide without I/O; `guard` and `client` are the network, and
`harvest` goes from named addresses to what the survey of a run holds of them.
"""
