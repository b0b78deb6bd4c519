"""What a run finds at addresses, and what it keeps when a server fails, forgets or changes its mind."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import revisions
from ingest.progress import Silent
from ingest.survey import survey
from ingest.web.types import Web
from retrieval.generations import Manifest
from tests.ingest.pages import page
from tests.ingest.web.site import MARKDOWN, raw, redirect

COMMENT = ("小李", "番茄要多晒太阳。")
XML = "application/xml"
PAGES = ("/1.md", "/2.md", "/3.md")


class Runs:
    """One run after the other over one site, each knowing what the last one left."""

    def __init__(self, site, web):
        self.site, self.web = site, web
        self.last = None
        self.manifest = None

    def look(self, *named, prune=False, **changes):
        """Survey; threads are named after their pages."""
        self.site.forget()
        progress = changes.pop("progress", Silent())
        web = replace(self.web, **changes)
        self.last = survey(named, self.manifest, prune=prune, progress=progress, web=web)
        entries = [
            replace(r.entry, thread=r.entry.path if r.parsed else r.entry.thread) for r in self.last.readings
        ]
        self.manifest = Manifest(
            1, "", "m", "f", 8, files=tuple(entries), reading=revisions.reading(), remotes=self.last.remotes
        )
        return self

    @property
    def read(self):
        """Return the paths of pages that were read anew."""
        return [self.short(reading.entry.path) for reading in self.last.readings if reading.parsed]

    @property
    def kept(self):
        """Return the paths of pages whose comments are in the index."""
        return sorted(self.short(entry.path) for entry in self.manifest.files if entry.thread)

    @property
    def skipped(self):
        """Return the reasons by path."""
        return {self.short(path): reason for path, reason in self.last.skipped}

    def short(self, path):
        """Return the path of an address at the site."""
        return path.removeprefix(self.site.url())


@pytest.fixture
def runs(site, web):
    """Put three threads on a site."""
    for number, path in enumerate(PAGES):
        site.put(path, page(COMMENT, title=f"帖子{number}"))
    return Runs(site, web)


def feed(*pages):
    entries = "".join(f'<entry><link href="{name}"/></entry>' for name in pages)
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'


def sitemap(site, *pages, name="urlset", entry="url"):
    urls = "".join(f"<{entry}><loc>{site.url(page)}</loc></{entry}>" for page in pages)
    return f'<?xml version="1.0"?><{name} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</{name}>'


def listing(site, *pages):
    return "# threads\n" + "".join(f"{site.url(page)}\n" for page in pages)


def put_index(site, kind, *pages):
    """Let a source of a kind name pages; return its address."""
    if kind == "feed":
        return site.put("/index", feed(*pages), XML)
    if kind == "sitemap":
        return site.put("/index", sitemap(site, *pages), XML)
    return site.put("/index", listing(site, *pages), "text/plain")


KINDS = ("feed", "sitemap", "list")


def test_a_page(runs, site):
    """It is its own source, and its path in answers is its address; an unchanged one is not sent again."""
    address = site.url("/1.md")
    assert runs.look(address).read == ["/1.md"]
    (entry,) = runs.manifest.files
    assert (entry.root, entry.path) == (address, address)
    assert runs.look(address).read == []
    assert (site.asked(), "If-None-Match" in site.log[0][1], runs.skipped) == (1, True, {})


@pytest.mark.parametrize("kind", KINDS)
def test_pages_that_a_source_names(runs, site, kind):
    """Each is asked for once; those that are as they were are neither sent nor parsed again."""
    index = put_index(site, kind, "/1.md", "/2.md", "/1.md")
    assert runs.look(index).read == ["/1.md", "/2.md"]
    assert {entry.root for entry in runs.manifest.files} == {index}
    assert site.asked() == 3
    assert runs.look(index).read == []
    assert all("If-None-Match" in asked for _, asked in site.log)
    assert runs.kept == ["/1.md", "/2.md"]
    put_index(site, kind, "/1.md", "/2.md", "/3.md")
    site.put("/2.md", page(COMMENT, COMMENT))
    assert runs.look(index).read == ["/2.md", "/3.md"]


def test_same_bytes_are_not_parsed(runs, site, monkeypatch):
    """Where a server knows nothing of conditions, the bytes tell."""
    body = page(COMMENT).encode()
    address = site.script("/1.md", (200, {"Content-Type": MARKDOWN}, body))
    runs.look(address)
    monkeypatch.setattr("ingest.formats.parse", lambda _: pytest.fail("it was parsed"))
    assert runs.look(address).read == []
    assert (runs.kept, site.asked()) == (["/1.md"], 1)


def test_what_falls_off_the_end_of_a_feed_stays(runs, site):
    """And is still kept in step, as far as its server has it."""
    index = put_index(site, "feed", "/1.md", "/2.md")
    runs.look(index)
    put_index(site, "feed", "/3.md")
    assert runs.look(index).kept == ["/1.md", "/2.md", "/3.md"]
    site.put("/1.md", page(COMMENT, COMMENT))
    site.script("/2.md", 404)
    assert runs.look(index).read == ["/1.md"]
    assert runs.kept == ["/1.md", "/2.md", "/3.md"]
    put_index(site, "feed")
    assert runs.look(index).kept == ["/1.md", "/2.md", "/3.md"]


@pytest.mark.parametrize("kind", ["sitemap", "list"])
def test_what_a_complete_source_names_no_longer_leaves(runs, site, kind):
    """Unless it names nothing at all, which is a failure more likely than a wish."""
    index = put_index(site, kind, "/1.md", "/2.md")
    runs.look(index)
    put_index(site, kind, "/2.md")
    assert runs.look(index).kept == ["/2.md"]
    site.put(
        "/index", sitemap(site) if kind == "sitemap" else "# none\n", XML if kind == "sitemap" else MARKDOWN
    )
    assert runs.look(index).kept == ["/2.md"]
    assert len(runs.skipped) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "failure",
    [
        500,
        404,
        410,
        403,
        (429, {"Retry-After": "9999"}, b""),
        redirect("http://127.0.0.2/"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\nhttp://127.0.0.1/"),
        (200, {"Content-Type": "text/html"}, b"<p>We will be back soon."),
        (200, {"Content-Type": "text/plain"}, b"We will be back soon."),
        (200, {"Content-Type": XML}, b"<?xml version='1.0'?><feed><entry>"),
    ],
)
def test_a_source_that_fails_keeps_all_it_had(runs, site, kind, failure):
    """Whatever is wrong with it, also when pruning; it is said why, and the next good run goes on."""
    index = put_index(site, kind, "/1.md", "/2.md")
    runs.look(index)
    before = runs.manifest.files
    site.script("/index", failure)
    runs.look(index, prune=True, tries=1)
    assert runs.manifest.files == before
    assert list(runs.skipped) == ["/index"]
    assert site.asked("/1.md") == 0
    put_index(site, kind, "/1.md", "/2.md", "/3.md")
    assert runs.look(index).read == ["/3.md"]
    assert (runs.kept, runs.skipped) == (["/1.md", "/2.md", "/3.md"], {})


@pytest.mark.parametrize(
    "failure",
    [
        500,
        404,
        401,
        redirect("/2.md-not"),
        redirect("http://127.0.0.2/"),
        (200, {"Content-Type": "text/html"}, b"<p>We will be back soon."),
        (200, {"Content-Type": MARKDOWN, "ETag": '"x"'}, b"We will be back soon."),
        (200, {"Content-Type": MARKDOWN}, b"\x00"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/markdown\r\nContent-Length: 9999\r\n\r\n---\n"),
        raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/markdown\r\n\r\n---\ntitle: a"),
    ],
)
def test_a_page_that_fails_keeps_its_comments(runs, site, failure):
    """Whatever is wrong with it; the others are read, and it is read again when it is back."""
    index = put_index(site, "list", "/1.md", "/2.md")
    good = site.answers["/1.md"]
    runs.look(index)
    site.script("/1.md", failure)
    put_index(site, "list", "/1.md", "/2.md", "/3.md")
    for _ in range(2):
        runs.look(index, tries=1)
        assert runs.kept == ["/1.md", "/2.md", "/3.md"]
        assert list(runs.skipped) == ["/1.md"]
    site.answers["/1.md"] = good
    runs.look(index)
    assert good[0][1]["ETag"] not in [asked.get("If-None-Match") for _, asked in site.log]
    assert (runs.read, runs.skipped) == (["/1.md"], {})


def test_a_page_that_is_gone_for_good_leaves(runs, site):
    """410 says so of a page that a source names; of a source itself it is a failure like any other."""
    index = put_index(site, "feed", "/1.md", "/2.md")
    runs.look(index)
    site.script("/1.md", 410)
    assert runs.look(index).kept == ["/2.md"]
    assert runs.skipped == {"/1.md": "is gone for good (410)"}
    runs.look(site.url("/2.md"))
    site.script("/2.md", 410)
    assert runs.look(site.url("/2.md")).kept == ["/2.md"]
    assert runs.skipped == {"/2.md": "was answered with 410 (Gone)"}


def test_a_page_that_was_never_read(runs, site):
    """It is named with its reason every time, until it can be read."""
    index = put_index(site, "list", "/1.md", "/gone.md")
    for _ in range(2):
        assert runs.look(index).skipped == {"/gone.md": "was answered with 404 (Not Found)"}
    site.put("/gone.md", page(COMMENT))
    assert runs.look(index).read == ["/gone.md"]


def test_a_page_that_does_not_parse(runs, site):
    """It is not sent again as long as it stays so."""
    site.put("/1.md", "no thread")
    reason = {"/1.md": "no comments found in any known format"}
    assert runs.look(site.url("/1.md")).skipped == reason
    assert runs.look(site.url("/1.md")).skipped == reason
    assert "If-None-Match" in site.log[0][1]


def test_an_unchanged_page_whose_comments_are_not_there_is_fetched(runs, site):
    """Nothing that a server says is unchanged is believed to be in the index unless it is."""
    index = put_index(site, "list", "/1.md", "/2.md")
    runs.look(index)
    files = [
        replace(entry, digest="") if entry.path.endswith("/1.md") else entry for entry in runs.manifest.files
    ]
    runs.manifest = replace(runs.manifest, files=tuple(files))
    assert runs.look(index).read == ["/1.md"]
    runs.manifest = replace(runs.manifest, files=runs.manifest.files[1:])
    assert runs.look(index).read == ["/1.md"]
    runs.manifest = replace(runs.manifest, reading="other")
    assert runs.look(index).read == ["/1.md", "/2.md"]


STATES = st.one_of(st.integers(1, 3), st.sampled_from([404, 410, 500, "cut", "html"]))
STEPS = st.tuples(
    st.sampled_from(["ok", "ok", 404, 410, 500, "cut", "html"]),
    st.sets(st.sampled_from(PAGES)),
    st.fixed_dictionaries(dict.fromkeys(PAGES, STATES)),
)

GOOD = ("ok", set(PAGES), dict.fromkeys(PAGES, 1))


def be(site, path, state, good):
    """Let a path be in a state: a status, cut short, something else, or as it should be."""
    if state == "cut":
        site.script(
            path, raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\nhttp")
        )
    elif state == "html":
        site.script(path, (200, {"Content-Type": "text/html"}, b"<p>"))
    elif state in {404, 410, 500}:
        site.script(path, state)
    else:
        good()


def expected(kind, had, step):
    """Return which version of which page the index is to hold after a step, given what it held."""
    state, named, pages = step
    if state != "ok" or (not named and (kind != "feed" or not had)):
        return had
    wanted = named | set(had) if kind == "feed" else named
    now = {page: pages[page] if pages[page] in {1, 2, 3} else had.get(page) for page in wanted}
    return {page: version for page, version in now.items() if version is not None and pages[page] != 410}


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(KINDS), st.lists(STEPS, min_size=2, max_size=5))
def test_any_history_of_failures(site, web, kind, steps):
    """Whatever fails when, the index holds what it should: nothing is lost, and nothing stays for ever."""
    runs, had = Runs(site, web), {}
    versions = {number: page(*[COMMENT] * number) for number in (1, 2, 3)}
    sizes = {len(text.encode()): number for number, text in versions.items()}
    for state, named, pages in [GOOD, *steps]:
        for path, own in pages.items():
            be(site, path, own, lambda path=path, own=own: site.put(path, versions[own]))
        be(site, "/index", state, lambda named=named: put_index(site, kind, *sorted(named)))
        runs.look(site.url("/index"), tries=1)
        had = expected(kind, had, (state, named, pages))
        held = {runs.short(e.path): sizes[e.size] for e in runs.manifest.files if e.thread}
        assert held == had


def test_sitemaps_of_a_sitemap(runs, site):
    """While one of them fails, nothing leaves; what the others name is read."""
    site.put("/one.xml", sitemap(site, "/1.md"), XML)
    site.put("/two.xml", sitemap(site, "/2.md"), XML)
    index = site.put(
        "/index", sitemap(site, "/one.xml", "/two.xml", name="sitemapindex", entry="sitemap"), XML
    )
    assert runs.look(index).read == ["/1.md", "/2.md"]
    assert runs.look(index).read == []
    site.script("/two.xml", 500)
    site.put("/one.xml", sitemap(site, "/3.md"), XML)
    runs.look(index, tries=1)
    assert (runs.read, runs.kept) == (["/3.md"], ["/1.md", "/2.md", "/3.md"])
    assert runs.skipped == {"/two.xml": "was answered with 500 (Internal Server Error)"}
    site.put("/two.xml", feed("/2.md"), XML)
    assert runs.look(index).skipped == {"/two.xml": "is no sitemap"}
    site.put("/two.xml", sitemap(site, "/2.md"), XML)
    assert runs.look(index).kept == ["/2.md", "/3.md"]


def test_a_sitemap_in_a_gzip_file(runs, site):
    """As large ones come."""
    import gzip

    site.put("/1.xml.gz", gzip.compress(sitemap(site, "/1.md").encode()), "application/x-gzip")
    assert runs.look(site.url("/1.xml.gz")).read == ["/1.md"]


def test_a_source_of_other_things(runs, site):
    """It says what it names instead of Markdown."""
    index = put_index(site, "sitemap", "/a.html", "/b.pdf")
    runs.look(index)
    assert runs.skipped == {"/index": "names no page of Markdown: its 2 entries lead to other things"}


def test_a_file_that_lists_addresses(runs, site, tmp_path):
    """It is complete, like a list at an address; without any address left it is taken for a mistake."""
    path = tmp_path / "list.txt"
    path.write_text(listing(site, "/1.md", "/2.md"))
    assert runs.look(path).read == ["/1.md", "/2.md"]
    path.write_text(listing(site, "/2.md") + "3.md\n")
    assert runs.look(path).kept == ["/1.md", "/2.md"]
    assert runs.skipped == {"3.md": "is not an https:// address"}
    path.write_text(listing(site, "/2.md"))
    assert runs.look(path).kept == ["/2.md"]
    path.write_text("")
    assert runs.look(path).kept == ["/2.md"]
    path.unlink()
    assert runs.look(path).kept == ["/2.md"]
    assert "does not exist" in runs.skipped[str(path)]


def test_files_and_addresses_together(runs, site, tmp_path):
    """Sources that are not named keep what they have, unless pruned."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "a.txt").write_text(page(COMMENT), encoding="utf-8")
    index = put_index(site, "list", "/1.md")
    assert runs.look(tmp_path / "archive", index).read == ["a.txt", "/1.md"]
    assert runs.look(tmp_path / "archive").kept == ["/1.md", "a.txt"]
    assert site.asked() == 0
    assert runs.look(index).kept == ["/1.md", "a.txt"]
    assert "If-None-Match" in site.log[0][1]
    assert runs.look(tmp_path / "archive", prune=True).kept == ["a.txt"]
    assert runs.manifest.remotes == ()


