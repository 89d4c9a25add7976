-- Moments in UTC with microseconds and days, years 0001 to 9999.

-- The day, where there is one.
CREATE OR REPLACE FUNCTION mainstay.day_of(year integer, month integer, day integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN year BETWEEN 1 AND 9999 AND month BETWEEN 1 AND 12 AND day BETWEEN 1 AND CASE
  WHEN month = 2 THEN 28 + (year % 4 = 0 AND (year % 100 <> 0 OR year % 400 = 0))::integer
  WHEN month IN (4, 6, 9, 11) THEN 30
  ELSE 31
END THEN make_date(year, month, day) END;

-- Microseconds since 1970, and back; null outside of the years.
CREATE OR REPLACE FUNCTION mainstay.micros(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(epoch FROM at) * 1000000)::bigint;

CREATE OR REPLACE FUNCTION mainstay.moment(micros numeric) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN micros BETWEEN -62135596800000000 AND 253402300799999999 THEN (
  timestamp '1970-01-01'
  + div(micros, 86400000000)::integer * interval '1 day'
  + (micros % 86400000000)::double precision * interval '1 microsecond'
) AT TIME ZONE 'UTC' END;

CREATE OR REPLACE FUNCTION mainstay.time_add(at timestamptz, duration bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.moment(mainstay.micros(at)::numeric + duration);

CREATE OR REPLACE FUNCTION mainstay.time_sub(at timestamptz, duration bigint) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.moment(mainstay.micros(at)::numeric - duration);

CREATE OR REPLACE FUNCTION mainstay.time_diff(until timestamptz, since timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.micros(until) - mainstay.micros(since);

CREATE OR REPLACE FUNCTION mainstay.year(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(year FROM at AT TIME ZONE 'UTC')::bigint;

CREATE OR REPLACE FUNCTION mainstay.month(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(month FROM at AT TIME ZONE 'UTC')::bigint - 1;

CREATE OR REPLACE FUNCTION mainstay.day(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(day FROM at AT TIME ZONE 'UTC')::bigint;

CREATE OR REPLACE FUNCTION mainstay.weekday(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(dow FROM at AT TIME ZONE 'UTC')::bigint;

CREATE OR REPLACE FUNCTION mainstay.hours(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(hour FROM at AT TIME ZONE 'UTC')::bigint;

CREATE OR REPLACE FUNCTION mainstay.minutes(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN extract(minute FROM at AT TIME ZONE 'UTC')::bigint;

CREATE OR REPLACE FUNCTION mainstay.seconds(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN floor(extract(second FROM at AT TIME ZONE 'UTC'))::bigint;

CREATE OR REPLACE FUNCTION mainstay.time_date(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (at AT TIME ZONE 'UTC')::date;

CREATE OR REPLACE FUNCTION mainstay.date_time(day date) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day::timestamp AT TIME ZONE 'UTC';

-- The first moment or day of a period. The first week there is begins with the first day.
CREATE OR REPLACE FUNCTION mainstay.time_period(at timestamptz, unit text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN at IS NOT NULL AND unit IS NOT NULL THEN
  greatest(date_trunc(unit, at AT TIME ZONE 'UTC'), timestamp '0001-01-01') AT TIME ZONE 'UTC'
END;

CREATE OR REPLACE FUNCTION mainstay.date_period(day date, unit text) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN day IS NOT NULL AND unit IS NOT NULL THEN
  greatest(date_trunc(unit, day::timestamp), timestamp '0001-01-01')::date
END;

-- Reads `YYYY-MM-DD`.
CREATE OR REPLACE FUNCTION mainstay.text_date(a text) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' THEN
  mainstay.day_of(left(a, 4)::integer, substr(a, 6, 2)::integer, right(a, 2)::integer)
END;

-- Reads RFC 3339 with any offset. Digits beyond microseconds are cut off; a leap second counts as the
-- second before it.
CREATE OR REPLACE FUNCTION mainstay.text_time(a text) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  part text[] := regexp_match(a, '^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))$');
  day date;
  hour integer;
  minute integer;
  second integer;
  away integer := 0;
BEGIN
  IF part IS NULL THEN
    RETURN NULL;
  END IF;
  day := mainstay.day_of(part[1]::integer, part[2]::integer, part[3]::integer);
  hour := part[4]::integer;
  minute := part[5]::integer;
  second := part[6]::integer;
  IF day IS NULL OR hour > 23 OR minute > 59 OR second > 60 THEN
    RETURN NULL;
  END IF;
  IF part[8] IS NOT NULL THEN
    IF part[9]::integer > 23 OR part[10]::integer > 59 THEN
      RETURN NULL;
    END IF;
    away := part[9]::integer * 3600 + part[10]::integer * 60;
    IF part[8] = '-' THEN
      away := -away;
    END IF;
  END IF;
  RETURN mainstay.moment(
    (day - date '1970-01-01')::numeric * 86400000000
    + (hour * 3600 + minute * 60 + least(second, 59) - away)::numeric * 1000000
    + rpad(left(coalesce(part[7], '0'), 6), 6, '0')::integer
  );
END $$;

-- Reads a span of time as Go writes them, to the microsecond: `1h30m`, `1.5s`, `-250ms`.
CREATE OR REPLACE FUNCTION mainstay.text_duration(a text) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  rest text := regexp_replace(a, '^[+-]', '');
  part text[];
  total numeric := 0;
  unit numeric;
BEGIN
  IF a IS NULL OR octet_length(a) > 64 OR rest = '' THEN
    RETURN NULL;
  END IF;
  IF rest = '0' THEN
    RETURN 0;
  END IF;
  WHILE rest <> '' LOOP
    part := regexp_match(rest, '^([0-9]+)(?:\.([0-9]{0,15}))?(ms|us|µs|d|h|m|s)');
    IF part IS NULL OR part[1]::numeric > 9223372036854775807 THEN
      RETURN NULL;
    END IF;
    unit := CASE part[3]
      WHEN 'd' THEN 86400000000
      WHEN 'h' THEN 3600000000
      WHEN 'm' THEN 60000000
      WHEN 's' THEN 1000000
      WHEN 'ms' THEN 1000
      ELSE 1
    END;
    total := total + part[1]::numeric * unit
      + trunc(('0.' || coalesce(nullif(part[2], ''), '0'))::numeric * unit);
    rest := substr(rest, char_length((regexp_match(rest, '^[0-9]+(?:\.[0-9]*)?(?:ms|us|µs|d|h|m|s)'))[1]) + 1);
  END LOOP;
  RETURN mainstay.as_int(CASE WHEN left(a, 1) = '-' THEN -total ELSE total END);
END $$;
