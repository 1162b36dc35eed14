{{ config(tags=['engine_proof']) }}

-- Landed amounts, with up to 18 places, and what they are with ten. A double lies on either side of some of these.
{%- set cases = [
    ('0', '0'), ('1', '1'), ('-1', '-1'), ('0.1', '0.1'), ('0.0042', '0.0042'), ('-0.3333333333', '-0.3333333333'),
    ('0.000000000049999999', '0'), ('0.00000000005', '0.0000000001'), ('-0.00000000005', '-0.0000000001'),
    ('0.00000000015', '0.0000000002'), ('0.123456789049999999', '0.1234567890'), ('0.12345678905', '0.1234567891'),
    ('-0.12345678905', '-0.1234567891'), ('0.12345678915', '0.1234567892'), ('1234.56789012345', '1234.5678901235'),
    ('4503599.62737049675', '4503599.6273704968'), ('-4503599.627370496749999', '-4503599.6273704967'),
    ('99999999.9999999999', '99999999.9999999999'), ('99999999.99999999995', '100000000'),
    ('90071992547.409934567149999', '90071992547.4099345671'), ('90071992547.40993456715', '90071992547.4099345672'),
    ('999999999999.9999999999', '999999999999.9999999999'), ('-999999999999.999999999949', '-999999999999.9999999999'),
] %}
with

cases as (
    {%- for landed, expected in cases %}
    select
        {{ agent_goals.as_type("'" ~ landed ~ "'", 'landed') }} as landed_amount,
        {{ agent_goals.as_type("'" ~ expected ~ "'", 'decimal') }} as expected_amount
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

found as (
    select
        cases.*,
        {{ agent_goals.rounded('landed_amount') }} as found_amount
    from cases
)

select * from found
where found_amount is null or found_amount <> expected_amount
