"""The dictionary that translates questions' words, and how it is made."""

import re
from importlib.resources import files

from retrieval import dictionary
from retrieval.make_dictionary import glosses, names, spellings, table
from retrieval.terms import fold, stem

LINES = [
    "# a comment",
    "軟盤 软盘 [ruan3 pan2] /floppy disk/",
    "工作 工作 [gong1 zuo4] /to work/(of a machine) to operate/job/CL:個|个[ge4]/",
    "下班 下班 [xia4 ban1] /to get off work/",
    "軟碟 软碟 [ruan3 die2] /variant of 軟盤|软盘[ruan3 pan2]/",
    "貓 猫 [mao1] /cat/",
    "not a line",
]


def test_a_gloss_becomes_stems():
    """Asides, notes on the entry, single characters and broken lines are left out."""
    found = [(word, stems) for _, word, stems in glosses(LINES)]
    assert ("软盘", ("floppi", "disk")) in found
    assert ("工作", ("work",)) in found
    assert not [word for word, _ in found if word in {"软碟", "猫"}]


def test_main_senses_come_first():
    """工作 is what "work" means before 下班 is."""
    lines = dict(line.split("\t") for line in table(glosses(LINES)).splitlines() if line[0] != "#")
    assert lines["work"].split(",")[0] == "工作"
    assert lines["disk"] == "软盘 floppi"


def test_a_gloss_counts_as_far_as_the_question_holds_it():
    """Two words of a gloss are worth more than one, and an unknown word has no translation."""
    whole = dictionary.translations(["floppi", "disk"])["floppi"]["软盘"]
    part = dictionary.translations(["hard", "plate"])
    assert whole == 1.0
    assert all(0 < share <= 1 for words in part.values() for share in words.values())
    assert dictionary.translations(["xyzzy"]) == {}
    assert len(dictionary.translations(["work"])["work"]) <= dictionary.MOST_WORDS


def test_names_are_called_otherwise_in_chinese():
    """What stands in the file of ours comes first; all words of a longer one have to be asked for."""
    assert next(iter(dictionary.translations(["tencent"])["tencent"].items())) == ("腾讯", 1.0)
    assert list(dictionary.translations(["trump"])["trump"])[:2] == ["特朗普", "川普"]
    both = [stem("lying"), stem("flat")]
    assert dictionary.translations(both)[both[0]]["躺平"] == 1.0
    assert dictionary.translations(both[1:])[both[1]].get("躺平", 0.0) < 1.0


def test_names_are_called_otherwise_in_latin_letters():
    """Only where the whole name is asked for, and it is one word."""
    assert dictionary.called({"英伟", "伟达", "显卡"}) == {"英伟": {"nvidia": 1.0}, "显卡": {"gpu": 1.0}}
    assert dictionary.called({"英伟", "躺平", "的人"}) == {}


def test_the_file_of_names_is_sound():
    """One English name a line, in order, once; each with Chinese words of two characters or more."""
    lines = files("retrieval").joinpath("equivalents.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    english = [name for name, _ in rows]
    assert english == sorted(set(english))
    assert len(english) > 150
    for name, chinese in rows:
        assert re.fullmatch(r"[a-z]+( [a-z]+)*", name)
        for word in chinese.split(","):
            assert re.fullmatch(r"[\u4e00-\u9fff]{2,6}", word), name
            assert fold(word) == word


def test_a_name_is_one_in_each_of_its_entries():
    """小米 is millet besides a firm, and a single character is too short to tell."""
    lines = [
        "冰島 冰岛 [Bing1 dao3] /Iceland/",
        "小米 小米 [Xiao3 mi3] /Xiaomi, Chinese electronics company/",
        "小米 小米 [xiao3 mi3] /millet/",
        "法 法 [Fa3] /France/",
        *LINES,
    ]
    assert [line for line in names(lines).split("\n") if not line.startswith("#")] == ["冰岛"]


def test_characters_and_family_names_stand_by_their_spelling():
    """Without tones, ü as u; longer words than a family name may be are left out."""
    lines = [
        "呂 吕 [Lu:3] /surname Lü/",
        "路 路 [lu4] /road/",
        "歐陽 欧阳 [Ou1 yang2] /two-character surname Ouyang/",
        *LINES,
    ]
    rows = [line for line in spellings(lines).splitlines() if not line.startswith("#")]
    assert rows == ["lu\t吕路\t吕", "mao\t猫\t", "ouyang\t\t欧阳"]
