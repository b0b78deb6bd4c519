"""Pure: what of a question asks nothing: small talk, and the words that only ask what others say."""

from __future__ import annotations

import re

from retrieval.terms import fold

#: Greetings, thanks and farewells, and the words around them that ask nothing either; folded.
_POLITE_EN = """
    hi|hello|hey|hey there|greetings|good morning|good afternoon|good evening|good night|how are you|
    how are you doing|how do you do|what's up|whats up|thanks|thank you|thank you so much|
    thank you very much|thanks a lot|many thanks|thx|cheers|bye|goodbye|see you|ok|okay|cool|lol|please|
    there|bot|threadbot|everyone|help|help me
"""
_POLITE_ZH = """
    你好|您好|大家好|嗨|哈喽|哈罗|喂|早上好|下午好|晚上好|早安|晚安|在吗|在不在|多谢|谢谢|感谢|辛苦|再见|拜拜|好的|
    好|行|嗯|哈|呵|帮助|机器人|你|您|了|啊|呀|吗|哦|喔|呢|吧|大家
"""
#: English words around what is asked about, and those of which one makes a question ask what is said of it.
_AROUND = """
    what|what's|how|who|which|is|are|was|were|do|does|did|has|have|had|been|being|there|there's|any|anything|
    something|some|the|this|these|those|that|please|can|could|would|you|me|tell|show|give|find|list|know|people|
    people's|folks|users|readers|everyone|everybody|anyone|anybody|someone|somebody|commenters|netizens|they|
    them|their|your|others|all|here|thread|threads|discussion|discussions|archive|ever|also|even|actually|really|
    usually|about|of|on|regarding|concerning|in|and|so|ok|okay|hey|hi
"""
_SAYING = """
    say|says|said|saying|think|thinks|thinking|thought of|thought about|feel about|feeling about|felt about|
    thoughts on|thoughts about|opinion on|opinion of|opinion about|opinions on|opinions of|opinions about|
    view on|views on|views of|views about|take on|takes on|mention|mentions|mentioned|mentioning|discuss|
    discusses|discussed|discussing|talk about|talks about|talked about|talking about|bring up|brings up|
    brought up|comment on|comments on|comments about|commented on|speak of|speaks of|tell me about|know about|
    anything about|something about
"""
#: Who writes more than this has said what it is about.
_LONGEST = 300


def _one_of(words: str) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(sorted(map(re.escape, re.sub(r"\s*\n\s*", "", words).split("|")), key=len, reverse=True))


_POLITE = re.compile(rf"\b(?:{_one_of(_POLITE_EN)})\b|{_one_of(_POLITE_ZH)}")
_MARKS = r"[\s,.:;!?\"'“”‘…]"
_BEGINS = re.compile(rf"(?:(?:{_one_of(_SAYING)}|{_one_of(_AROUND)})(?![\w'-])|{_MARKS})*+")
_SAYS = re.compile(rf"\b(?:{_one_of(_SAYING)})\b")
#: “Why does tofu come up here?” asks it after what it asks about.
_WHY = re.compile(r"why\s+")
_COMES_UP = (
    r"(?:\s+(?:get|gets|got|been|ever))*+\s+"
    r"(?:come up|comes up|came up|mentioned|discussed|brought up|talked about)"
)
_HERE = r"(?:\s+(?:here|there|at all|in (?:this|the|these) (?:threads?|discussions?|archives?|comments?)))*+"
_ENDS = re.compile(rf"(?P<asks>{_COMES_UP})?{_HERE}{_MARKS}*+$")

_PLEASE = r"\W*+(?:请问|我?想(?:知道|了解|问问|问一下|问)|帮我(?:找找|找|查查|查)(?:一下)?)?[，,：:\s]*+"
_WHO = (
    r"(?:(?:(?:有没有|有)(?:什么)?(?:人|谁|网友|评论)|大家|网友们?|人们|别人|谁|评论[区里者]|楼里|帖子里|讨论里)"
    r"(?:都|是|一般|对此|在){0,2}){1,2}"
)
_SAID = r"(?:(?:说|提|谈|聊|讲|讨论|议论)(?:到过|起过|及过|到|起|及|过)(?:了|关于)?|觉得|认为)"
_HOW = r"(?:怎么|如何|怎样)"
_LOOKS = rf"{_HOW}(?:看待|评价)"
_SPEAKS = rf"{_HOW}(?:看(?!不)|说(?![服话])|讨论|想(?!到)|谈(?!恋)|议论)"
_OPINION = r"(?:都|是)?有(?:什么|哪些|啥)(?:看法|评价|意见|想法|观点|说法|评论|讨论)"
_THING = r"(?:的事情?|这件事情?|这个问题|这一?点)?[，,\s]*+"
_CLOSES = r"(?:[的吗么呢啊]|没有)*+\W*+"
_ABOUT = rf"(?P<about>(?!{_CLOSES}$).+?){_THING}"
_CHINESE = [
    re.compile(rf"{_PLEASE}{pattern}{_CLOSES}", re.DOTALL)
    for pattern in (
        rf"{_WHO}{_SAID}{_ABOUT}",
        rf"(?:{_WHO}(?:{_LOOKS}|{_SPEAKS})|{_LOOKS}){_ABOUT}",
        rf"(?:关于|对于){_ABOUT}(?:{_WHO})?(?:{_LOOKS}|{_SPEAKS}|{_OPINION})",
        rf"对{_ABOUT}(?:{_WHO})?{_OPINION}",
        rf"{_ABOUT}{_WHO}(?:{_LOOKS}|{_SPEAKS}|{_SAID}|{_OPINION})",
        rf"(?:(?:有没有|有)(?:什么)?)?关于{_ABOUT}(?:的(?:评论|讨论|看法|说法|内容))?",
    )
]


def is_small_talk(text: str) -> bool:
    """Tell whether a text greets, thanks or commands, and asks for nothing."""
    folded = fold(text).strip()
    if re.fullmatch(r"/\w+", folded):
        return True
    return not any(character.isalnum() for character in _POLITE.sub("", folded))


def subject(question: str) -> str:
    """Return what a question about what others say is about; every other question as it is.

    “Does anyone mention tofu here?” and “大家怎么看豆腐？” are about tofu.
    """
    if len(question) > _LONGEST:
        return question
    folded = fold(question).replace("’", "'")  # of the same length
    start, end = _english(folded) or _chinese(folded) or (0, len(question))
    about = question[start:end].strip()
    return about if any(map(str.isalnum, about)) else question


def _english(question: str) -> tuple[int, int] | None:
    ends = _ENDS.search(question)
    asks_last = bool(ends and ends["asks"])
    why = _WHY.match(question) if asks_last else None
    begins = _BEGINS.match(question, why.end() if why else 0)
    start, end = begins.end() if begins else 0, ends.start() if ends else len(question)
    return (start, end) if asks_last or _SAYS.search(question, 0, start) else None


def _chinese(question: str) -> tuple[int, int] | None:
    found = next(filter(None, (pattern.fullmatch(question) for pattern in _CHINESE)), None)
    return found.span("about") if found else None
