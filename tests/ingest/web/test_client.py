"""Fetching one address from servers that behave, that fail, that lie, and that lead astray."""

import asyncio
import gzip
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from aiohttp import web as server
from aiohttp.abc import AbstractResolver

from ingest.web import headers
from ingest.web.client import Fetched, FetchError, Unchanged, connected
from retrieval.generations import Remote
from tests.ingest.web.site import MARKDOWN, raw, redirect

PAGE = "# 番茄\n".encode() * 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/markdown\r\n"


def fetch(web, *addresses, want="page", known=None):
    """Fetch addresses with one client and return what came, or the reasons why nothing did."""

    async def run():
        got = []
        async with connected(web) as client:
            for address in addresses:
                try:
                    got.append(await client.fetch(address, want, known))
                except FetchError as error:
                    got.append(str(error))
        return got

    got = asyncio.run(run())
    return got[0] if len(got) == 1 else got


def test_a_page(site, web):
    """Its bytes, where it was, and what to ask about next time; compression is undone."""
    address = site.put("/a.md", PAGE)
    got = fetch(web, address)
    assert (got.data, got.final, got.framed, got.modified) == (PAGE, address, True, None)
    site.put("/b.md", gzip.compress(PAGE), Content_Encoding="gzip")
    assert fetch(web, site.url("/b.md")).data == PAGE
    assert site.log[-1][1]["Accept-Encoding"] == "gzip"


def test_what_is_known_is_asked_about(site, web):
    """A server that says 304 sends nothing; one that says so without being asked makes no sense."""
    address = site.put("/a.md", PAGE)
    etag = fetch(web, address).etag
    known = Remote(address, address, etag, "Tue, 02 Sep 2025 10:00:00 GMT")
    assert fetch(web, address, known=known) == Unchanged()
    assert site.log[-1][1]["If-Modified-Since"] == known.modified
    site.script("/b.md", 304)
    assert fetch(web, site.url("/b.md")) == "was answered with 304 (Not Modified)"


def test_what_is_known_is_asked_of_the_same_address_only(site, web):
    """Another address may use the same ETag for something else."""
    there = site.put("/there.md", PAGE)
    address = site.script("/a.md", redirect("/there.md"))
    got = fetch(web, address)
    assert got.final == there
    assert fetch(web, address, known=Remote(address, there, got.etag, None)) == Unchanged()
    elsewhere = Remote(address, site.url("/elsewhere.md"), got.etag, None)
    assert isinstance(fetch(web, address, known=elsewhere), Fetched)


def test_a_date_counts_only_where_no_change_can_have_come_under_it(site, web):
    """A page changed twice in a second would else be taken for unchanged."""
    date = "Tue, 02 Sep 2025 10:00:01 GMT"
    for modified, kept in (("Tue, 02 Sep 2025 10:00:00 GMT", True), (date, False), ("yesterday", False)):
        site.put("/a.md", PAGE, Last_Modified=modified, Date=date)
        assert fetch(web, site.url("/a.md")).modified == (modified if kept else None)


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([500], 1),
        ([503, 502], 2),
        ([(429, {"Retry-After": "7"}, b"")], 1),
        ([raw(), raw()], 1),  # the library tries such once more on its own
        ([raw(HEAD + b"Content-Length: 1000\r\n\r\nhalf")], 1),
        ([raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")], 1),
        ([raw(HEAD + b"Content-Length: 4\r\n\r\nthis is longer than it said")], 1),
        ([raw(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + gzip.compress(PAGE)[:20])], 1),
        ([raw(b"I am no web server")], 1),
    ],
    ids=["500", "503 502", "429", "closed", "cut", "cut chunk", "overlong", "cut gzip", "noise"],
)
def test_what_fails_for_a_moment_is_tried_again(site, web, naps, answers, waits):
    """Until it comes; a wait that a server asks for is granted."""
    address = site.script("/a.md", *answers, (200, {"Content-Type": MARKDOWN}, PAGE))
    assert fetch(web, address).data == PAGE
    assert len(naps) == waits
    assert naps[0] >= (7 if answers == [(429, {"Retry-After": "7"}, b"")] else 0.1)


