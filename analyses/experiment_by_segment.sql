-- Does the variant do as well for every segment of customers?
{{ agent_goals.experiment_results(by=['customer_segment']) }}
order by experiment, goal, metric, variant, customer_segment
