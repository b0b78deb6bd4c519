"""What a question asks for, and what its names are called in the other language."""

import pytest

from retrieval.lexical import LexicalIndex
from retrieval.maxsim import meetings, unnamed
from retrieval.model.vocabulary import vocabulary
from retrieval.model.word_vectors import of_comments
from retrieval.weighing import asked, sought
from tests.retrieval.test_lexical import DAYS, record

TEXTS = {"tencent": "腾讯也在做大模型。", "card": "靠 NVIDIA 的显卡训练。", "rail": "坐新干线去大阪。"}


@pytest.fixture
def index(tmp_path):
    """Return an index of TEXTS."""
    made = LexicalIndex.create(tmp_path)
    made.update([], [record(name, text) for name, text in TEXTS.items()], DAYS)
    return made


def held(index, question):
    """Return a question's tokens, and how well each text meets it, by name."""
    found = asked(question, question, sought(question, index), index)
    texts = of_comments([vocabulary().packed([text]) for text in TEXTS.values()])
    return found, dict(zip(TEXTS, meetings(found, texts), strict=True))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is Tencent working on it?", "tencent"),
        ("谁提到英伟达？", "card"),
        ("Ever took the Shinkansen?", "rail"),
    ],
)
def test_a_name_is_met_in_the_other_script(index, question, answer):
    """What it is called there stands for it, so that the comment has the name."""
    found, met = held(index, question)
    assert found.called
    assert max(met, key=lambda name: met[name].score) == answer
    assert unnamed(found, of_comments([vocabulary().packed([TEXTS[answer]])])) == pytest.approx(0.0, abs=1e-3)


def test_only_names_that_the_archive_has_are_called_otherwise(index):
    """Others cannot be met, and a word that is no name may be said in many ways."""
    assert not held(index, "Is Alibaba working on it?")[0].called
    assert not held(index, "Who goes by train to work?")[0].called
