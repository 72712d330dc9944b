#!/usr/bin/python3
"""Validates JSON files against a JSON Schema (draft 2020-12).

usage: validate_json.py SCHEMA FILE...

Prints "valid FILE" or "invalid FILE: why" for each. Exit status 0 when all are valid, 1 when at least one
is not, 2 when the schema itself is wrong or a file is not JSON.
"""
import json
import sys

import jsonschema


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        status = 0
        for path in sys.argv[2:]:
            with open(path, encoding="utf-8") as file:
                error = jsonschema.exceptions.best_match(validator.iter_errors(json.load(file)))
            print(f"valid {path}" if error is None else f"invalid {path}: {error.message}")
            status = status if error is None else 1
        return status
    except (jsonschema.SchemaError, ValueError) as error:
        print(error)
        return 2


sys.exit(main())
