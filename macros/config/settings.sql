{#- Every var of the package: its default and what it may be. dbt_project.yml documents each one; a test shows that its
    defaults and these agree. They stand here as well because a var in a package's own dbt_project.yml is not seen by
    macros that run in another project's models and analyses. One that says `decides: false` matters to no table that is kept
    from run to run, so that another value of it opens no session. -#}
{% macro settings() -%}
    {{ return({
        'raw_database': {'default': none, 'kind': 'name or null'},
        'raw_schema': {'default': 'agent_goals_raw', 'kind': 'name'},
        'goal_events_table': {'default': 'goal_events', 'kind': 'name'},
        'cost_events_table': {'default': 'cost_events', 'kind': 'name'},
        'value_events_table': {'default': 'value_events', 'kind': 'name'},
        'sessions_table': {'default': 'sessions', 'kind': 'name'},
        'conversation_turns_table': {'default': 'conversation_turns', 'kind': 'name'},
        'optional_inputs': {
            'default': ['sessions', 'conversation_turns', 'rejected_records', 'tombstones', 'label_samples'],
            'kind': 'list',
            'choices': ['sessions', 'conversation_turns', 'rejected_records', 'tombstones', 'label_samples'],
        },
        'use_seeds': {'default': false, 'kind': 'boolean'},
        'incremental': {'default': true, 'kind': 'boolean'},
        'goal_definitions': {'default': none, 'kind': 'name or null'},
        'goal_definition_columns': {'default': none, 'kind': 'list or null', 'columns_of': 'goal_definitions'},
        'restate_definitions': {'default': false, 'kind': 'boolean'},
        'exchange_rates': {'default': none, 'kind': 'name or null'},
        'model_prices': {'default': none, 'kind': 'name or null'},
        'reporting_currency': {'default': 'USD', 'kind': 'currency'},
        'default_currency': {'default': 'USD', 'kind': 'currency'},
        'timezone': {'default': 'UTC', 'kind': 'name'},
        'environments': {'default': ['production'], 'kind': 'list'},
        'verdict_precedence': {
            'default': ['human', 'automatic', 'judge'],
            'kind': 'permutation',
            'choices': ['human', 'automatic', 'judge'],
        },
        'cost_allocation': {'default': 'even', 'kind': 'choice', 'choices': ['even', 'weight', 'primary']},
        'max_goal_depth': {'default': 8, 'kind': 'integer', 'minimum': 1, 'maximum': 20},
        'funnel_period': {'default': 'month', 'kind': 'choice', 'choices': ['day', 'week', 'month', 'quarter', 'year']},
        'late_after_days': {'default': 7, 'kind': 'integer', 'minimum': 0, 'maximum': 36500},
        'goal_experiments': {'default': none, 'kind': 'name or null', 'decides': false},
        'goal_experiment_columns': {'default': none, 'kind': 'list or null', 'columns_of': 'goal_experiments', 'decides': false},
        'experiment_confidence': {'default': 0.95, 'kind': 'number', 'above': 0.5, 'below': 1, 'decides': false},
        'experiment_power': {'default': 0.8, 'kind': 'number', 'above': 0, 'below': 1, 'decides': false},
        'experiment_min_units': {'default': 30, 'kind': 'integer', 'minimum': 2, 'maximum': 1000000, 'decides': false},
        'experiment_planned_units': {'default': 1000, 'kind': 'integer', 'minimum': 2, 'maximum': 1000000000, 'decides': false},
        'experiment_cost_cap': {'default': none, 'kind': 'number or null', 'above': 0, 'below': 1, 'decides': false},
        'experiment_lift_prior': {'default': none, 'kind': 'number or null', 'above': 0, 'below': 100, 'decides': false},
        'experiment_covariate_days': {'default': none, 'kind': 'integer or null', 'minimum': 1, 'maximum': 3650, 'decides': false},
        'diagnostics_confidence': {'default': 0.95, 'kind': 'number', 'above': 0.5, 'below': 1, 'decides': false},
        'diagnostics_min_attempts': {'default': 30, 'kind': 'integer', 'minimum': 2, 'maximum': 1000000, 'decides': false},
        'segment_keys': {'default': [], 'kind': 'list'},
        'failure_pattern_pairs': {'default': 200, 'kind': 'integer', 'minimum': 0, 'maximum': 1000000, 'decides': false},
        'failure_pattern_q_limit': {'default': 0.05, 'kind': 'number', 'above': 0, 'below': 1, 'decides': false},
        'baseline_days': {'default': 28, 'kind': 'integer', 'minimum': 7, 'maximum': 3650, 'decides': false},
        'maturity_days': {'default': 3, 'kind': 'integer', 'minimum': 0, 'maximum': 3650, 'decides': false},
        'alert_min_attempts': {'default': 20, 'kind': 'integer', 'minimum': 2, 'maximum': 1000000, 'decides': false},
        'alert_min_baseline_days': {'default': 7, 'kind': 'integer', 'minimum': 2, 'maximum': 3650, 'decides': false},
        'escalation_steps': {'default': 10, 'kind': 'integer', 'minimum': 2, 'maximum': 100, 'decides': false},
        'value_bands': {'default': [1, 10, 100, 1000], 'kind': 'ascending numbers', 'decides': false},
        'semantic_layer': {'default': none, 'kind': 'boolean or null', 'decides': false},
        'double_types': {
            'default': {'spark': 'double', 'databricks': 'double', 'bigquery': 'float64', 'snowflake': 'float'},
            'kind': 'mapping',
        },
    }) }}
{%- endmacro %}

{#- The value of the var agent_goals__<name>. -#}
{% macro setting(name) -%}
    {{ return(var('agent_goals__' ~ name, agent_goals.settings()[name]['default'])) }}
{%- endmacro %}

{#- What is wrong with a setting's value, in words; an empty string when nothing is. -#}
{% macro setting_problem(name, value) -%}
    {%- set rule = agent_goals.settings()[name] -%}
    {%- set kind = rule['kind'] -%}
    {#- Columns are looked up here and not in the settings, which are read thousands of times in a run. -#}
    {%- if rule.get('columns_of') == 'goal_definitions' -%}
        {%- set choices = agent_goals.goal_definition_columns().keys() | list -%}
    {%- elif rule.get('columns_of') == 'goal_experiments' -%}
        {%- set choices = agent_goals.goal_experiment_columns().keys() | list -%}
    {%- else -%}
        {%- set choices = rule.get('choices', []) -%}
    {%- endif -%}
    {%- set is_list = value is sequence and value is not string and value is not mapping -%}
    {%- if kind == 'name' and (value is not string or not modules.re.match('^[A-Za-z0-9_+/$-]+$', value)) -%}
        {{ return('a name of letters, digits and underscores') }}
    {%- elif kind == 'name or null' and value is not none
            and (value is not string or not modules.re.match('^[A-Za-z0-9_$-]+$', value)) -%}
        {{ return('a name of letters, digits and underscores, or null') }}
    {%- elif kind == 'currency' and (value is not string or not modules.re.match('^[A-Z]{3}$', value)) -%}
        {{ return('an ISO 4217 code such as USD') }}
    {%- elif kind == 'boolean' and value is not sameas true and value is not sameas false -%}
        {{ return('true or false') }}
    {%- elif kind == 'boolean or null' and value is not none and value is not sameas true and value is not sameas false -%}
        {{ return('true, false or null') }}
    {%- elif kind == 'choice' and value not in choices -%}
        {{ return('one of ' ~ choices | join(', ')) }}
    {%- elif kind == 'integer' and (value is not integer or value < rule['minimum'] or value > rule['maximum']) -%}
        {{ return('a whole number from ' ~ rule['minimum'] ~ ' to ' ~ rule['maximum']) }}
    {%- elif kind in ['number or null', 'integer or null'] and value is none -%}
        {{ return('') }}
    {%- elif kind == 'integer or null' and (value is not integer or value < rule['minimum'] or value > rule['maximum']) -%}
        {{ return('a whole number from ' ~ rule['minimum'] ~ ' to ' ~ rule['maximum'] ~ ', or null') }}
    {%- elif kind in ['number', 'number or null']
            and (value is not number or value is boolean or value <= rule['above'] or value >= rule['below']) -%}
        {{ return('a number between ' ~ rule['above'] ~ ' and ' ~ rule['below'] ~ (', or null' if kind == 'number or null' else '')) }}
    {%- elif kind == 'ascending numbers' and (not is_list or value | reject('number') | list or value | select('boolean') | list
            or value | unique | sort != value | list) -%}
        {{ return('a list of numbers, each greater than the one before') }}
    {%- elif kind == 'permutation' and (not is_list or value | sort != choices | sort) -%}
        {{ return('a list of ' ~ choices | join(', ') ~ ', each once, the most trusted first') }}
    {%- elif kind == 'mapping' and value is not mapping -%}
        {{ return('a mapping') }}
    {%- elif kind == 'list or null' and value is none -%}
        {{ return('') }}
    {%- elif kind in ['list', 'list or null'] and (not is_list or value | reject('string') | list | length > 0) -%}
        {{ return('a list of names') }}
    {%- elif kind in ['list', 'list or null'] and choices and value | reject('in', choices) | list | length > 0 -%}
        {{ return('a list with none but ' ~ choices | join(', ')) }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{#- Stops the run when a var has a value that it may not have. -#}
{% macro check_settings() -%}
    {%- for name in agent_goals.settings() -%}
        {%- set value = agent_goals.setting(name) -%}
        {%- set problem = agent_goals.setting_problem(name, value) -%}
        {%- if problem -%}
            {{ exceptions.raise_compiler_error(
                'The var agent_goals__' ~ name ~ ' must be ' ~ problem ~ ', but it is ' ~ (value | tojson)
                ~ '. Change it under vars: in dbt_project.yml or in --vars.'
            ) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
