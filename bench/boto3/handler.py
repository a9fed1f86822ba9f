"""The same query by boto3: what a function in Python costs that does nothing else."""

import json
import os

import boto3

dynamodb = boto3.client("dynamodb")


def plain(value):
    kind, content = next(iter(value.items()))
    if kind == "M":
        return {name: plain(entry) for name, entry in content.items()}
    if kind == "L":
        return [plain(entry) for entry in content]
    if kind == "N":
        return int(content)
    return None if kind == "NULL" else content


def lambda_handler(event, context):
    user = event["requestContext"]["authorizer"]["userId"]
    page = dynamodb.query(
        TableName=os.environ["COMMERCE_TABLE"],
        IndexName=os.environ["ORDER_INDEX"],
        KeyConditionExpression="orderId = :order AND PK = :partition",
        ExpressionAttributeValues={
            ":order": {"S": event["pathParameters"]["orderId"]},
            ":partition": {"S": "USER#" + user},
        },
    )
    rows = page["Items"]
    order = plain({"M": rows[0]}) if rows else None
    return {"statusCode": 200 if rows else 404, "body": json.dumps({"order": order})}
