"""A server on a free port that answers as OpenAI and Anthropic do."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading

USAGE = {
    "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
    "prompt_tokens_details": {"cached_tokens": 200}, "completion_tokens_details": {"reasoning_tokens": 30},
}  # fmt: skip
WORDS = ["Hel", "lo", ", ", "you", "!"]


def _chunk(delta, reason=None, **more):
    choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
    return {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06",
            "choices": choices, **more}  # fmt: skip


def _response(**more):
    return {
        "id": "resp-1", "object": "response", "created_at": 1, "model": "gpt-4o", "status": "completed", "output": [],
        "parallel_tool_calls": False, "tool_choice": "auto", "tools": [], **more,
    }  # fmt: skip


def _openai(path, body):
    """Give the answer to a request of OpenAI's client: an object, or a list of events."""
    if path == "/chat/completions" and body.get("stream"):
        chunks = [_chunk({"role": "assistant"}), *(_chunk({"content": word}) for word in WORDS), _chunk({}, "stop")]
        if body.get("stream_options", {}).get("include_usage"):
            chunks.append({**_chunk({}), "choices": [], "usage": USAGE})
        return [*((None, chunk) for chunk in chunks), (None, "[DONE]")]
    if path == "/chat/completions":
        message = {"role": "assistant", "content": "Hello, you!"}
        return {"id": "chat-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": USAGE}  # fmt: skip
    if path == "/responses":
        usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
                 "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                 "output_tokens_details": {"reasoning_tokens": 2}}  # fmt: skip
        if not body.get("stream"):
            return _response(usage=usage)
        deltas = [
            ("response.output_text.delta",
             {"type": "response.output_text.delta", "delta": word, "sequence_number": at, "item_id": "m",
              "output_index": 0, "content_index": 0, "logprobs": []})
            for at, word in enumerate(WORDS)
        ]  # fmt: skip
        done = {"type": "response.completed", "sequence_number": 9, "response": _response(usage=usage)}
        return [*deltas, ("response.completed", done)]
    return {"object": "list", "model": body["model"], "usage": {"prompt_tokens": 8, "total_tokens": 8},
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}  # fmt: skip


def _anthropic(body):
    """Give the answer to a request of Anthropic's client."""
    message = {
        "id": "msg-1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "stop_reason": "end_turn",
        "stop_sequence": None, "content": [{"type": "text", "text": "Hello, you!"}],
        "usage": {"input_tokens": 700, "output_tokens": 100, "cache_read_input_tokens": 200,
                  "cache_creation_input_tokens": 100},
    }  # fmt: skip
    if not body.get("stream"):
        return message
    start = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    events = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}} for word in WORDS),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 100}},
        {"type": "message_stop"},
    ]  # fmt: skip
    return [(event["type"], event) for event in events]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers, and keeps the headers of what was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Answer one request."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.headers.append(dict(self.headers))
        if body.get("model") == "refused":
            self._send(400, json.dumps({"error": {"message": "no such model", "type": "invalid_request_error"}}))
            return
        path = self.path.partition("?")[0]
        answer = _anthropic(body) if path == "/v1/messages" else _openai(path, body)
        if isinstance(answer, dict):
            self._send(200, json.dumps(answer))
            return
        text = "".join(
            (f"event: {event}\n" if event else "") + f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
            for event, data in answer
        )
        self._send(200, text, "text/event-stream")

    def _send(self, status, text, kind="application/json"):
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(content)

    def log_message(self, *_):
        """Print nothing."""


@contextlib.contextmanager
def llm_server():
    """Run the server; gives its address and the headers it was sent."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.headers = []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.headers
        finally:
            server.shutdown()
