{{ config(tags=['engine_proof']) }}

-- Which names the price list's rules take, and what tokens cost to the last place. One row per case that comes out wrong.
{%- set names = [
    ('equals', 'gpt-4o', none, 'gpt-4o', true),
    ('equals', 'gpt-4o', none, 'gpt-4o-mini', false),
    ('starts_with', 'gpt_4', none, 'gpt_4o', true),
    ('starts_with', 'gpt_4', none, 'gpt-4o', false),
    ('starts_with', 'gpt-4o', none, 'gpt', false),
    ('ends_with', '/us.kimi', none, 'a/us.kimi', true),
    ('ends_with', '/us.kimi', none, 'a/us.kimi-k3', false),
    ('contains', '%', none, 'no per cent', false),
    ('contains', 'claude', none, 'eu.anthropic.claude-9', true),
    ('regex', '^o[134]', none, 'o3-mini', true),
    ('regex', '^o[134]', none, 'go3', false),
    ('regex', '^gpt-5[.]4-[0-9]{4}-[0-9]{2}$', none, 'gpt-5.4-2026-01', true),
    ('regex', '^gpt-5[.]4-[0-9]{4}-[0-9]{2}$', none, 'gpt-5.4-2026-011', false),
    ('regex', 'a.*b|b.*a', none, 'b-a', true),
    ('starts_with', 'gemini', '^.*-[tT][tT][sS]($|-)', 'gemini-pro', true),
    ('starts_with', 'gemini', '^.*-[tT][tT][sS]($|-)', 'gemini-pro-tts-1', false),
] %}
{%- set costs = [
    ('a token', '1', '0', '3', '0', '0.0000030000'),
    ('half a unit of the last place', '1', '0', '0.00005', '0', '0.0000000001'),
    ('just below half a unit', '1', '0', '0.00004999999', '0', '0.0000000000'),
    ('rounded once, not each kind', '1', '1', '0.00002999999', '0.00002999999', '0.0000000001'),
    ('a price with all its places', '999999999', '0', '1234.12345678901', '0', '1234123.4555548865'),
    ('the most that there may be', '999999999999999', '999999999999999', '9999.99999999999', '9999.99999999999', '19999999999999.9600000000'),
] %}
with

name_cases as (
    {%- for kind, text, unless, name, expected in names %}
    select
        '{{ kind }}' as match_kind,
        '{{ text }}' as match_text,
        {{ agent_goals.as_type("'" ~ unless ~ "'" if unless else 'null', 'text') }} as match_except,
        '{{ name }}' as sent_name,
        {{ expected }} as is_expected
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

cost_cases as (
    {%- for name, input, output, input_price, output_price, expected in costs %}
    select
        '{{ name }}' as cost_case,
        {{ agent_goals.as_type("'" ~ input ~ "'", 'integer') }} as count_input,
        {{ agent_goals.as_type("'" ~ output ~ "'", 'integer') }} as count_output,
        {{ agent_goals.as_type("'" ~ input_price ~ "'", 'price') }} as input_price,
        {{ agent_goals.as_type("'" ~ output_price ~ "'", 'price') }} as output_price,
        {{ agent_goals.as_type('null', 'price') }} as cache_read_price,
        {{ agent_goals.as_type('null', 'price') }} as cache_write_price,
        {{ agent_goals.as_type('null', 'price') }} as reasoning_price,
        {{ agent_goals.as_type('null', 'price') }} as request_price,
        {{ agent_goals.as_type("'" ~ expected ~ "'", 'decimal') }} as expected_amount
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

costed as (
    select
        cost_cases.*,
        {{ agent_goals.priced_amount({
            'input_price': 'count_input', 'cache_read_price': '0', 'cache_write_price': '0',
            'output_price': 'count_output', 'reasoning_price': '0', 'request_price': '1000',
        }, 'cost_cases') }} as exact_amount
    from cost_cases
),

found as (
    select
        costed.*,
        {{ agent_goals.rounded('exact_amount') }} as found_amount
    from costed
)

select
    match_kind || ' ' || match_text || ' on ' || sent_name as wrong_case,
    cast(is_expected as {{ agent_goals.data_type('text') }}) as expected,
    '' as found
from name_cases
where is_expected <> ({{ agent_goals.name_matches('sent_name', 'name_cases') }})
union all
select
    cost_case as wrong_case,
    cast(expected_amount as {{ agent_goals.data_type('text') }}) as expected,
    cast(found_amount as {{ agent_goals.data_type('text') }}) as found
from found
where found_amount is null or found_amount <> expected_amount
