"""What counts as an address, and which machines may be connected to."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest import sources
from ingest.web.addresses import AddressError, is_address, normalised, shown
from ingest.web.guard import is_public
from retrieval.errors import UsageError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("HTTPS://Example.org:443/a b.md#part", "https://example.org/a%20b.md"),
        ("https://例子.中国/帖子.md", "https://xn--fsqu00a.xn--fiqs8s/%E5%B8%96%E5%AD%90.md"),
        ("https://example.org/a/../b.md?x=1", "https://example.org/b.md?x=1"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
    ],
)
def test_one_address_is_written_one_way(text, address):
    """So that it is the same source, and the same page, however it was typed."""
    assert normalised(text) == address
    assert normalised(address) == address
    assert sources.roots([text, address]) == [address]


@pytest.mark.parametrize(
    "text",
    [
        "ftp://example.org/x",
        "https:///x",
        "https://h:99999/x",
        "https://a b/x",
        "https://u@h/",
        "javascript:1",
        "",
    ],
)
def test_what_is_no_address(text):
    """It is refused with a reason."""
    with pytest.raises(AddressError):
        normalised(text)


@pytest.mark.parametrize("text", ["https://me:secret@h/x", "https://me:se/cret@h:1/x", "https://secret@h"])
def test_user_names_and_passwords_are_refused_and_not_shown(text):
    """They would end up in the index; the sentence says where they belong."""
    with pytest.raises(UsageError) as caught:
        sources.roots([text])
    assert "secret" not in caught.value.sentence("en") + caught.value.sentence("zh") + shown(text)
    assert "cret" not in str(caught.value)


@given(st.text(max_size=30))
@example("¡\u2024")  # a host that reads as a label and nothing
def test_any_text_is_an_address_or_refused(text):
    """And one that is stays what it is."""
    try:
        address = normalised(f"https://{text}")
    except AddressError:
        return
    assert is_address(address)
    assert address.isascii()
    assert normalised(address) == address


@pytest.mark.parametrize(
    ("ip", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::93.184.216.34", True),
    ],
)
def test_which_machines_are_of_the_open_internet(ip, public):
    """IPv6 addresses that stand for an IPv4 address count as that."""
    assert is_public(ip) is public
