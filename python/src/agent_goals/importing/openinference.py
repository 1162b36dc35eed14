"""OpenInference's names (``openinference.*``, ``llm.*``): https://arize-ai.github.io/openinference/spec/.

Prompt tokens include cached ones, completion tokens reasoning; costs are in USD. Lists are flattened into one attribute each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from agent_goals.importing.labels import verdict_of
from agent_goals.importing.messages import Message, messages
from agent_goals.importing.step import Kind
from agent_goals.importing.values import first, structure, text
from agent_goals.importing.vocabulary import Attributes, Facts, amount_of, any_of, count_of, known, unflattened

_KINDS: dict[str, Kind] = {
    "LLM": "inference",
    "DECISION": "inference",
    "EMBEDDING": "embedding",
    "RETRIEVER": "retrieval",
    "RERANKER": "retrieval",
    "TOOL": "tool",
    "AGENT": "agent",
    "EVALUATOR": "evaluator",
}

_SOURCES = {"HUMAN": "human", "LLM": "judge", "CODE": "automatic"}

#: Where feedback stands, and whether it is about the whole session or trace rather than the span.
_FEEDBACK = {
    "session.evaluations.": True,
    "session.annotations.": True,
    "trace.evaluations.": True,
    "trace.annotations.": True,
    "evaluations.": False,
    "annotations.": False,
}


_is_feedback = re.compile(r"((session|trace)\.)?(evaluations|annotations)(\.|$)").match

#: What the names of OpenInference begin with.
_ROOTS = frozenset({"openinference", "llm", "agent", "embedding", "decision", "session", "user", "tool"})


def openinference(attributes: Attributes) -> Facts:
    """What OpenInference attributes say of a span.

    Raises:
        UnreadableError: when a number is none.
    """
    if not any(name.partition(".")[0] in _ROOTS for name in attributes):
        return {}
    named = text(attributes.get("openinference.span.kind"))
    kind = _KINDS.get(named.upper(), "other") if named else None
    metadata = structure(attributes.get("metadata")) if named else None
    return known(
        kind=kind,
        session=text(attributes.get("session.id")),
        customer=text(attributes.get("user.id")),
        agent=text(attributes.get("agent.name")),
        provider=text(any_of(attributes, "llm.provider", "llm.system", "decision.provider", "decision.system")),
        model=text(
            any_of(
                attributes,
                "llm.response.model_name",
                "llm.model_name",
                "llm.request.model_name",
                "embedding.model_name",
                "decision.response.model_name",
                "decision.model_name",
                "decision.request.model_name",
            )
        ),
        usage=known(
            input=count_of(attributes, "llm.token_count.prompt", "decision.token_count.input"),
            output=count_of(attributes, "llm.token_count.completion", "decision.token_count.output"),
            cache_read=count_of(
                attributes, "llm.token_count.prompt_details.cache_read", "llm.token_count.prompt_details.cache_input"
            ),
            cache_write=count_of(attributes, "llm.token_count.prompt_details.cache_write"),
            reasoning=count_of(attributes, "llm.token_count.completion_details.reasoning"),
            total=count_of(attributes, "llm.token_count.total"),
        ),
        amount=_amount(attributes),
        inputs=_messages(attributes, "llm.input_messages.", "user"),
        outputs=_messages(attributes, "llm.output_messages.", "assistant"),
        input=first(attributes.get("tool.parameters") if kind == "tool" else None, attributes.get("input.value"))
        if kind
        else None,
        output=attributes.get("output.value") if kind else None,
        tool=text(attributes.get("tool.name")),
        tool_call_id=text(attributes.get("tool.id")),
        tools=[item.get("tool", item) for item in unflattened(attributes, "llm.tools.") if isinstance(item, Mapping)],
        metadata=dict(metadata) if isinstance(metadata, Mapping) else None,
    )


def _amount(attributes: Attributes) -> Decimal | None:
    total: Decimal | None = amount_of(attributes, "llm.cost.total")
    if total is None:
        parts = [amount_of(attributes, "llm.cost.prompt"), amount_of(attributes, "llm.cost.completion")]
        total = sum((part for part in parts if part is not None), Decimal(0)) if any(part is not None for part in parts) else None
    return total


def _messages(attributes: Attributes, prefix: str, role: str) -> list[Message]:
    plain = []
    for item in unflattened(attributes, prefix):
        message = item.get("message", item) if isinstance(item, Mapping) else item
        if isinstance(message, Mapping):
            parts = [_part(part) for part in message.get("contents", []) if isinstance(part, Mapping)]
            calls = [call.get("tool_call", call) for call in message.get("tool_calls", []) if isinstance(call, Mapping)]
            message = {**message, "content": parts or message.get("content"), "tool_calls": calls}
        plain.append(message)
    return messages(plain, role)


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    content = part.get("message_content", part)
    return content if isinstance(content, Mapping) else {"text": content}


def feedback(attributes: Attributes) -> Iterator[tuple[bool, str, dict[str, Any]]]:
    """The evaluations and annotations that a span carries.

    Returns:
        Of each whether it is about more than the span, where it stands, and the fields of its goal record.

    Raises:
        UnreadableError: when a score is no number.
    """
    if not any(map(_is_feedback, attributes)):
        return
    for prefix, is_wide in _FEEDBACK.items():
        for number, item in enumerate(unflattened(attributes, prefix)):
            inner = first(item.get("evaluation"), item.get("annotation"), item) if isinstance(item, Mapping) else None
            if not isinstance(inner, Mapping):
                continue
            fields = verdict_of(inner.get("score"), inner.get("label"), f"{prefix}{number}.score") | known(
                goal=text(inner.get("name")),
                reason=text(inner.get("explanation")),
                verdict_source=_SOURCES.get(str(inner.get("annotator_kind")).upper(), "judge"),
                evaluator=text(inner.get("identifier")),
            )
            yield is_wide, f"{prefix}{number}", fields
