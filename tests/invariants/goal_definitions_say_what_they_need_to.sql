-- Names every definition that lacks a part without which it decides nothing, or says two things at once.
with

goal_definitions as (
    select * from {{ ref('stg_agent_goals__goal_definitions') }}
),

problems as (
    select
        goal,
        definition_version,
        case
            when has_overlap then 'holds beyond the moment from which its next version holds'
            when valid_from >= valid_to then 'ends before it begins'
            when kind = 'derived' and (source_goal is null or field is null or threshold is null)
                then 'is derived, and needs source_goal, field and threshold'
            when kind <> 'derived' and (source_goal is not null or field is not null)
                then 'has a source_goal or a field, which only the kind derived reads'
            when composite_rule in ('at_least', 'weighted') and composite_threshold is null
                then 'is achieved by ' || composite_rule || ', and needs a composite_threshold'
            when composite_rule = 'weighted' and (composite_threshold < 0 or composite_threshold > 1)
                then 'is achieved by a share of weight, which lies between 0 and 1'
            when scope = 'customer' and window_days <= 0 then 'has a window of no days'
            when scope <> 'customer' and window_days is not null then 'has a window, which only the scope customer reads'
        end as problem
    from goal_definitions
)

select * from problems
where problem is not null
