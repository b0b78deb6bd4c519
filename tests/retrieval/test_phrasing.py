"""What of a question asks nothing: small talk, and the words that only ask what others say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.phrasing import is_small_talk, subject

#: Ways to ask what is said of something.
ENGLISH = [
    "What do people say about {}?",
    "what did they think of {}",
    "How do people feel about {}?",
    "Does anyone mention {} here?",
    "Has anybody ever talked about {} in this thread?",
    "Is there anything about {}?",
    "What’s said about {}?",
    "Any thoughts on {}?",
    "So, what are people’s opinions on {}?",
    "tell me about {}",
    "What are your thoughts on {}?",
    "Who brought up {}?",
    "Does {} come up here?",
    "Why does {} come up here?",
    "Was {} ever discussed in these threads?",
]
CHINESE = [
    "大家怎么看{}？",
    "大家怎麼看{}？",
    "请问，有人提到过{}吗？",
    "有没有人说过{}",
    "谁提到了{}？",
    "关于{}大家怎么说",
    "对{}有什么看法？",
    "如何评价{}？",
    "{}，大家都怎么看",
    "{}这件事有人讨论过吗？",
    "评论区怎么评价{}的？",
    "有没有关于{}的讨论？",
]


@pytest.mark.parametrize("asked", ENGLISH)
@pytest.mark.parametrize("about", ["tofu", "Tencent", "paper maps in cars", "the café's COBOL"])
def test_what_an_english_question_is_about(asked, about):
    """It is said in the asker's own words, without a leading article."""
    assert subject(asked.format(about)) == about.removeprefix("the ")


@pytest.mark.parametrize("asked", CHINESE)
@pytest.mark.parametrize("about", ["豆腐", "豆腐渣工程", "人工智能", "有機蔬菜", "对外贸易", "COBOL 和磁带"])
def test_what_a_chinese_question_is_about(asked, about):
    """In either script."""
    assert subject(asked.format(about)) == about


@pytest.mark.parametrize(
    "text",
    [
        "What do people say?",
        "what do people say about",
        "Any thoughts?",
        "How do people talk in Kansai?",
        "What is the best way to think?",
        "Everyone feels insecure",
        "What do I say at a wedding?",
        "Why do people complain about cash?",
        "flip phones",
        "大家怎么看？",
        "有人提过吗",
        "关于？",
        "说到底番茄为什么裂了",
        "怎么说服老板用邮件",
        "他是怎么想的",
        "大家怎么看不起修鞋的",
        "为什么没有人种番茄",
        "",
    ],
)
def test_other_questions_are_left_as_they_are(text):
    """Also those that begin like one, and those about nothing."""
    assert subject(text) == text


@given(st.text(alphabet="大家怎么看关于对有人提到过的吗说 ，。？'’.?abtosayhink", max_size=400))
def test_a_subject_stands_in_its_question(text):
    """Whatever is asked; and it says something if the question does."""
    about = subject(text)
    assert about in text
    assert any(map(str.isalnum, about)) == any(map(str.isalnum, text))


@pytest.mark.parametrize(
    "text",
    ["hello", "Hello there!", "hi hi hi", "Thanks a lot 🙏", "thank you", "/start", "/help", "你好", "您好！",
     "谢谢你", "多謝", "好的，谢谢", "早上好呀", "bye", "help"],
)  # fmt: skip
def test_small_talk_asks_nothing(text):
    """Greetings, thanks, farewells, commands, in both languages and scripts."""
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "hello world programs",
        "谢谢你的番茄",
        "flip phones",
        "好用吗",
        "help with tomatoes",
        "为什么",
        "hi-fi",
    ],
)
def test_questions_are_no_small_talk(text):
    """Polite ones included."""
    assert not is_small_talk(text)


def test_small_talk_is_told_in_linear_time():
    """However often it is repeated."""
    assert not is_small_talk("hi " * 600 + "tomatoes")
