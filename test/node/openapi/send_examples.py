"""Sends every example of a registry's /openapi.json, knowing nothing but the document.

    send_examples.py URL KEY STORY

STORY is a JSON list of operationIds, in the order in which they are sent. For the standard library alone. Prints what
was answered in another way than the document says, and exits with 1 if anything was.
"""

import http.client
import json
import re
import sys
from urllib.parse import quote, urlencode, urlsplit

HANDSHAKE = {
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def ask(url, method, path, headers, body=None):
    """Returns the status and the text. The text of a socket's handshake is empty."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, "" if response.status == 101 else response.read().decode()
    finally:
        connection.close()


class Document:
    def __init__(self, document):
        self.document = document
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }

    def resolved(self, schema):
        while "$ref" in schema:
            target = self.document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            schema = target
        return schema

    def missing(self, schema, value, place=""):
        """The required fields that a value lacks."""
        schema = self.resolved(schema)
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            found = [self.missing(option, value, place) for option in options]
            return min(found, key=len)
        if isinstance(value, list):
            items = schema.get("items", {})
            return [lack for item in value for lack in self.missing(items, item, place + "[]")]
        if not isinstance(value, dict):
            return [place] if schema.get("type") == "object" else []
        lacks = [f"{place}.{field}" for field in schema.get("required", []) if field not in value]
        for field, part in schema.get("properties", {}).items():
            if field in value and value[field] is not None:
                lacks += self.missing(part, value[field], f"{place}.{field}")
        return lacks


def filled(example, known):
    """The example with what an earlier answer had as `field` in place of `<field>`."""
    text = re.sub(r"<(\w+)>", lambda found: json.dumps(known[found[1]])[1:-1], json.dumps(example))
    return json.loads(text)


def note(known, body):
    for field, value in body.items() if isinstance(body, dict) else enumerate(body):
        if isinstance(value, str):
            known[field] = value
        elif isinstance(value, (dict, list)):
            note(known, value)


def request_of(path, operation, known):
    """Returns the path with its query, the headers, and the body or None."""
    query, headers, body = [], {}, None
    for parameter in operation["parameters"]:
        if "example" not in parameter:
            continue
        value = filled(parameter["example"], known)
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(str(value), safe=""))
        elif parameter["in"] == "header":
            headers[parameter["name"]] = str(value)
        else:
            query.append((parameter["name"], value))
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        body = json.dumps(filled(example, known))
        headers["Content-Type"] = "application/json"
    if "Upgrade" in headers:
        headers |= HANDSHAKE
    return path + ("?" + urlencode(query, doseq=True) if query else ""), headers, body


def main(url, key, story):
    _, text = ask(url, "GET", "/openapi.json", {})
    document = Document(json.loads(text))
    known, wrong = {}, []
    for operation_id in json.loads(story):
        method, path, operation = document.operations[operation_id]
        where, headers, body = request_of(path, operation, known)
        if operation.get("security") != []:
            headers["Authorization"] = f"Bearer {key}"
        status, text = ask(url, method, where, headers, body)
        declared = operation["responses"].get(str(status))
        if status >= 300 or declared is None:
            wrong.append(f"{operation_id}: {status} {text}")
            continue
        content = declared.get("content", {}).get("application/json")
        if content:
            answer = json.loads(text)
            wrong += [f"{operation_id}: no {lack}" for lack in document.missing(content["schema"], answer)]
            note(known, answer)
    print("\n".join(wrong) or f"{len(json.loads(story))} requests, all answered as documented")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
