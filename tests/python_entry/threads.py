"""A runtime that has as many invocations at once as AWS_LAMBDA_MAX_CONCURRENCY says, a thread each."""

import http.client
import json
import os
import threading
import time

import lambda_function

PATH = "/2018-06-01/runtime/invocation/"


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.deadline = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self.deadline - int(time.time() * 1000))


def serve():
    api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        api.request("GET", PATH + "next")
        response = api.getresponse()
        event = json.loads(response.read())
        os.environ["_X_AMZN_TRACE_ID"] = response.headers["lambda-runtime-trace-id"]
        context = Context(response.headers)
        answer = lambda_function.lambda_handler(event, context)
        api.request("POST", PATH + context.aws_request_id + "/response", json.dumps(answer))
        api.getresponse().read()


for _ in range(int(os.environ["AWS_LAMBDA_MAX_CONCURRENCY"])):
    threading.Thread(target=serve).start()
