{#- A query for what one kind of input brings into the list of inputs.

    relation  the relation that has the inputs
    kind      the kind of input
    identity  the columns that, if one of them changes, make it another input
    subject   what it is about, as an expression: it tells which sessions it touches
    agents, valid_from  whom it is expected of, and from when on it matters, where that narrows those sessions -#}
{% macro input_rows(relation, kind, identity, subject, agents='null', valid_from='null', condition='true') -%}
    select
        '{{ kind }}:' || {{ dbt.hash(agent_goals.joined_texts(identity + [subject])) }} as input_id,
        '{{ kind }}' as input_kind,
        {{ agent_goals.as_type(subject, 'text') }} as subject,
        {{ agent_goals.as_type(agents, 'text') }} as agents,
        {{ agent_goals.as_type(valid_from, 'timestamp') }} as valid_from
    from {{ relation }}
    where {{ condition }}
{%- endmacro %}

{#- Several columns as one text that no other values give: each with its length. -#}
{% macro joined_texts(columns) -%}
    {%- for column in columns -%}
    {%- set text = "coalesce(cast(" ~ column ~ " as " ~ agent_goals.data_type('text') ~ "), '')" -%}
    cast(length({{ text }}) as {{ agent_goals.data_type('text') }}) || ':' || {{ text }}{{ ' || ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Says in a few characters what the package's own settings and SQL are: with others, every session is decided anew. -#}
{% macro package_fingerprint() -%}
    {%- set parts = [] -%}
    {%- for name, rule in agent_goals.settings().items() if rule.get('decides', true) -%}
        {%- do parts.append(name ~ '=' ~ (agent_goals.setting(name) | tojson)) -%}
    {%- endfor -%}
    {%- if execute -%}
        {%- set checksums = [] -%}
        {%- for node in graph.nodes.values() -%}
            {%- if node.resource_type == 'model' and node.package_name == 'agent_goals' -%}
                {%- do checksums.append(node.name ~ '=' ~ node.checksum.checksum) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do parts.extend(checksums | sort) -%}
    {%- endif -%}
    {{ return(local_md5(parts | join('\n'))) }}
{%- endmacro %}
