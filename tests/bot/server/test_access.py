import pytest
from multidict import CIMultiDict

from bot.server.access import Access, is_loopback


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "[::1]"])
def test_without_a_token_this_machine_is_answered(host):
    """Bound to loopback, asked by a loopback name and straight: no token is needed."""
    assert Access("", local=True).denial(host, CIMultiDict()) is None


@pytest.mark.parametrize("host", ["evil.example", "10.0.0.5:8080", "", "localhost.evil.example"])
def test_without_a_token_other_names_are_turned_away(host):
    """A page elsewhere whose name was bent to 127.0.0.1 gets nothing."""
    assert Access("", local=True).denial(host, CIMultiDict()).status == 403


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "forwarded", "Via", "x-real-ip", "X-FORWARDED-proto", "CF-Connecting-IP"]
)
def test_without_a_token_a_proxy_is_turned_away(header):
    """Behind a proxy everyone looks local."""
    assert Access("", local=True).denial("localhost", CIMultiDict({header: "1.2.3.4"})).status == 403


def test_without_a_token_nobody_is_answered_on_an_open_address():
    """A service that other machines reach needs a token."""
    assert Access("", local=False).denial("localhost", CIMultiDict()).status == 403


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer wrong", "Basic s3cret", "s3cret", "Bearer s3créts"]
)
def test_a_set_token_is_always_asked_for(given):
    """On loopback too, whatever else is sent."""
    headers = CIMultiDict() if given is None else CIMultiDict({"Authorization": given})
    assert Access("s3cret", local=True).denial("localhost", headers).status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_token_opens_the_api_from_anywhere(scheme):
    """With the token neither the Host nor a proxy matters."""
    headers = CIMultiDict({"Authorization": f"{scheme} s3cret", "X-Forwarded-For": "1.2.3.4"})
    assert Access("s3cret", local=False).denial("bot.example", headers) is None


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("::", False), ("box", False)],
)
def test_loopback_addresses_are_known(host, local):
    """Only an address that no other machine can reach is loopback."""
    assert is_loopback(host) is local
