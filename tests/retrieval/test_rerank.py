"""Reranking with a cross-encoder, a tiny one built here."""

import pytest

from retrieval.errors import UsageError
from retrieval.fusion import Candidate
from retrieval.page import reranked
from retrieval.records import make_record
from retrieval.rerank import CrossEncoderReranker
from retrieval.types import Bilingual, Comment, Kind

UNKNOWN = "[UNK]"


def tiny(folder, outputs):
    """Save a cross-encoder of one small layer with random weights."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "tomatoes", "need", "water", "sun"]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **{f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")},
        model_max_length=32,
    ).save_pretrained(folder)
    BertForSequenceClassification(
        BertConfig(
            vocab_size=len(words),
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
            num_labels=outputs,
        )
    ).save_pretrained(folder)
    return str(folder)


@pytest.mark.slow
def test_any_cross_encoder_with_one_output_judges(tmp_path):
    """Every text has a likelihood, in the order of the texts; none for no texts."""
    reranker = CrossEncoderReranker(tiny(tmp_path, 1), device="cpu")
    scores = reranker.scores("tomatoes need water", ["sun", "water", "sun"])
    assert len(scores) == 3
    assert all(0 < score < 1 for score in scores)
    assert scores[0] == pytest.approx(scores[2])
    assert reranker.scores("tomatoes", []) == []


@pytest.mark.slow
def test_a_classifier_of_several_labels_is_refused(tmp_path):
    """Three outputs do not order anything."""
    with pytest.raises(UsageError, match="3 outputs"):
        CrossEncoderReranker(tiny(tmp_path, 3), device="cpu").scores("tomatoes", ["sun"])


@pytest.mark.slow
def test_a_name_that_is_no_model_is_one_sentence(tmp_path):
    """The setting is named wrong; the error says so."""
    with pytest.raises(UsageError, match="cannot be loaded"):
        CrossEncoderReranker(str(tmp_path / "none"), device="cpu").scores("tomatoes", ["sun"])


class Lengths:
    """Likes long texts."""

    def scores(self, question, texts):
        """See `Reranker.scores`."""
        return [len(text) / 100 for text in texts]


def record(name, text):
    comment = Comment(name, "t", 1, Kind.ANSWER, "a", None, None, Bilingual(en=text), (1, 2), 0)
    return make_record(comment, [])


def test_reranked_candidates_have_its_order_and_likelihood():
    """The reranker's word is the last; equals keep the order they had; those without a record go."""
    records = {
        name: record(name, text) for name, text in {"a": "Sun.", "b": "Water it.", "c": "Dry."}.items()
    }
    found = reranked(Lengths(), "?", [Candidate("gone"), *map(Candidate, records)], records)
    assert [candidate.comment_id for candidate in found] == ["b", "a", "c"]
    assert found[0].likelihood == 0.09
