"""gateway/api/openapi.json against the running server: what it documents is so, and what is so it documents."""

import json
import re
from urllib.parse import quote

import jsonschema
import pytest

from harness.api import Api
from harness.clients import ProtocolClient
from harness.gateway import ROOT, Gateway

FILE = ROOT / "gateway/api/openapi.json"
SPEC = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {"paths": {}}
METHODS = ("get", "put", "post", "delete", "patch", "head")
OPERATIONS = [(method, path) for path, item in SPEC["paths"].items() for method in METHODS if method in item]

# What section 5 of the design names; the file must document all of it.
ROUTES = [("post", "/v1/push"), ("post", "/v1/push/{uid}"), ("get", "/send"), ("get", "/v1/users/{uid}"), ("delete", "/v1/users/{uid}"),
          ("post", "/v1/online"), ("get", "/v1/channels/{channel}"), ("get", "/v1/channels/{channel}/presence"),
          ("get", "/v1/channels/{channel}/history"), ("get", "/v1/connections/{id}"), ("delete", "/v1/connections/{id}"),
          ("get", "/v1/stats"), ("get", "/v1/memory"), ("get", "/metrics"), ("get", "/healthz"), ("get", "/readyz"), ("post", "/v1/drain"),
          ("get", "/openapi.json")]


def resolve(node):
    while "$ref" in node:
        target = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def validator(schema):
    """OpenAPI 3.1 schemas are JSON Schema 2020-12; references are to the whole file."""
    return jsonschema.Draft202012Validator(schema, resolver=jsonschema.RefResolver("", SPEC))


def same_shape(path):
    return re.sub(r"\{[^}]*\}", "{}", path)


@pytest.fixture(scope="module")
def own_gateway():
    with Gateway(shards=2) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def own_api(own_gateway):
    api = Api(own_gateway.api)
    yield api
    api.close()


def test_the_file_is_served(own_api):
    answer = own_api.get("/openapi.json")
    assert answer.status == 200 and answer.headers["content-type"].startswith("application/json")
    assert answer.json == SPEC


def test_the_file_is_sound():
    assert SPEC["openapi"].startswith("3.1")
    for method, path in OPERATIONS:
        operation = SPEC["paths"][path][method]
        assert operation.get("summary") and operation.get("operationId"), (method, path)
        assert operation["responses"], (method, path)
        declared = {resolve(p)["name"] for p in SPEC["paths"][path].get("parameters", []) + operation.get("parameters", [])
                    if resolve(p)["in"] == "path"}
        assert declared == set(re.findall(r"\{([^}]*)\}", path)), (method, path)
    ids = [SPEC["paths"][path][method]["operationId"] for method, path in OPERATIONS]
    assert len(ids) == len(set(ids))

    def walk(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                resolve(node)
            if "schema" in node and isinstance(node["schema"], dict):
                jsonschema.Draft202012Validator.check_schema(node["schema"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
    walk(SPEC)


@pytest.mark.parametrize("method,path", ROUTES, ids=lambda value: value)
def test_every_route_of_the_design_is_documented(method, path):
    assert any(same_shape(path) == same_shape(known) and method in SPEC["paths"][known] for known in SPEC["paths"]), (method, path)


def check_answer(operation, answer, what):
    """The status is documented, and the body is of its schema."""
    responses = operation["responses"]
    documented = responses.get(str(answer.status)) or responses.get(f"{answer.status // 100}XX") or responses.get("default")
    assert documented, f"{what}: status {answer.status} is not documented: {answer.body[:300]!r}"
    content = resolve(documented).get("content")
    if not content:
        return
    content_type = answer.headers.get("content-type", "").split(";")[0]
    assert content_type in content, f"{what}: {answer.status} with {content_type}, documented {list(content)}"
    schema = content[content_type].get("schema")
    if schema and content_type == "application/json":
        validator(schema).validate(answer.json)


def path_values(uid, client):
    return {"uid": uid, "channel": "openapi-channel", "c": "openapi-channel", "id": client.connection_id, "connection": client.connection_id,
            "connection_id": client.connection_id}


def examples_of(operation):
    """(content type, body) of each example of the request; (None, None) for a request without a body."""
    body = operation.get("requestBody")
    if not body:
        yield None, None
        return
    for content_type, media in resolve(body)["content"].items():
        examples = [resolve(one)["value"] for one in media.get("examples", {}).values()]
        if "example" in media:
            examples.append(media["example"])
        assert examples or content_type != "application/json", "a JSON request without an example"
        for example in examples:
            if content_type == "application/json" and "schema" in media:
                validator(media["schema"]).validate(example)
            yield content_type, example if isinstance(example, str) and content_type != "application/json" else json.dumps(example)


@pytest.mark.parametrize("method,path", [one for one in OPERATIONS if one != ("post", "/v1/drain")], ids=lambda value: value)
def test_every_operation_is_as_documented(own_gateway, own_api, uid, method, path):
    operation = SPEC["paths"][path][method]
    parameters = [resolve(p) for p in SPEC["paths"][path].get("parameters", []) + operation.get("parameters", [])]
    for content_type, body in examples_of(operation):
        with ProtocolClient(own_gateway, uid) as client:
            own_api.pushed(channel="openapi-channel", data={"n": 1})
            client.subscribe("openapi-channel")
            values = path_values(uid, client)
            target = re.sub(r"\{([^}]*)\}", lambda match: quote(values[match[1]], safe=""), path)
            query = {p["name"]: p.get("example", values.get(p["name"])) for p in parameters if p["in"] == "query" and p.get("required")}
            if query:
                target += "?" + "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
            answer = own_api.request(method.upper(), target, body, {"Content-Type": content_type} if content_type else {})
            assert answer.status < 300 or answer.status == 404, (target, answer.status, answer.body)
            check_answer(operation, answer, f"{method} {path}")
            # The same asked about nobody, and wrongly.
            if "{" in path:
                nobody = re.sub(r"\{([^}]*)\}", "nobody-of-this-name", path)
                check_answer(operation, own_api.request(method.upper(), nobody, body, {"Content-Type": content_type} if content_type else {}),
                             f"{method} {nobody}")
            if content_type == "application/json":
                check_answer(operation, own_api.request(method.upper(), target, "{", {"Content-Type": content_type}), f"{method} {path}, broken JSON")


@pytest.mark.parametrize("method,path", OPERATIONS, ids=lambda value: value)
def test_documented_methods_are_those_allowed(own_api, method, path):
    """A method that is not documented is answered with 405, whose Allow names the documented ones."""
    target = re.sub(r"\{[^}]*\}", "x", path)
    answer = own_api.request("PATCH", target)
    assert answer.status == 405, (target, answer.status)
    allowed = {one.strip().lower() for one in answer.headers["allow"].split(",")} - {"head", "options"}
    assert allowed == {m for m in METHODS if m in SPEC["paths"][path]} - {"head"}


def test_drain_is_as_documented():
    with Gateway(shards=1) as gateway:
        api = Api(gateway.api)
        check_answer(SPEC["paths"]["/v1/drain"]["post"], api.request("POST", "/v1/drain"), "post /v1/drain")
        api.close()
