"""What feeds, sitemaps and lists name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import sources
from ingest.web.indexes import BrokenIndexError, Kind, read_index, read_list

HERE = "https://example.org/threads/feed.xml"
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


def names(text, address=HERE):
    index = read_index(text.encode(), address)
    return index.kind, [name.removeprefix("https://example.org/") for name in index.names]


def test_atom():
    """An entry's Markdown is named, before anything else it links to; addresses may be relative."""
    kind, named = names(f"""<?xml version="1.0" encoding="utf-8"?>
        <feed {ATOM} xml:base="../pages/"><link rel="self" href="https://example.org/feed"/>
          <entry><link href="1.html" type="text/html"/>
                 <link rel="alternate" type="text/markdown" href="1.md"/></entry>
          <entry xml:base="old/"><link href="2.md"/></entry>
          <entry><link rel="enclosure" type="text/plain; charset=utf-8" href="/3"/></entry>
          <entry><link href="4"/></entry>
          <entry><link href="1.md"/></entry>
          <entry><link rel="edit" href="5.md"/><link href="5.html"/></entry>
          <entry><link href="6.md" type="text/html"/></entry>
        </feed>""")
    assert (kind, named) == (Kind.FEED, ["pages/1.md", "pages/old/2.md", "3", "pages/4"])


def test_rss():
    """2.0 and 1.0; an identifier counts where there is no link and it is an address."""
    kind, named = names("""<rss version="2.0"><channel><link>https://example.org/</link>
        <item><title>a</title><link> /1.md </link><guid>https://example.org/x</guid></item>
        <item><link>https://example.org/2.html</link><enclosure url="/2.md" type="text/markdown"/></item>
        <item><guid>https://example.org/3.txt</guid></item>
        <item><guid isPermaLink="false">https://example.org/4.txt</guid></item>
        <item><title>without any</title></item></channel></rss>""")
    assert (kind, named) == (Kind.FEED, ["1.md", "2.md", "3.txt"])
    kind, named = names(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        "<item><link>https://example.org/5.md</link></item></rdf:RDF>"
    )
    assert (kind, named) == (Kind.FEED, ["5.md"])


def test_sitemap():
    """Its pages, in their Markdown form where it names one; others are counted."""
    text = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:xhtml="http://www.w3.org/1999/xhtml">
        <url><loc>https://example.org/1.md</loc><lastmod>2025-01-01</lastmod></url>
        <url><loc>https://example.org/2</loc></url>
        <url><loc>https://example.org/3.html</loc>
          <xhtml:link rel="alternate" type="text/markdown" href="https://example.org/3.md"/></url>
        <url><loc>https://example.org/about.html</loc></url>
        <url><loc>https://example.org/picture.PNG</loc></url></urlset>"""
    assert names(text) == (Kind.SITEMAP, ["1.md", "2", "3.md"])
    assert read_index(text.encode(), HERE).others == 2


def test_index_of_sitemaps():
    """Whatever they are called."""
    kind, named = names(
        '<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        "<sitemap><loc>https://example.org/1.xml.gz</loc></sitemap>"
        "<sitemap><loc>https://example.org/2.php</loc></sitemap></sitemapindex>"
    )
    assert (kind, named) == (Kind.SITEMAPS, ["1.xml.gz", "2.php"])


def test_list():
    """One address a line, whatever it ends in; a line that is none is named, and nothing leaves then."""
    text = (
        "\ufeff# ours\n\n https://example.org/1.md \nhttps://example.org/2.html\nhttps://example.org/1.md#x\n"
    )
    index = read_list(text.removeprefix("\ufeff"))
    assert (index.kind, index.names) == (
        Kind.LIST,
        ("https://example.org/1.md", "https://example.org/2.html"),
    )
    assert index.complete
    assert read_index(text.encode(), HERE) == index
    mixed = read_list("https://example.org/1.md\nexample.org/2.md\nhttps://me:secret@h/3.md")
    assert [what for what, _ in mixed.wrong] == ["example.org/2.md", "https://…@h/3.md"]
    assert not mixed.complete


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n",
        "+++\ntitle = 1\n+++\nhttps://example.org/1.md\n",
        "https://example.org/1.md is where it began\nand so on",
        "<small>问题</small>\n",
    ],
)
def test_what_is_no_index(text):
    """It may be a page."""
    assert read_index(text.encode(), HERE) is None
    assert read_index(b"\xff\xfe\x00h", HERE) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<?xml version='1.0'?><feed><entry>", "is damaged XML"),
        ("<?xml version='1.0'?><html/>", "neither a feed nor a sitemap (<html>)"),
        ("<?xml version='1.0' encoding='klingon'?><feed/>", "unknown encoding"),
        (
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><feed>&b;</feed>',
            "entities",
        ),
        (
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><feed>&a;</feed>',
            "entities",
        ),
    ],
)
def test_xml_that_is_not_read(text, reason):
    """A reason each; entities are never followed."""
    with pytest.raises(BrokenIndexError) as caught:
        read_index(text.encode(), HERE)
    assert reason in str(caught.value)


@given(st.text(max_size=200))
def test_any_bytes_are_an_index_or_not(text):
    """Nothing else comes of them, and all that is named is an address."""
    for start in ("", "<?xml version='1.0'?><rss><item><link>", "https://example.org\n", f"<feed {ATOM}>"):
        try:
            index = read_index((start + text).encode("utf-8", "surrogatepass"), HERE)
        except BrokenIndexError:
            continue
        assert index is None or all(name.startswith("http") for name in index.names)


def test_a_file_that_lists_addresses(tmp_path):
    """It is known by its first line that says anything, whatever it is called."""
    path = tmp_path / "threads.txt"
    path.write_text("# ours\nhttps://example.org/1.md\n")
    assert sources.listed(path).names == ("https://example.org/1.md",)
    path.write_text("---\ntitle: https://example.org\n---\n")
    assert sources.listed(path) is None
    assert sources.listed(tmp_path) is sources.listed(tmp_path / "nowhere") is None
