"""OpenTelemetry's names for generative AI (``gen_ai.*``), those that it had before, and what frameworks add to them.

https://github.com/open-telemetry/semantic-conventions-genai: input tokens include cached ones, output tokens reasoning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_goals.importing.messages import Message, messages
from agent_goals.importing.step import Kind
from agent_goals.importing.values import first, structure, text
from agent_goals.importing.vocabulary import Attributes, Facts, amount_of, any_of, count_of, known, unflattened

DETAILS_EVENT = "gen_ai.client.inference.operation.details"
EVALUATION_EVENT = "gen_ai.evaluation.result"

_KINDS: dict[str, Kind] = {
    "chat": "inference",
    "generate_content": "inference",
    "text_completion": "inference",
    "completion": "inference",
    "embeddings": "embedding",
    "retrieval": "retrieval",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "invoke_workflow": "other",
}

#: OpenLLMetry's kinds.
_TRACELOOP_KINDS: dict[str, Kind] = {"agent": "agent", "tool": "tool", "workflow": "other", "task": "other"}

#: Events that carried one message each before there were attributes for all of them.
_MESSAGE_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}


def gen_ai(attributes: Attributes) -> Facts:
    """What ``gen_ai.*`` attributes and their kin say of a span.

    Raises:
        UnreadableError: when a number is none.
    """
    operation = text(attributes.get("gen_ai.operation.name"))
    kind = _KINDS.get(operation or "") or _TRACELOOP_KINDS.get(str(attributes.get("traceloop.span.kind")))
    if kind is None and operation is not None:
        kind = "evaluator" if operation.startswith("evaluat") else "other"
    return known(
        kind=kind,
        session=text(
            any_of(
                attributes,
                "gen_ai.conversation.id",
                "session.id",
                "gcp.vertex.agent.session_id",
                "traceloop.association.properties.session_id",
            )
        ),
        agent=text(any_of(attributes, "gen_ai.agent.name", "gen_ai.agent.id")),
        agent_version=text(attributes.get("gen_ai.agent.version")),
        customer=text(any_of(attributes, "user.id", "enduser.id")),
        provider=text(any_of(attributes, "gen_ai.provider.name", "gen_ai.system")),
        model=text(any_of(attributes, "gen_ai.response.model", "gen_ai.request.model")),
        usage=_usage(attributes),
        amount=amount_of(attributes, "gen_ai.usage.cost.amount", "gen_ai.usage.cost", "operation.cost"),
        currency=text(attributes.get("gen_ai.usage.cost.currency")),
        inputs=_inputs(attributes),
        outputs=_outputs(attributes),
        input=any_of(attributes, "gen_ai.tool.call.arguments", "gcp.vertex.agent.tool_call_args") if kind == "tool" else None,
        output=any_of(attributes, "gen_ai.tool.call.result", "gcp.vertex.agent.tool_response") if kind == "tool" else None,
        tool=text(attributes.get("gen_ai.tool.name")),
        tool_call_id=text(attributes.get("gen_ai.tool.call.id")),
        response=text(attributes.get("gen_ai.response.id")),
        tools=attributes.get("gen_ai.tool.definitions"),
    )


def _usage(attributes: Attributes) -> dict[str, int]:
    # Most spans are no calls, and asking for every name takes its time.
    if not any("usage." in name for name in attributes):
        return {}

    def count(*names: str) -> int | None:
        return count_of(attributes, *(f"gen_ai.usage.{name}" for name in names))

    def aggregated(name: str) -> int | None:
        return count_of(attributes, f"gen_ai.aggregated_usage.{name}")

    return known(
        input=first(count("input_tokens", "prompt_tokens"), aggregated("input_tokens")),
        output=first(count("output_tokens", "completion_tokens"), aggregated("output_tokens")),
        cache_read=first(
            count("cache_read.input_tokens", "cache_read_input_tokens", "input_tokens.cached", "details.cache_read_tokens"),
            aggregated("cache_read.input_tokens"),
        ),
        cache_write=first(
            count(
                "cache_write.input_tokens",
                "cache_creation.input_tokens",
                "cache_write_input_tokens",
                "cache_creation_input_tokens",
                "input_tokens.cache_write",
                "details.cache_write_tokens",
            ),
            aggregated("cache_creation.input_tokens"),
        ),
        reasoning=first(
            count("reasoning.output_tokens", "reasoning_tokens", "output_tokens.reasoning", "details.reasoning_tokens"),
            aggregated("reasoning.output_tokens"),
        ),
        total=first(count("total_tokens"), count_of(attributes, "llm.usage.total_tokens")),
    )


def _inputs(attributes: Attributes) -> list[Message]:
    found = messages(attributes.get("gen_ai.system_instructions"), "system")
    listed = any_of(attributes, "gen_ai.input.messages", "gen_ai.prompt")
    if listed is None:
        listed = unflattened(attributes, "gen_ai.prompt.") or _adk_request(attributes)
    return found + messages(listed, "user")


def _outputs(attributes: Attributes) -> list[Message]:
    listed = any_of(attributes, "gen_ai.output.messages", "gen_ai.completion")
    if listed is None:
        listed = unflattened(attributes, "gen_ai.completion.") or _adk_response(attributes)
    return messages(listed, "assistant")


def _adk_request(attributes: Attributes) -> Any:
    """The conversation in the request that Google's agent development kit keeps whole."""
    request = structure(attributes.get("gcp.vertex.agent.llm_request"))
    if not isinstance(request, Mapping) or not isinstance(request.get("contents"), list):
        return None
    config = request.get("config")
    instruction = config.get("system_instruction") if isinstance(config, Mapping) else None
    return [*([{"role": "system", "content": instruction}] if instruction else []), *request["contents"]]


def _adk_response(attributes: Attributes) -> Any:
    response = structure(attributes.get("gcp.vertex.agent.llm_response"))
    return response.get("content") if isinstance(response, Mapping) else None


def event_facts(name: str, attributes: Attributes) -> Facts:
    """What an event of a span says of the span: the messages that it carries."""
    if name == DETAILS_EVENT:
        return known(inputs=_inputs(attributes), outputs=_outputs(attributes))
    if name in _MESSAGE_EVENTS:
        return known(inputs=messages([_old_message(attributes)], _MESSAGE_EVENTS[name]))
    if name == "gen_ai.choice":
        return known(outputs=messages([_old_message(attributes)], "assistant"))
    return {}


def _old_message(attributes: Attributes) -> dict[str, Any]:
    inner = structure(attributes.get("message"))
    return {**attributes, **(inner if isinstance(inner, Mapping) else {})}