def test_a_page_of_two_sources_belongs_to_the_first(runs, site):
    """And is fetched once."""
    index = put_index(site, "list", "/1.md", "/2.md")
    runs.look(index, site.url("/2.md"))
    assert site.asked("/2.md") == 1
    assert sorted((runs.short(e.root), runs.short(e.path)) for e in runs.manifest.files) == [
        ("/2.md", "/2.md"),
        ("/index", "/1.md"),
    ]


def test_no_more_at_once_than_allowed(runs, site):
    """However many pages there are."""
    import asyncio

    from aiohttp import web as server

    now, most = 0, 0

    async def counted(_):
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(20):
            await asyncio.sleep(0)
        now -= 1
        return server.Response(text=page(COMMENT), content_type="text/markdown")

    names = [f"/many/{number}.md" for number in range(12)]
    for name in names:
        site.script(name, counted)
    runs.look(put_index(site, "list", *names), concurrency=3)
    assert len(runs.read) == 12
    assert most <= 3


def test_progress(runs, site):
    """Sources and pages are counted as they come."""
    told = []

    class Told(Silent):
        def stage(self, name, total):
            told.append([name, total, 0])

        def advance(self, units):
            told[-1][2] += units

    runs.look(put_index(site, "list", "/1.md", "/2.md"), progress=Told())
    assert told == [["read", 0, 0], ["fetch", 1, 1], ["fetch", 2, 2]]


def test_without_addresses_no_network_library_is_loaded():
    """A run over files starts as fast as before."""
    import subprocess
    import sys

    script = "import sys, ingest.survey; print({'aiohttp', 'yarl', 'tenacity'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_by_default_only_public_machines_and_only_encrypted():
    """Whoever wants more has to say so."""
    web = Web()
    assert (web.http, web.private) == (False, False)
