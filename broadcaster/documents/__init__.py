"""Values to JSON and back, their digests, and the alert files that people write. Import names from here."""

from broadcaster.documents.daywords import days_from, words_of
from broadcaster.documents.drafts import draft_from, read_draft, sketch
from broadcaster.documents.files import LARGEST, parse_json, parse_toml
from broadcaster.documents.places import city_document, city_of
from broadcaster.documents.plans import RuleTable, plan_document, plan_from, plan_table, read_plan, rule_contradictions
from broadcaster.documents.toml import toml_of
from broadcaster.documents.values import (
    canonical,
    digest,
    dump,
    dumps,
    load,
    loads,
    place_of,
    validation_codes,
    validation_problems,
)

__all__ = [
    "LARGEST",
    "RuleTable",
    "canonical",
    "city_document",
    "city_of",
    "days_from",
    "digest",
    "draft_from",
    "dump",
    "dumps",
    "load",
    "loads",
    "parse_json",
    "parse_toml",
    "place_of",
    "plan_document",
    "plan_from",
    "plan_table",
    "read_draft",
    "read_plan",
    "rule_contradictions",
    "sketch",
    "toml_of",
    "validation_codes",
    "validation_problems",
    "words_of",
]
