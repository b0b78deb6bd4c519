"""Everything between files and the store: reading, parsing, planning, publishing."""
