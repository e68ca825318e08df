"""Describe actions of your own with a language model: from five names to sentences and attribute codes.

    python examples/llm_descriptions/describe_own_actions.py          # plan only: calls and tokens
    python examples/llm_descriptions/describe_own_actions.py --ask    # OpenAI, key in OPENAI_API_KEY
    python examples/llm_descriptions/describe_own_actions.py --ask \\
        --model qwen3:8b --base-url http://localhost:11434/v1         # Ollama, or any such server

Run it again after an interruption: what was answered is not asked again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from semtool.artifacts import Store
from semtool.descriptions import DescriptionSet
from semtool.generation import LlmOptions, generate

ACTIONS = Path(__file__).parent / "actions.yaml"


def main() -> None:
    """Ask for whole sentences and for attributes, and show what came."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ask", action="store_true", help="ask the model; without it only the plan is shown")
    parser.add_argument("--model", default="gpt-4o-mini")
    parser.add_argument("--base-url")
    parser.add_argument("--concurrency", type=int, default=4)
    arguments = parser.parse_args()
    # A text that is still missing after three attempts does not keep the others from being written.
    options = LlmOptions(
        arguments.model, arguments.base_url, concurrency=arguments.concurrency, allow_missing=True
    )
    store = Store()

    for prompts in ("llm-global", "llm-attributes"):
        plan = generate(ACTIONS, prompts, llm=options, store=store, dry_run=True).plan
        print(f"{prompts}: {plan.calls} calls, about {plan.tokens_in} tokens in, {plan.tokens_out} out")
        if not arguments.ask:
            continue
        result = generate(ACTIONS, prompts, llm=options, store=store)
        print(f"  outcomes: {result.llm.outcomes}")
        if agreement := result.llm.agreement:
            print(f"  fillings agree in {agreement.mean:.0%} of pairs (by chance {agreement.chance:.0%})")
        if result.artifact is None:
            print("  nothing usable came; another model may do better")
            continue
        for description in DescriptionSet.read(result.artifact.path):
            if description.granularity == "global" or description.is_codes:
                print(f"  {description.class_name}: {description.text}")
    if arguments.ask:
        print("next: semtool embed --encoder minilm --descriptions workshop/llm-global")


if __name__ == "__main__":
    main()
