{#- RFC 3339 text, or a date, to a timestamp without zone, in UTC. Text without an offset is UTC. -#}
{% macro text_as_utc(text) -%}
    {{ adapter.dispatch('text_as_utc', 'agent_goals')(text) }}
{%- endmacro %}

{#- A cast to a timestamp without zone drops the offset, and one to a timestamp with zone reads text without an offset
    in the session's zone: so the text is given an offset first. -#}
{% macro default__text_as_utc(text) -%}
    cast(
        cast(
            case
                when {{ agent_goals.matches(text, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') }} then {{ text }} || ' 00:00:00Z'
                when {{ agent_goals.matches(text, '(Z|z|[+-][0-9]{2}:?[0-9]{2})$') }} then {{ text }}
                else {{ text }} || 'Z'
            end as timestamp with time zone
        ) at time zone 'UTC' as timestamp
    )
{%- endmacro %}

{% macro bigquery__text_as_utc(text) -%}
    cast({{ text }} as timestamp)
{%- endmacro %}

{% macro snowflake__text_as_utc(text) -%}
    cast(
        convert_timezone(
            'UTC',
            cast(
                case
                    when {{ agent_goals.matches(text, '(Z|z|[0-9][+-][0-9]{2}:?[0-9]{2})$') }} then {{ text }}
                    else {{ text }} || 'Z'
                end as timestamp_tz
            )
        ) as timestamp_ntz
    )
{%- endmacro %}

{#- Spark's one timestamp type reads offsets, and text without one in the session's zone, which is UTC while models are built. -#}
{% macro spark__text_as_utc(text) -%}
    cast({{ text }} as timestamp)
{%- endmacro %}

{#- The date, in the time zone of `agent_goals__timezone`, of a timestamp that is in UTC. -#}
{% macro local_date(timestamp) -%}
    {%- if agent_goals.setting('timezone') == 'UTC' -%}
        {{ agent_goals.as_type(timestamp, 'date') }}
    {%- else -%}
        {{ adapter.dispatch('local_date', 'agent_goals')(timestamp) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__local_date(timestamp) -%}
    cast(({{ timestamp }} at time zone 'UTC') at time zone '{{ agent_goals.setting("timezone") }}' as date)
{%- endmacro %}

{% macro bigquery__local_date(timestamp) -%}
    date({{ timestamp }}, '{{ agent_goals.setting("timezone") }}')
{%- endmacro %}

{% macro snowflake__local_date(timestamp) -%}
    cast(convert_timezone('UTC', '{{ agent_goals.setting("timezone") }}', {{ timestamp }}) as date)
{%- endmacro %}

{% macro spark__local_date(timestamp) -%}
    to_date(from_utc_timestamp({{ timestamp }}, '{{ agent_goals.setting("timezone") }}'))
{%- endmacro %}

{#- Seconds from one timestamp to another, with their fraction, as a decimal. -#}
{% macro seconds_between(started_at, ended_at) -%}
    {{ adapter.dispatch('seconds_between', 'agent_goals')(started_at, ended_at) }}
{%- endmacro %}

{% macro default__seconds_between(started_at, ended_at) -%}
    cast(date_diff('microsecond', {{ started_at }}, {{ ended_at }}) as decimal(28, 0)) * cast(0.000001 as decimal(6, 6))
{%- endmacro %}

{% macro bigquery__seconds_between(started_at, ended_at) -%}
    cast(timestamp_diff({{ ended_at }}, {{ started_at }}, microsecond) as numeric) * cast(0.000001 as numeric)
{%- endmacro %}

{% macro snowflake__seconds_between(started_at, ended_at) -%}
    cast(datediff('microsecond', {{ started_at }}, {{ ended_at }}) as decimal(28, 0)) * cast(0.000001 as decimal(6, 6))
{%- endmacro %}

{% macro redshift__seconds_between(started_at, ended_at) -%}
    cast(datediff('microsecond', {{ started_at }}, {{ ended_at }}) as decimal(28, 0)) * cast(0.000001 as decimal(6, 6))
{%- endmacro %}

{% macro postgres__seconds_between(started_at, ended_at) -%}
    cast(extract(epoch from ({{ ended_at }} - {{ started_at }})) as numeric(34, 6))
{%- endmacro %}

{% macro spark__seconds_between(started_at, ended_at) -%}
    cast(unix_micros({{ ended_at }}) - unix_micros({{ started_at }}) as decimal(28, 0)) * cast(0.000001 as decimal(6, 6))
{%- endmacro %}

{#- The timestamp a number of days later. -#}
{% macro days_after(timestamp, days) -%}
    {{ adapter.dispatch('days_after', 'agent_goals')(timestamp, days) }}
{%- endmacro %}

{% macro default__days_after(timestamp, days) -%}
    {{ timestamp }} + ({{ days }}) * interval '1 day'
{%- endmacro %}

{% macro bigquery__days_after(timestamp, days) -%}
    timestamp_add({{ timestamp }}, interval ({{ days }}) day)
{%- endmacro %}

{% macro snowflake__days_after(timestamp, days) -%}
    dateadd('day', {{ days }}, {{ timestamp }})
{%- endmacro %}

{% macro spark__days_after(timestamp, days) -%}
    {{ timestamp }} + make_dt_interval(cast({{ days }} as int))
{%- endmacro %}

{#- Whole days from one date to another. -#}
{% macro days_between(first_date, last_date) -%}
    {{ adapter.dispatch('days_between', 'agent_goals')(first_date, last_date) }}
{%- endmacro %}

{% macro default__days_between(first_date, last_date) -%}
    ({{ last_date }} - {{ first_date }})
{%- endmacro %}

{% macro bigquery__days_between(first_date, last_date) -%}
    date_diff({{ last_date }}, {{ first_date }}, day)
{%- endmacro %}

{% macro spark__days_between(first_date, last_date) -%}
    datediff({{ last_date }}, {{ first_date }})
{%- endmacro %}

{#- The hour of the day, 0 to 23, in the time zone of `agent_goals__timezone`, of a timestamp that is in UTC. -#}
{% macro local_hour(timestamp) -%}
    {%- if agent_goals.setting('timezone') == 'UTC' -%}
        extract(hour from {{ timestamp }})
    {%- else -%}
        {{ adapter.dispatch('local_hour', 'agent_goals')(timestamp) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__local_hour(timestamp) -%}
    extract(hour from ({{ timestamp }} at time zone 'UTC') at time zone '{{ agent_goals.setting("timezone") }}')
{%- endmacro %}

{% macro bigquery__local_hour(timestamp) -%}
    extract(hour from {{ timestamp }} at time zone '{{ agent_goals.setting("timezone") }}')
{%- endmacro %}

{% macro snowflake__local_hour(timestamp) -%}
    extract(hour from convert_timezone('UTC', '{{ agent_goals.setting("timezone") }}', {{ timestamp }}))
{%- endmacro %}

{% macro spark__local_hour(timestamp) -%}
    hour(from_utc_timestamp({{ timestamp }}, '{{ agent_goals.setting("timezone") }}'))
{%- endmacro %}

{#- The day of the week of a date in English. -#}
{% macro weekday_name(date) -%}
    {%- set days_since_a_monday = agent_goals.days_between("cast('1900-01-01' as date)", date) -%}
    case mod({{ days_since_a_monday }}, 7)
        {%- for name in ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] %}
        when {{ loop.index0 }} then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}
