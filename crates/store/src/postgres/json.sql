-- JSON, of type json: as it was written. Null where a value is of another type, as `expr::ops::json_as`
-- says. A path is followed by `->`, whose step is a text for a member and an integer for an element. The
-- elements of a list are read in the same way, from `json_array_elements(mainstay.json_list(a))`.

-- JSON's null is null.
CREATE OR REPLACE FUNCTION mainstay.json_value(a json) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(a) <> 'null' THEN a END;

CREATE OR REPLACE FUNCTION mainstay.json_list(a json) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(a) = 'array' THEN a END;

CREATE OR REPLACE FUNCTION mainstay.json_text(a json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(a) = 'string' THEN a #>> '{}' END;

CREATE OR REPLACE FUNCTION mainstay.json_number(a json) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(a) = 'number' THEN a #>> '{}' END;

CREATE OR REPLACE FUNCTION mainstay.json_bool(a json) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(a) = 'boolean' THEN a #>> '{}' = 'true' END;

CREATE OR REPLACE FUNCTION mainstay.json_float(a json) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.to_float(mainstay.json_number(a));

-- A number with a point or an exponent is a double, and so is one of more than 64 bits.
CREATE OR REPLACE FUNCTION mainstay.json_int(a json) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  number text := mainstay.json_number(a);
  float double precision;
BEGIN
  IF number ~ '^-?[0-9]{1,18}$' THEN
    RETURN number::bigint;
  END IF;
  IF number ~ '^-?[0-9]{19}$' AND mainstay.as_int(number::numeric) IS NOT NULL THEN
    RETURN number::bigint;
  END IF;
  float := mainstay.to_float(number);
  RETURN CASE WHEN float = trunc(float) THEN mainstay.to_int(float) END;
END $$;

CREATE OR REPLACE FUNCTION mainstay.json_decimal(a json) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.text_decimal(CASE WHEN json_typeof(a) IN ('string', 'number') THEN a #>> '{}' END);

CREATE OR REPLACE FUNCTION mainstay.json_uuid(a json) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.text_uuid(mainstay.json_text(a));

CREATE OR REPLACE FUNCTION mainstay.json_time(a json) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.text_time(mainstay.json_text(a));

CREATE OR REPLACE FUNCTION mainstay.json_date(a json) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.text_date(mainstay.json_text(a));

CREATE OR REPLACE FUNCTION mainstay.json_duration(a json) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.text_duration(mainstay.json_text(a));

CREATE OR REPLACE FUNCTION mainstay.size(a json) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN json_array_length(mainstay.json_list(a));
