"""The recipe, on a dictionary and pairs small enough to write here."""

import gzip

import numpy as np
import pytest

from retrieval.model import build, table
from retrieval.model.recipe import cedict, pairs, vocabulary

DICTIONARY = """\
# CC-CEDICT
貓 猫 [mao1] /cat/CL:隻|只[zhi1]/
狗 狗 [gou3] /dog/CL:隻|只[zhi1]/
咪 咪 [mi1] /sound for calling a cat/
貓咪 猫咪 [mao1 mi1] /kitty/
愛 爱 [ai4] /to love; to be fond of/
喝 喝 [he1] /to drink/
水 水 [shui3] /water/river/
牛奶 牛奶 [niu2 nai3] /cow's milk (CL:瓶[ping2])/
杭州 杭州 [Hang2 zhou1] /see 杭州市[Hang2 zhou1 Shi4]/
杭州市 杭州市 [Hang2 zhou1 Shi4] /Hangzhou, capital of Zhejiang (浙江)/
乾 干 [gan1] /dry/
乾 乾 [qian2] /the first of the trigrams/
3C 3C [san1 C] /computers, communications, and consumer electronics/
"""
SENTENCES = [("The cat drinks milk.", "貓喝牛奶。"), ("The dog loves water.", "狗爱水。")]


@pytest.fixture
def data(tmp_path):
    """Write a dictionary and a few hundred pairs as the recipe expects them."""
    with gzip.open(tmp_path / build.DICTIONARY, "wt", encoding="utf-8") as lines:
        lines.write(DICTIONARY)
    with gzip.open(tmp_path / build.PAIRS, "wt", encoding="utf-8") as lines:
        for number in range(150):
            lines.writelines(f"test\t{en} {number}\t{zh} {number}\n" for en, zh in SENTENCES)
        lines.write("test\tno Chinese here\tnothing\nbroken line\n")
    return tmp_path


@pytest.fixture
def entries(data):
    """Read the small dictionary."""
    return cedict.read(data / build.DICTIONARY)


def test_dictionary_lines(entries):
    """An entry has both scripts and its glosses; comment lines are none."""
    assert entries[0] == cedict.Entry("貓", "猫", ("cat", "CL:隻|只[zhi1]"))
    assert len(entries) == DICTIONARY.count("\n") - 1


def test_fold_is_of_characters_and_idempotent(entries):
    """Traditional characters are read as the simplified ones they are written as, in one step."""
    folds = cedict.fold(entries)
    assert folds["貓"] == "猫"
    assert folds["乾"] == "干"
    assert not set(folds) & set(folds.values())


def test_meanings(entries):
    """Senses come without measure words, brackets and Chinese; a reference has the other entry's."""
    found = cedict.meanings(entries, cedict.fold(entries))
    assert found["猫"] == ["cat"]
    assert found["爱"] == ["to love", "to be fond of"]
    assert found["牛奶"] == ["cow's milk"]
    assert found["杭州"] == found["杭州市"] == ["Hangzhou, capital of Zhejiang"]
    assert "3C" not in found


def test_pairs_without_chinese_are_left_out(data):
    """Only whole lines with Chinese in them are pairs."""
    assert len(pairs.read(data / build.PAIRS)) == 2 * 150


@pytest.mark.slow
def test_rare_long_words_are_cut_whole(entries):
    """A long dictionary word that jieba's corpus lacks is cheaper than its parts."""
    senses = {"猫": ["cat"], "咪": ["kitty"], "猫咪": ["kitty"], "猫咪水": ["kitty water"], "水": ["water"]}
    costs = vocabulary.choose(senses, cedict.fold(entries), ["猫咪水"])
    assert costs["猫咪水"] < costs["猫咪"] + costs["水"]


@pytest.mark.slow
def test_table_from_nothing(data, tmp_path, capsys):
    """The recipe makes a table whose words mean what the pairs and the dictionary say."""
    task = build.Task(data, tmp_path / "made.safetensors", tmp_path / "work", "cpu")
    build.build(task)
    made = table.read(task.out)
    assert {"猫", "狗", "牛奶", "猫咪"} <= set(made.words)
    assert made.rows.shape == (len(made.words), table.WIDTH)
    english = build.english_rows().numpy()
    tokens = build.base_tokenizer()
    cat, dog = (english[tokens.token_to_id(word)] for word in ("cat", "dog"))
    row = made.rows[made.words.index("猫")]
    assert np.dot(row, cat) > np.dot(row, dog)
    assert "regression: round" in capsys.readouterr().out


@pytest.mark.slow
def test_an_interrupted_build_goes_on(data, tmp_path, monkeypatch):
    """A build that was killed goes on with what is done, and ends with the same table."""
    whole = build.Task(data, tmp_path / "whole.safetensors", tmp_path / "work-1", "cpu")
    build.build(whole)
    broken = build.Task(data, tmp_path / "broken.safetensors", tmp_path / "work-2", "cpu")
    from retrieval.model.recipe import rows

    with monkeypatch.context() as patch:
        patch.setattr(rows, "from_pairs", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            build.build(broken)
    assert not broken.out.exists()
    with monkeypatch.context() as patch:
        patch.setattr(rows, "from_glosses", _interrupt)
        patch.setattr(vocabulary, "choose", _interrupt)
        build.build(broken)
    assert broken.out.read_bytes() == whole.out.read_bytes()


def test_missing_data_is_a_sentence(tmp_path, capsys):
    """Without the data sets the command says which file it misses and fails."""
    assert build.main(["--data", str(tmp_path), "--out", str(tmp_path / "t")]) == 5
    assert capsys.readouterr().err.strip().endswith("is missing from the data folder.")


def _interrupt(*_args, **_options):
    raise KeyboardInterrupt
