"""What no schema can say of a request that is meant to be right.

Named by schemathesis.toml, which has the reasons. Requests that are meant to be wrong are sent as they were made.
"""

import itertools

import schemathesis

KEY = "Idempotency-Key"

numbers = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    # A key names one request for ever; the generator repeats its keys with other bodies, which is `key_reused`.
    if case.headers and KEY in case.headers:
        number = f"-{next(numbers):012}"
        case.headers[KEY] = case.headers[KEY][: -len(number)] + number
    # Schemathesis 4.32 loses the quotes of an ETag in its coverage phase.
    if case.headers and case.headers.get("If-Match", "").isdigit():
        case.headers["If-Match"] = f'"{case.headers["If-Match"]}"'
    # A cursor is the shop's own text, opaque to others: none that was made up is one.
    if case.query:
        case.query.pop("cursor", None)
    # Items of one product are added up, and must agree on the price: a rule over items.
    if isinstance(case.body, dict) and isinstance(case.body.get("items"), list):
        case.body["items"] = list({item["productId"]: item for item in case.body["items"]}.values())
