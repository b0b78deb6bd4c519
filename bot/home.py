"""Where the index lives that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.homes import Embedded

if TYPE_CHECKING:
    from bot.settings import Settings
    from retrieval.homes import Home


def home(settings: Settings) -> Home:
    """Return it: the data folder, or a Chroma server, which is not connected to yet."""
    if not settings.chroma_url:
        return Embedded(settings.data_dir)
    from retrieval.server.connection import Address
    from retrieval.server.home import ServerHome

    pairs = (pair.partition(":") for pair in settings.chroma_headers.get_secret_value().split(";"))
    address = Address(
        url=settings.chroma_url.rstrip("/"),
        tenant=settings.chroma_tenant,
        database=settings.chroma_database,
        headers={name.strip(): value.strip() for name, _, value in pairs if name.strip()},
    )
    return ServerHome(settings.data_dir, address, settings.chroma_lease)
