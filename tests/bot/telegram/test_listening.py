import pytest

from bot.telegram.listening import Heard, question_in


@pytest.mark.parametrize(
    ("heard", "question"),
    [
        (Heard("how?", private=True), "how?"),
        (Heard("how?", private=False), None),
        (Heard("how?", private=False, replies_to_bot=True), "how?"),
        (Heard("@bot how?", private=False, mentions=("@bot",)), "how?"),
        (Heard("how, @Bot, please?", private=False, mentions=("@Bot",)), "how, , please?"),
        (Heard("an excerpt", private=True, via_bot=True), None),
        (Heard(" a\nb ", private=True), "a\nb"),
    ],
)
def test_what_is_addressed_to_the_bot(heard, question):
    """Everything in private; in groups a mention or a reply; never what inline mode itself sent."""
    assert question_in(heard) == question
