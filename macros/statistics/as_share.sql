{#- An estimate of a share, or an end of its interval, cut to what a share can be: from 0 to 1. Null stays null. -#}
{% macro as_share(estimate) -%}
    case when {{ estimate }} < 0e0 then 0e0 when {{ estimate }} > 1e0 then 1e0 else {{ estimate }} end
{%- endmacro %}