@pytest.mark.parametrize(
    ("answer", "reason", "tries"),
    [
        (500, "was answered with 500 (Internal Server Error)", 4),
        (404, "was answered with 404 (Not Found)", 1),
        (410, "was answered with 410 (Gone)", 1),
        (204, "was answered with 204 (No Content)", 1),
        (799, "was answered with 799", 1),
        (
            (429, {"Retry-After": "3600"}, b""),
            "was answered with 429 (Too Many Requests), to be asked again in 3600 seconds",
            1,
        ),
        (raw(HEAD + b"Content-Length: 1000\r\n\r\nhalf"), "was cut short", 4),
        ((200, {"Content-Type": "text/html"}, b"<p>"), "is text/html, not Markdown", 1),
        (
            (200, {"Content-Type": "application/atom+xml"}, b"<feed>"),
            "is application/atom+xml; name a feed or a sitemap as a source itself",
            1,
        ),
        (
            (200, {"Content-Type": MARKDOWN, "Content-Encoding": "zstd"}, PAGE),
            "is compressed in a way that was not asked for",
            1,
        ),
    ],
)
def test_what_cannot_be_had_is_one_reason(site, web, answer, reason, tries):
    """After as many tries as may help."""
    address = site.script("/a.md", answer)
    assert fetch(web, address) == reason
    assert site.asked() == tries


