#!/usr/bin/python3
"""Validates JSON files against a JSON Schema (draft 2020-12).

usage: validate_json.py SCHEMA FILE...

Prints "valid FILE" or "invalid FILE: why" for each. Exit status 0 when all are valid, 1 when at least one
is not, 2 when the schema itself is wrong or a file is not JSON. A schema may refer to those beside it, by their $id.
"""
import json
import pathlib
import sys

import jsonschema


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main() -> int:
    try:
        schema = load(sys.argv[1])
        jsonschema.Draft202012Validator.check_schema(schema)
        beside = [load(path) for path in pathlib.Path(sys.argv[1]).parent.glob("*.schema.json")]
        resolver = jsonschema.RefResolver.from_schema(schema, store={other["$id"]: other for other in beside})
        validator = jsonschema.Draft202012Validator(schema, resolver=resolver)
        status = 0
        for path in sys.argv[2:]:
            error = jsonschema.exceptions.best_match(validator.iter_errors(load(path)))
            print(f"valid {path}" if error is None else f"invalid {path}: {error.json_path} {error.message}")
            status = status if error is None else 1
        return status
    except (jsonschema.SchemaError, jsonschema.RefResolutionError, ValueError) as error:
        print(error)
        return 2


sys.exit(main())
