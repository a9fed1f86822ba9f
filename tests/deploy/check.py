#!/usr/bin/env python3
"""Translates deploy/template.yaml as AWS does, and lints it.

    check.py                 lints the template, and what it becomes under every combination of its options
    check.py translate       prints what it becomes, as JSON, with the parameters of no option set

Needs cfn-lint and aws-sam-translator (.ci/requirements.txt); asks no account and no network."""

import itertools
import json
import logging
import multiprocessing
import os
import sys
from pathlib import Path

# boto3, within the translator, wants a region; nothing is sent anywhere.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
# It says that feature toggles are not there, which only AWS has.
logging.disable(logging.WARNING)

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).resolve().parents[2] / "deploy" / "template.yaml"

# What has no default.
REQUIRED = {
    "StripeSecretParameter": "/shop/stripe-key",
    "StripeWebhookSecretParameter": "/shop/stripe-webhook-secret",
}

# Each option, and in which ways it can be set: all that conditions ask of.
OPTIONS = [
    [{}, {"ExistingTable": "commerce"}, {"ExistingTable": "commerce", "ExistingOrderIndex": "orders-by-id"}],
    [{"JwtSecretParameter": "/shop/jwt-secret"}, {"JwksUrl": "https://id.example/jwks.json"}],
    [{}, {"SecretsKeyArn": "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666"}],
    [{}, {"StripeEventBus": "aws.partner/stripe.com/ed_test_61"}],
    [{}, {"AlarmTopicArn": "arn:aws:sns:eu-central-1:111122223333:alarms"}],
    [{}, {"CorsAllowOrigin": "https://shop.example,https://www.shop.example"}],
]

# The translator puts in its value, and nothing asks for it any more.
TAKEN = ["AuthorizerCacheSeconds"]


class ManagedPolicies:
    """There are none: every role says itself what it may."""

    def load(self):
        return {}


def translated(parameters):
    template = yaml_parse(TEMPLATE.read_text())
    for name, value in {**REQUIRED, **parameters}.items():
        template["Parameters"][name]["Default"] = value
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            # As `sam package` does.
            properties["CodeUri"] = "s3://packages/" + properties["CodeUri"].rsplit("/", 1)[-1]
    made = transform(template, {"AWS::Region": "eu-central-1"}, ManagedPolicies())
    for name in TAKEN:
        del made["Parameters"][name]
    # How a console arranges the parameters, and those are among them.
    del made["Metadata"]["AWS::CloudFormation::Interface"]
    return made


def unasked(template):
    """The options that conditions ask of and OPTIONS does not have."""
    asked = set()

    def walk(value):
        if isinstance(value, dict):
            if set(value) == {"Ref"}:
                asked.add(value["Ref"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(template["Conditions"])
    return asked - {name for ways in OPTIONS for way in ways for name in way}


def findings(text):
    return [f"{match.rule.id} {match.message} ({match.path})" for match in lint(text, config=ManualArgs())]


def findings_under(parameters):
    where = " ".join(f"{name}={value}" for name, value in parameters.items())
    return [f"{where}: {found}" for found in findings(json.dumps(translated(parameters), indent=1))]


def check():
    text = TEMPLATE.read_text()
    problems = [f"deploy/template.yaml: {found}" for found in findings(text)]
    problems += [f"{name} is in a condition, and in no combination" for name in unasked(yaml_parse(text))]
    combinations = [{name: value for way in ways for name, value in way.items()} for ways in itertools.product(*OPTIONS)]
    with multiprocessing.Pool() as pool:
        problems += itertools.chain.from_iterable(pool.map(findings_under, combinations, chunksize=1))
    for problem in problems:
        print(problem)
    print(f"{len(combinations)} combinations translated and linted, {len(problems)} findings")
    return 1 if problems else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["translate"]:
        print(json.dumps(translated({})))
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        sys.exit(check())
