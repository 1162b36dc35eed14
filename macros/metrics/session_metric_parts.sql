{#- The additive parts of the session metrics: each a mapping from the part's name to an aggregate over sessions. -#}
{% macro session_metric_parts() -%}
    {%- set parts = {
        'count_sessions': 'count(*)',
        'count_judged_sessions': 'count(is_successful)',
        'count_successful_sessions': 'count(case when is_successful then 1 end)',
        'count_escalated_sessions': 'count(case when is_escalated then 1 end)',
    } -%}
    {%- for column in [
        'total_cost', 'attributed_cost', 'unjudged_cost', 'unattributed_cost', 'evaluation_cost', 'landed_value',
        'attributed_value', 'unrealised_value', 'unattributed_value', 'default_value',
    ] -%}
        {%- do parts.update({column: agent_goals.as_type('sum(' ~ column ~ ')', 'decimal')}) -%}
    {%- endfor -%}
    {%- for column in ['count_cost_events', 'count_missing_amounts', 'input_tokens', 'output_tokens'] -%}
        {%- do parts.update({column: agent_goals.as_type('sum(' ~ column ~ ')', 'integer')}) -%}
    {%- endfor -%}
    {{ return(parts) }}
{%- endmacro %}

{#- Sessions whose every recorded top-level goal was achieved, of those with a judged one. -#}
{% macro session_success_rate(aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.metric_part('count_successful_sessions', '', aggregated),
        agent_goals.metric_part('count_judged_sessions', '', aggregated)
    ) }}
{%- endmacro %}

{#- What a session costs, the bill of its judges apart. -#}
{% macro cost_per_session(aggregated=true) -%}
    {{ agent_goals.ratio(
        agent_goals.sum_known(
            agent_goals.metric_part('attributed_cost', '', aggregated),
            agent_goals.metric_part('unattributed_cost', '', aggregated)
        ),
        agent_goals.metric_part('count_sessions', '', aggregated)
    ) }}
{%- endmacro %}

{% macro session_metric_formulas(aggregated=true) -%}
    {{ return({
        'session_success_rate': agent_goals.session_success_rate(aggregated),
        'cost_per_session': agent_goals.cost_per_session(aggregated),
    }) }}
{%- endmacro %}
