"""JSON Schema as jsonschema has it, without the ways that cannot lead anywhere.

Discord describes a message's parts as one of a dozen forms, each with a number as its `type`. To
try all of them, and to look every reference up anew, was half of what the bot's tests took.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

Schema = dict[str, Any]


def validator_of(schema: Schema, components: Schema) -> Any:
    """What holds bodies against a schema whose references are all to `components`."""

    @cache
    def found(reference: str) -> Schema:
        place: Any = {"components": components}
        for part in reference.removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]
        resolved: Schema = place
        return resolved

    def follow(
        validator: Any, reference: str, instance: Any, _schema: Schema
    ) -> Iterator[ValidationError]:
        yield from validator.descend(instance, found(reference))

    def one_of(
        validator: Any, forms: Sequence[Schema], instance: Any, schema: Schema
    ) -> Iterator[ValidationError]:
        likely = [form for form in forms if not is_another(form, instance)]
        try_each = Draft202012Validator.VALIDATORS["oneOf"]
        yield from try_each(validator, likely or forms, instance, schema)

    def is_another(form: Schema, instance: Any) -> bool:
        """Whether one look says that it is not of this form: another value, or another `type`."""
        while "$ref" in form:
            form = found(form["$ref"])
        if "const" in form:
            return bool(form["const"] != instance)
        kinds = form.get("properties", {}).get("type", {}).get("enum")
        if kinds is None or not isinstance(instance, dict) or "type" not in instance:
            return False
        return instance["type"] not in kinds

    judge = extend(Draft202012Validator, {"$ref": follow, "oneOf": one_of})
    return judge({**schema, "components": components})
