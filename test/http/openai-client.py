"""Calls a server with OpenAI's Python client and prints what it saw as JSON: python openai-client.py <base url>."""

import json
import sys

from openai import BadRequestError, NotFoundError, OpenAI

client = OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0)
request = {
    "model": "concierge",
    "messages": [{"role": "user", "content": "I want to book a table for two in San Jose."}],
    "temperature": 0,
}
whole = client.chat.completions.create(**request)
deltas, usage = [], None
for chunk in client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}):
    deltas += [choice.delta.content or "" for choice in chunk.choices]
    usage = chunk.usage or usage
# Long enough to come in pieces: a small model's tokens are delivered several at a time.
long = {"model": "concierge", "prompt": "I would like", "max_tokens": 120, "temperature": 0, "extra_body": {"ignore_eos": True}}
long_text = client.completions.create(**long).choices[0].text
pieces = [chunk.choices[0].text for chunk in client.completions.create(**long, stream=True)]
completions = client.completions.create(model="concierge", prompt=["I would like", "Can you"], n=2, max_tokens=4, seed=1)


def failure(kind, **changes):
    try:
        client.chat.completions.create(**{**request, **changes})
    except kind as error:
        return {"status": error.status_code, "code": error.code, "param": error.param}


print(
    json.dumps(
        {
            "models": [model.id for model in client.models.list()],
            "text": whole.choices[0].message.content,
            "finish": whole.choices[0].finish_reason,
            "deltas": deltas,
            "long": long_text,
            "pieces": pieces,
            "same_usage": usage.model_dump() == whole.usage.model_dump(),
            "indices": [choice.index for choice in completions.choices],
            "wrong": failure(BadRequestError, temperature=3),
            "missing": failure(NotFoundError, model="other"),
        }
    )
)
