"""The service held against its own description by schemathesis: what it must take, and what it must not."""

import asyncio
import threading
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bot.server.hook import SECRET_HEADER, Hook, Taken
from bot.server.openapi import document
from tests.bot.server.place import serving

TOKEN, SECRET = "s3cret", "hook-secret"
LABELS = [f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods]
GUARDED = ["POST /api/ask", "GET /api/excerpts/{id}", "POST /telegram"]
FEW = settings(
    max_examples=60,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Described:
    """The operations of the description, and what every answer has to pass.

    The library is imported here, for it takes longer than all other tests need to be collected.
    """

    def __init__(self):
        import schemathesis
        from schemathesis import GenerationMode
        from schemathesis.checks import not_a_server_error
        from schemathesis.specs.openapi import checks

        found = schemathesis.openapi.from_dict(document()).get_all_operations()
        self.operations = {each.ok().label: each.ok() for each in found}
        self.fitting, self.unfit = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
        self.checks = [
            not_a_server_error,
            checks.status_code_conformance,
            checks.content_type_conformance,
            checks.response_headers_conformance,
            checks.response_schema_conformance,
        ]
        self.refusal = checks.negative_data_rejection


@contextmanager
def elsewhere():
    """Serve in a thread of its own, for schemathesis calls from this one; give the address."""
    ready, done, addresses = threading.Event(), threading.Event(), []

    async def serve():
        hook = Hook("https://bot.example/telegram", SECRET, take=lambda _: Taken.TAKEN)
        async with serving(token=TOKEN, hook=hook) as (client, _):
            addresses.append(str(client._base_url))
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield addresses[0]
    finally:
        done.set()
        thread.join()


@pytest.fixture(scope="module")
def address():
    with elsewhere() as found:
        yield found


@pytest.fixture(scope="module")
def described():
    return Described()


@pytest.mark.parametrize("label", LABELS)
def test_whatever_fits_the_description_gets_an_answer_that_fits_it(label, address, described):
    """No 5xx, and status, type, headers and body as described."""
    operation = described.operations[label]

    @given(operation.as_strategy(generation_mode=described.fitting))
    @settings(FEW, max_examples=60 if label in GUARDED else 3)
    def fits(case):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {TOKEN}", SECRET_HEADER: SECRET}
        case.call_and_validate(base_url=address, checks=described.checks, timeout=10)

    fits()


@pytest.mark.parametrize("label", GUARDED)
def test_whatever_does_not_fit_is_refused_as_described(label, address, described):
    """Nothing is guessed, and nothing breaks."""
    operation = described.operations[label]
    known = {"id": "comment00001"} if "{id}" in label else None  # else 404 would hide what else is wrong

    @given(operation.as_strategy(generation_mode=described.unfit, path_parameters=known))
    @FEW
    def fits(case):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {TOKEN}", SECRET_HEADER: SECRET}
        case.call_and_validate(base_url=address, checks=[*described.checks, described.refusal], timeout=10)

    fits()


@pytest.mark.parametrize("label", GUARDED)
def test_without_its_secret_nothing_is_answered(label, address, described):
    """401 or 403, as described, whatever is sent."""
    operation = described.operations[label]

    @given(operation.as_strategy(generation_mode=described.fitting))
    @settings(FEW, max_examples=10)
    def refused(case):
        case.headers = {}
        response = case.call(base_url=address, timeout=10)
        case.validate_response(response, checks=described.checks)
        assert response.status_code in {401, 403, 404}

    refused()
