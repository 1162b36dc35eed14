{{ agent_goals.kept_by([]) }}

{#- Without sessions to open again nobody asks. -#}
{%- set is_asked = agent_goals.keeps_tables() -%}
{%- set is_partial = flags.INTROSPECT and is_incremental() -%}
{%- set open_inputs = ref('int_agent_goals__open_inputs') -%}
{%- set built_inputs = ref('int_agent_goals__built_inputs') -%}
{%- set record_tables = ['goal_events', 'cost_events', 'value_events', 'sessions', 'conversation_turns'] -%}
{%- set keys = {'event_id': 'text', 'environment': 'text', 'session_id': 'text'} -%}
-- Ids that several sessions have sent. Only what was loaded last counts of them, so one session is decided by the others' rows,
-- too. The first run looks at all ids, a later one at those of new batches.
with

{% if is_partial -%}
open_batches as (
    select input_id as batch_id
    from {{ open_inputs }}
    where input_kind = 'batch' and not is_gone
    union all
    -- With other settings, other rows may be read of the batches that are known.
    select input_id
    from {{ built_inputs }}
    where
        input_kind = 'batch'
        and exists (select 1 from {{ open_inputs }} where input_kind = 'package')
),

{% endif -%}
{% for table in record_tables -%}
{{ table }} as (
    {%- if is_partial %}
    select *
    from (
        {{ agent_goals.raw_rows(table, keys, has_load_fields=false) | indent(8) }}
    ) as raw_rows
    where
        event_id in (
            select brought.event_id
            from (
                {{ agent_goals.raw_rows(table, {'event_id': 'text'}) | indent(16) }}
            ) as brought
            inner join open_batches
                on brought.batch_id = open_batches.batch_id
        )
    {%- else %}
    {{ agent_goals.rows_of_repeated(agent_goals.raw_rows(table, keys, has_load_fields=false), 'event_id') | indent(4) }}
    {%- endif %}
),

moved_{{ table }} as (
    select event_id
    from {{ table }}
    {{- ' where false' if not is_asked }}
    group by event_id
    having min(environment) <> max(environment) or min(session_id) <> max(session_id)
),

{% endfor -%}
moved as (
    {%- for table in record_tables %}
    select
        '{{ table }}' as record_table,
        {{ table }}.event_id,
        {{ table }}.environment,
        {{ table }}.session_id
    from {{ table }}
    inner join moved_{{ table }}
        on {{ table }}.event_id = moved_{{ table }}.event_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        record_table,
        event_id,
        environment,
        session_id
    from moved
    {%- if is_partial %}
    where not exists (
        select 1 from {{ this }} as known
        where
            moved.record_table = known.record_table
            and moved.event_id = known.event_id
            and {{ agent_goals.same_session('moved', 'known') | indent(12) }}
    )
    {%- endif %}
    group by record_table, event_id, environment, session_id
)

select * from final
