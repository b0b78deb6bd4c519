"""The description of the service that it serves itself; a test holds real answers against it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from bot.server.body import AskBody
from bot.server.hook import LARGEST_ID, SECRET_HEADER

_Schema = dict[str, Any]


def _object(properties: dict[str, _Schema], *optional: str) -> _Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _or_null(schema: _Schema) -> _Schema:
    return {"anyOf": [schema, {"type": "null"}]}


_TEXT: _Schema = {"type": "string"}
_NUMBER: _Schema = {"type": "integer", "minimum": 0}
_LANGUAGE: _Schema = {"type": "string", "enum": ["en", "zh"]}
_RANGE: _Schema = {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}

_EXCERPT = _object(
    {
        "id": _TEXT | {"description": "Permanent: `GET /api/excerpts/{id}` finds it again."},
        "rank": _NUMBER,
        "score": {"type": "number"},
        "author": _TEXT,
        "reply_to": _or_null(_TEXT),
        "kind": {"type": "string", "enum": ["answer", "reply"]},
        "thread": _object({"id": _TEXT, "title": _or_null(_TEXT), "date": _or_null(_TEXT)}),
        "position": _NUMBER | {"description": "Place of the comment in its file, from 1."},
        "source": _object({"path": _TEXT, "lines": _RANGE}),
        "language": _LANGUAGE,
        "quote": _TEXT | {"description": "Whole sentences, a verbatim part of `text[language]`."},
        "highlights": _list(_RANGE) | {"description": "Half-open ranges of code points in `quote`."},
        "other": _or_null(_object({"language": _LANGUAGE, "quote": _TEXT})),
        "text": _object({"zh": _or_null(_TEXT), "en": _or_null(_TEXT)}),
        "similar": _list(_TEXT) | {"description": "Ids of near-duplicates folded into this one."},
        "chain": _list(_object({"author": _TEXT, "position": _NUMBER, "quote": _TEXT})),
    }
)
_ANSWER = _object(
    {
        "question": _TEXT,
        "language": _LANGUAGE,
        "answered": {
            "type": "boolean",
            "description": "False: nothing relevant was found; `excerpts` are the nearest ones, no answer.",
        },
        "generation": _NUMBER,
        "archive_date": _or_null(_TEXT),
        "excerpts": _list({"$ref": "#/components/schemas/Excerpt"}),
    }
)
_ERROR = _object({"error": _TEXT})


@cache
def document() -> _Schema:
    """Return the OpenAPI 3.1 description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "threadbot",
            "version": version("threadbot"),
            "description": "Quoted, attributed answers from archived discussion threads.",
        },
        "paths": {
            "/api/ask": {"post": _ask()},
            "/api/excerpts/{id}": {"get": _excerpt()},
            "/telegram": {"post": _telegram()},
            "/openapi.json": {"get": _described()},
            "/healthz": {"get": _plain("The process runs.")},
            "/readyz": {"get": _plain("Questions can be answered.", {"503": _said("They can not; why.")})},
            "/metrics": {"get": _plain("Metrics in Prometheus' text format.")},
        },
        "components": {
            "schemas": {
                "Ask": AskBody.model_json_schema(),
                "Answer": _ANSWER,
                "Excerpt": _EXCERPT,
                "Error": _ERROR,
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "secret": {"type": "apiKey", "in": "header", "name": SECRET_HEADER},
            },
        },
    }


def _ask() -> _Schema:
    return {
        "operationId": "ask",
        "summary": "Answer a question with quoted comments.",
        "security": [{"token": []}, {}],
        "requestBody": {"required": True, "content": _json("Ask")},
        "responses": {
            "200": _response("The answer.", "Answer"),
            **_errors("400", "401", "403", "408", "413", "422"),
            "503": _later(),
        },
    }


def _excerpt() -> _Schema:
    return {
        "operationId": "excerpt",
        "summary": "Give one comment whole.",
        "security": [{"token": []}, {}],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": _TEXT},
            {"name": "lang", "in": "query", "schema": _LANGUAGE},
        ],
        "responses": {
            "200": _response("The comment.", "Excerpt"),
            **_errors("400", "401", "403", "404", "422"),
            "503": _later(),
        },
    }


def _telegram() -> _Schema:
    update = {
        "type": "object",
        "properties": {"update_id": _NUMBER | {"maximum": LARGEST_ID}},
        "required": ["update_id"],
    }
    return {
        "operationId": "telegram",
        "summary": "Take one of Telegram's updates, where it brings them; they are dealt with later.",
        "security": [{"secret": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": update}}},
        "responses": {
            "200": {"description": "Taken.", "content": {"application/json": {"schema": {"type": "object"}}}},
            **_errors("400", "403", "404", "408", "413"),
            "503": _later(),
        },
    }


def _described() -> _Schema:
    return {
        "operationId": "description",
        "summary": "This description.",
        "responses": {
            "200": {
                "description": "In OpenAPI 3.1.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }


def _later() -> _Schema:
    header = {"required": True, "description": "In how many seconds to come again.", "schema": _NUMBER}
    return _response("Not now, in one sentence.", "Error") | {"headers": {"Retry-After": header}}


def _errors(*statuses: str) -> dict[str, _Schema]:
    return {status: _response("Why not, in one sentence.", "Error") for status in statuses}


def _response(description: str, schema: str) -> _Schema:
    return {"description": description, "content": _json(schema)}


def _json(schema: str) -> _Schema:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _plain(description: str, more: dict[str, _Schema] | None = None) -> _Schema:
    return {"responses": {"200": _said(description), **(more or {})}}


def _said(description: str) -> _Schema:
    return {"description": description, "content": {"text/plain": {"schema": _TEXT}}}
