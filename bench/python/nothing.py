"""A handler that does nothing: what Lambda's runtime for Python costs by itself."""


def lambda_handler(event, context):
    return {"statusCode": 200, "body": "{}"}
