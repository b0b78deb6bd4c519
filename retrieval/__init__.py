"""Everything between a question and its answer: types, model, store, index, ranking, excerpts."""
