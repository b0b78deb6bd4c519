"""How the table is made, one file a step; `python -m retrieval.model.build` runs them in order."""