def test_a_server_that_stalls_is_given_up(site, web):
    """Whether it never begins or never ends."""

    async def never(request):
        await site.over.wait()
        return server.Response()

    async def half(request):
        response = server.StreamResponse(headers={"Content-Type": MARKDOWN, "Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        await site.over.wait()
        return response

    hurried = replace(web, timeout=0.2, tries=2)
    for handler in (never, half):
        address = site.script("/a.md", handler)
        assert fetch(hurried, address) == "did not answer within 0.2 seconds"
    assert site.asked() == 4


def test_no_more_is_taken_in_than_allowed(site, web):
    """Whether a server says how much it is, does not, or hides it in compression."""
    reason = "is larger than 0.1 MB; THREADBOT_FETCH_SIZE allows more"

    async def endless(request):
        response = server.StreamResponse(headers={"Content-Type": MARKDOWN})
        response.enable_chunked_encoding()
        await response.prepare(request)
        while not request.transport.is_closing():
            await response.write(b"x" * 10_000)
        return response

    bomb = gzip.compress(gzip.compress(bytes(50_000_000)))
    site.put("/long.md", b"x" * 100_001)
    site.script("/endless.md", endless)
    site.put("/bomb.md", gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
    site.put("/bomb.xml.gz", bomb, "application/gzip", Content_Encoding="gzip")
    for path in ("/long.md", "/endless.md", "/bomb.md"):
        assert fetch(web, site.url(path)) == reason
    assert fetch(web, site.url("/bomb.xml.gz"), want="source") == reason
    assert site.asked() == 4


def test_redirects_are_followed(site, web):
    """Relative ones too; what they lead to decides."""
    site.put("/sub/there.md", PAGE)
    site.script("/b", redirect("sub/there.md", 301))
    address = site.script("/a", redirect("/b#part", 308))
    assert fetch(web, address).final == site.url("/sub/there.md")


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("/a", "leads on and on, more than 10 times"),
        ("http://127.0.0.2:{port}/b.md", "leads to 127.0.0.2, which is on a private network or this machine"),
        ("http://[::1]:{port}/b.md", "leads to ::1, which is on a private network or this machine"),
        ("ftp://127.0.0.1/b.md", "leads to something that is not an https:// address"),
        ("file:///etc/passwd", "leads to something that is not an https:// address"),
        ("http://me:secret@127.0.0.1/b.md", "leads to something that holds a user name or password"),
    ],
)
def test_redirects_that_lead_astray(site, web, to, reason):
    """Each is checked like the first address, and nothing it leads to is connected to."""
    site.put("/b.md", PAGE)
    address = site.script("/a", redirect(to.format(port=site.port)))
    got = fetch(web, address)
    assert got.startswith(reason)
    assert "secret" not in got
    assert site.asked("/b.md") == 0


def test_private_machines_are_refused_unless_allowed(site, web):
    """By number, by name, and by numbers written as only some programs read them."""
    site.put("/a.md", PAGE)
    shut = replace(web, allowed=None)
    for host in ("127.0.0.1", "localhost"):
        assert "THREADBOT_FETCH_PRIVATE=true allows that" in fetch(shut, site.url("/a.md", host))
    for host in ("127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
        assert isinstance(fetch(shut, site.url("/a.md", host)), str)
    assert site.asked() == 0
    assert fetch(replace(shut, private=True), site.url("/a.md")).data == PAGE


class Fickle(AbstractResolver):
    """A name server under which a name is another machine every time."""

    turns = ("127.0.0.1", "127.0.0.2")

    def __init__(self):
        self.left = list(self.turns)

    async def resolve(self, host, port=0, family=0):
        """Give the next machine."""
        ip = self.left.pop(0)
        return [{"hostname": host, "host": ip, "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self):
        """Keep nothing open."""


def test_a_name_that_points_elsewhere_a_moment_later(site, web):
    """The machine that is connected to is the one that was checked."""
    import socket

    class Both(Fickle):
        async def resolve(self, host, port=0, family=0):
            found = await super().resolve(host, port, socket.AF_INET)
            return [entry | {"family": socket.AF_INET} for entry in found]

    site.put("/a.md", PAGE)
    site.script("/first", raw(b"HTTP/1.1 302 Found\r\nLocation: /a.md\r\nContent-Length: 0\r\n\r\n"))
    web = replace(web, resolver=Both)
    address = site.url("/first", "fickle.test")
    import aiohttp

    real = aiohttp.TCPConnector

    def uncached(**options):
        return real(**options, use_dns_cache=False)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(aiohttp, "TCPConnector", uncached)
        assert fetch(web, address).startswith("leads to fickle.test, which is on a private network")
    assert site.asked("/a.md") == 0


def test_http_is_refused_unless_allowed(site, web):
    """For the first address and for every other."""
    site.put("/a.md", PAGE)
    reason = "is not encrypted (http://); THREADBOT_FETCH_HTTP=true allows that"
    assert fetch(replace(web, http=False), site.url("/a.md")) == reason
    assert site.asked() == 0


def test_a_server_without_encryption_under_https(site, web):
    """It cannot be reached, and that is said without the address."""
    address = site.url("/a.md").replace("http://", "https://")
    assert fetch(replace(web, tries=1), address).startswith("could not be reached at 127.0.0.1")


def test_nobody_is_there(web):
    """After as many tries as are made."""
    reason = fetch(replace(web, tries=2), "http://127.0.0.1:1/a.md")
    assert reason == "could not be reached at 127.0.0.1 (Connection refused)"


def test_a_host_that_fails_again_and_again_is_left_in_peace(site, web):
    """The other addresses there are not tried; one that answers counts, whatever it says."""
    paths = [f"/{number}.md" for number in range(8)]
    for path in paths:
        site.script(path, 500)
    site.script("/2.md", 404)
    reasons = fetch(replace(web, tries=1), *map(site.url, paths), "http://127.0.0.2:1/a.md")
    assert [site.asked(path) for path in paths] == [1] * 8
    assert reasons[-1].startswith("leads to 127.0.0.2")
    site.script("/2.md", 500)
    reasons = fetch(replace(web, tries=1), *map(site.url, paths))
    assert reasons[5:] == ["was not tried: 127.0.0.1 failed 5 times in a row"] * 3


def test_user_names_and_passwords_come_from_netrc(site, web, tmp_path, monkeypatch):
    """For their host alone, and again for each redirect."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password geheim\n")
    (tmp_path / ".netrc").chmod(0o600)
    site.put("/a.md", PAGE)
    fetch(web, site.url("/a.md"))
    assert site.log[-1][1]["Authorization"] == "Basic bWU6Z2VoZWlt"
    (tmp_path / ".netrc").write_text("machine example.org login me password geheim\n")
    fetch(web, site.url("/a.md"))
    assert "Authorization" not in site.log[-1][1]


def test_cookies_are_not_kept(site, web):
    """Every run and every address begins anew."""
    address = site.put("/a.md", PAGE, Set_Cookie="a=b")
    fetch(web, address, address)
    assert "Cookie" not in site.log[-1][1]


def test_how_long_a_server_asks_to_wait():
    """In seconds, or until a time; anything else is nothing."""
    now = datetime(2025, 9, 2, 10, 0, tzinfo=UTC)
    later = format_datetime(now.replace(minute=2), usegmt=True)
    said = ["12", later, format_datetime(now.replace(hour=9)), "soon", "", "-3", "²", "9" * 400]
    assert [headers.seconds(text, now) for text in said] == [12, 120, 0, 0, 0, 0, 0, 999_999_999]


def test_headers_that_could_not_be_kept_are_not():
    """What a server sends ends up in a file and on a terminal."""
    assert headers.etag({"ETag": '"\udcff"'}) is None
    assert headers.etag({"ETag": "x" * 501}) is None
    assert headers.media_type({"Content-Type": "Text/\udcffHTML; charset=x"}) == "text/?html"


def test_compression_of_several_members():
    """As `cat` makes of two gzip files; damage is told from an early end."""
    from ingest.web import content

    two = gzip.compress(b"a") + gzip.compress(b"b")
    assert content.inflated(two, 2) == b"ab"
    with pytest.raises(content.TooLargeError):
        content.inflated(two, 1)
    with pytest.raises(content.CutShortError, match="too early"):
        content.inflated(two[:-9], 10)
    with pytest.raises(content.CutShortError, match="damaged"):
        content.inflated(zlib.compress(b"a"), 10)
