{#- Whether the semantic layer is part of the project; the YAML files of the semantic layer ask the same. -#}
{% macro has_semantic_layer() -%}
    {%- set wanted = agent_goals.setting('semantic_layer') -%}
    {{ return(project_name == 'agent_goals' if wanted is none else wanted) }}
{%- endmacro %}
