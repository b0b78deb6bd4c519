"""Terms: what the index, the questions and the highlights agree on."""

import snowballstemmer
from hypothesis import given
from hypothesis import strategies as st

from retrieval.terms import asked, fold, pieces, stem, terms, texts, wanted


def texts_of(text):
    """Return the terms of a text."""
    return [term.text for term in terms(text)]


def test_both_scripts_and_both_forms_meet():
    """Traditional and simplified, upper and lower case, full and half width, plural and singular."""
    assert fold("軟碟ＣＯＢＯＬ") == "软碟cobol"
    assert set(texts_of("Floppy DISKS")) == set(texts_of("floppy disk"))
    assert texts_of("軟盤") == texts_of("软盘")


def test_code_switched_text_parts_at_the_script():
    """A Latin word inside Chinese is a term of its own, and no pair reaches across it."""
    assert texts_of("用COBOL写") == ["用", "cobol", "写"]


def test_words_keep_what_names_are_made_of():
    """C++, C#, GPT5."""
    assert texts_of("C++ C# GPT5") == ["c++", "c#", "gpt5"]


@given(st.text(st.characters(categories=["Nd", "No"]), min_size=1))
def test_numbers_stay_as_they_are(digits):
    """The stemmer, which is not asked, would say the same."""
    assert stem(digits) == snowballstemmer.stemmer("english").stemWord(digits) == digits


@given(st.text(st.sampled_from("软碟磁盘のaB'’ +#9。\n")))
def test_texts_are_those_of_the_terms(text):
    """As often as they occur."""
    assert sorted(texts(text)) == sorted(term.text for term in terms(text))


@given(st.text())
def test_terms_stand_where_they_say(text):
    """Spans are inside the text and in order of their starts; folding keeps every place."""
    assert len(fold(text)) == len(text)
    found = list(terms(text))
    assert all(0 <= term.span.start < term.span.end <= len(text) for term in found)
    assert [term.span.start for term in found] == sorted(term.span.start for term in found)


@given(st.text())
def test_asking_takes_any_text(text):
    """Weights are a tenth or one, and every term is one of the text's."""
    weights = asked(text)
    assert set(weights) <= set(texts_of(text))
    assert set(weights.values()) <= {0.1, 1.0}


def test_stop_words_ask_for_nothing():
    """In neither language."""
    assert not wanted("what is it about?")
    assert asked("为什么") == {}


def test_a_single_character_counts_whole_only_alone():
    """Inside a longer word it is found all over."""
    assert asked("猫")["猫"] == 1.0
    assert asked("熊猫")["猫"] == 0.1


def test_english_terms_bring_their_translations():
    """The closest first; Chinese ones bring none, but names in Latin letters."""
    found = wanted("floppy disks").translated
    assert found[stem("floppy")]["软盘"] == 1.0
    assert found[stem("disk")]["磁盘"] > found[stem("disk")]["硬盘"]
    assert wanted("软盘").translated == {}
    assert wanted("為什麼用英偉達的？").translated == {"英伟": {"nvidia": 1.0}}


def test_a_word_is_indexed_in_pairs():
    """A word of one character is its own piece, and so is one in Latin letters, by its stem."""
    assert pieces("光刻机") == ["光刻", "刻机"]
    assert pieces("猫") == ["猫"]
    assert pieces("olympics") == [stem("olympics")]
