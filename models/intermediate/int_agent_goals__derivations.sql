with

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

goal_links as (
    select * from {{ ref('int_agent_goals__goal_links') }}
),

goal_dependencies as (
    select * from {{ ref('int_agent_goals__goal_dependencies') }}
),

members as (
    select * from {{ ref('int_agent_goals__customer_goal_members') }}
),

-- Who rests on nothing derived comes first. Whoever rests on too much, or on itself, is left out: a test names it.
levels as (
    select
        goal,
        max(depth) as level
    from goal_dependencies
    group by goal
    having max(depth) <= {{ agent_goals.setting('max_goal_depth') }}
),

rules as (
    select * from {{ ref('int_agent_goals__deciding_definitions') }}
),

-- A composite's sub-goals come and go with the versions of their definitions: between two changes they stay the same.
changes as (
    select
        goal,
        valid_from as changed_at
    from goal_links
    where link = 'sub_goal'
    union distinct
    select
        goal,
        valid_to as changed_at
    from goal_links
    where link = 'sub_goal'
),

spans as (
    select
        goal,
        changed_at as valid_from,
        lead(changed_at) over (partition by goal order by changed_at) as valid_to
    from changes
),

sub_goals as (
    select
        spans.goal,
        spans.valid_from,
        spans.valid_to,
        goal_links.depends_on_goal,
        goal_links.definition_version,
        goal_definitions.is_required,
        goal_definitions.weight
    from spans
    inner join goal_links
        on
            spans.goal = goal_links.goal
            and goal_links.link = 'sub_goal'
            and {{ agent_goals.in_force('goal_links', 'spans.valid_from') }}
    inner join goal_definitions
        on
            goal_links.depends_on_goal = goal_definitions.goal
            and goal_links.sub_goal_version = goal_definitions.definition_version
    where spans.valid_to is not null
),

wholes as (
    select
        goal,
        valid_from,
        valid_to,
        max(definition_version) as definition_version,
        count(*) as count_sub_goals,
        count(case when is_required then 1 end) as count_required,
        {{ agent_goals.as_type('sum(weight)', 'decimal') }} as total_weight
    from sub_goals
    group by goal, valid_from, valid_to
),

composites as (
    select
        wholes.goal,
        wholes.goal as depends_on_goal,
        'whole' as link,
        wholes.valid_from,
        wholes.valid_to,
        wholes.definition_version,
        {{ agent_goals.as_type('null', 'boolean') }} as is_required,
        {{ agent_goals.as_type('null', 'decimal') }} as weight,
        wholes.count_sub_goals,
        wholes.count_required,
        wholes.total_weight
    from wholes
    union all
    select
        sub_goals.goal,
        sub_goals.depends_on_goal,
        'sub_goal' as link,
        sub_goals.valid_from,
        sub_goals.valid_to,
        sub_goals.definition_version,
        sub_goals.is_required,
        sub_goals.weight,
        wholes.count_sub_goals,
        wholes.count_required,
        wholes.total_weight
    from sub_goals
    inner join wholes
        on
            sub_goals.goal = wholes.goal
            and sub_goals.valid_from = wholes.valid_from
),

derivations as (
    select * from composites
    union all
    select
        goal_links.goal,
        goal_links.depends_on_goal,
        'rule' as link,
        goal_links.valid_from,
        goal_links.valid_to,
        goal_links.definition_version,
        {{ agent_goals.as_type('null', 'boolean') }} as is_required,
        {{ agent_goals.as_type('null', 'decimal') }} as weight,
        {{ agent_goals.as_type('null', 'integer') }} as count_sub_goals,
        {{ agent_goals.as_type('null', 'integer') }} as count_required,
        {{ agent_goals.as_type('null', 'decimal') }} as total_weight
    from goal_links
    where goal_links.link = 'rule'
),

-- In sessions everything but customer-scoped goals is derived; in a customer's window what its goal rests on.
settings as (
    select
        goal,
        definition_version,
        '' as customer_goal
    from rules
    where scope <> 'customer'
    union distinct
    select
        rules.goal,
        rules.definition_version,
        members.customer_goal
    from rules
    inner join members
        on rules.goal = members.goal
),

deriving as (
    select
        settings.customer_goal,
        derivations.goal,
        derivations.depends_on_goal,
        derivations.link,
        {{ agent_goals.as_type('levels.level', 'integer') }} as level,
        derivations.valid_from,
        derivations.valid_to,
        rules.deciding_version,
        case when derivations.link = 'rule' then rules.field end as field,
        case when derivations.link = 'rule' then rules.threshold end as threshold,
        case when derivations.link = 'rule' then rules.threshold_operator end as threshold_operator,
        case when derivations.link <> 'rule' then rules.composite_rule end as composite_rule,
        case when derivations.link <> 'rule' then rules.composite_threshold end as composite_threshold,
        derivations.is_required,
        derivations.weight,
        derivations.count_sub_goals,
        derivations.count_required,
        derivations.total_weight
    from derivations
    inner join levels
        on derivations.goal = levels.goal
    inner join rules
        on
            derivations.goal = rules.goal
            and derivations.definition_version = rules.definition_version
    inner join settings
        on
            derivations.goal = settings.goal
            and derivations.definition_version = settings.definition_version
),

goals as (
    select customer_goal, goal from deriving
    union distinct
    select customer_goal, depends_on_goal as goal from deriving
),

final as (
    select * from deriving
    union all
    select
        customer_goal,
        goal,
        goal as depends_on_goal,
        'self' as link,
        {{ agent_goals.as_type('null', 'integer') }} as level,
        {{ agent_goals.beginning_of_time() }} as valid_from,
        {{ agent_goals.end_of_time() }} as valid_to,
        {%- for column, kind in {
            'deciding_version': 'integer', 'field': 'text', 'threshold': 'decimal', 'threshold_operator': 'text',
            'composite_rule': 'text', 'composite_threshold': 'decimal', 'is_required': 'boolean', 'weight': 'decimal',
            'count_sub_goals': 'integer', 'count_required': 'integer', 'total_weight': 'decimal',
        }.items() %}
        {{ agent_goals.as_type('null', kind) }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from goals
)

select * from final
