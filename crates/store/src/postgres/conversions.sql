-- Conversions between types. A value's text is the one that JSON shows.

CREATE OR REPLACE FUNCTION mainstay.text_uuid(a text) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN a ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' THEN a::uuid
END;

-- Reads a decimal; its scale is kept. Null for more than 28 digits.
CREATE OR REPLACE FUNCTION mainstay.text_decimal(a text) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  part text[] := regexp_match(a, '^([+-]?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$');
  number numeric;
  digits numeric;
BEGIN
  IF part IS NULL OR octet_length(a) > 256 THEN
    RETURN NULL;
  END IF;
  number := (part[2] || coalesce(part[3], ''))::numeric;
  digits := char_length(coalesce(part[3], '')) - coalesce(part[4], '0')::numeric;
  IF abs(coalesce(part[4], '0')::numeric) > 2147483647 OR digits > 28 THEN
    RETURN NULL;
  END IF;
  IF digits < 0 THEN
    IF number <> 0 AND digits < -28 THEN
      RETURN NULL;
    END IF;
    number := CASE WHEN number = 0 THEN 0 ELSE number * 10::numeric ^ (-digits)::integer END;
    digits := 0;
  END IF;
  IF number >= 10000000000000000000000000000 THEN
    RETURN NULL;
  END IF;
  IF part[1] = '-' THEN
    number := -number;
  END IF;
  RETURN (round(number, 0)::text || 'e-' || digits)::numeric;
END $$;

CREATE OR REPLACE FUNCTION mainstay.to_text(a boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a THEN 'true' WHEN NOT a THEN 'false' END;

CREATE OR REPLACE FUNCTION mainstay.to_text(a bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a::text;

CREATE OR REPLACE FUNCTION mainstay.to_text(a numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a::text;

CREATE OR REPLACE FUNCTION mainstay.to_text(a text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a;

CREATE OR REPLACE FUNCTION mainstay.to_text(a uuid) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a::text;

CREATE OR REPLACE FUNCTION mainstay.to_text(a timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_char(a AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

CREATE OR REPLACE FUNCTION mainstay.to_text(a date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_char(a, 'YYYY-MM-DD');

-- The number with the fewest digits that reads back as the double. PostgreSQL's own text may have one
-- more.
CREATE OR REPLACE FUNCTION mainstay.shortest(a double precision) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET extra_float_digits = 1 AS $$
DECLARE
  number numeric := a::text::numeric;
  exact numeric;
  shorter numeric;
BEGIN
  IF a = 0 OR char_length(btrim(replace(ltrim(split_part(a::text, 'e', 1), '-'), '.', ''), '0')) < 17 THEN
    RETURN number;
  END IF;
  exact := mainstay.exactly(a);
  shorter := round(exact, 15 - floor(log(abs(number)))::integer);
  -- Beyond the largest double it cannot be read.
  IF abs(shorter) < 1.7976931348623158e308 AND shorter::double precision = a THEN
    RETURN trim_scale(shorter);
  END IF;
  RETURN number;
END $$;

-- A double's text, with a point or an exponent.
CREATE OR REPLACE FUNCTION mainstay.to_text(a double precision) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET extra_float_digits = 1 AS $$
DECLARE
  shown text := abs(mainstay.shortest(a))::text;
  sign text := CASE WHEN left(a::text, 1) = '-' THEN '-' ELSE '' END;
  digits text := replace(shown, '.', '');
  -- The number is 0.DIGITS times ten to this power.
  point integer := char_length(split_part(shown, '.', 1))
    - (char_length(digits) - char_length(ltrim(digits, '0')));
BEGIN
  IF a IS NULL THEN
    RETURN NULL;
  END IF;
  IF a = 0 THEN
    RETURN sign || '0.0';
  END IF;
  digits := btrim(digits, '0');
  IF point > 16 OR point <= -5 THEN
    RETURN sign || left(digits, 1)
      || CASE WHEN char_length(digits) > 1 THEN '.' || substr(digits, 2) ELSE '' END
      || 'e' || CASE WHEN point > 0 THEN '+' ELSE '' END || (point - 1);
  END IF;
  IF point <= 0 THEN
    RETURN sign || '0.' || repeat('0', -point) || digits;
  END IF;
  digits := rpad(digits, greatest(point, char_length(digits)), '0');
  RETURN sign || left(digits, point) || '.' || coalesce(nullif(substr(digits, point + 1), ''), '0');
END $$;

-- A span of time in hours, minutes and seconds, or in the one smaller unit that fits.
CREATE OR REPLACE FUNCTION mainstay.duration_text(a bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN a IS NULL THEN NULL
  WHEN a = 0 THEN '0s'
  WHEN abs(a::numeric) < 1000000 AND a % 1000 = 0 THEN (a / 1000) || 'ms'
  WHEN abs(a::numeric) < 1000000 THEN a || 'us'
  ELSE (
    SELECT CASE WHEN a < 0 THEN '-' ELSE '' END
      || CASE WHEN size >= 3600000000 THEN div(size, 3600000000) || 'h' ELSE '' END
      || CASE WHEN size % 3600000000 >= 60000000 THEN div(size % 3600000000, 60000000) || 'm' ELSE '' END
      || CASE WHEN size % 60000000 > 0 THEN trim_scale(size % 60000000 / 1000000) || 's' ELSE '' END
    FROM (SELECT abs(a::numeric) AS size) AS of
  )
END;

-- A number or a number's text as an integer, cut off towards zero.
CREATE OR REPLACE FUNCTION mainstay.to_int(a bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a;

CREATE OR REPLACE FUNCTION mainstay.to_int(a numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_int(trunc(a));

CREATE OR REPLACE FUNCTION mainstay.to_int(a double precision) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a >= -9223372036854775808 AND a < 9223372036854775808 THEN trunc(a)::bigint END;

CREATE OR REPLACE FUNCTION mainstay.to_int(a text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN a ~ '^[+-]?0*[0-9]{1,19}$' THEN
  mainstay.as_int(regexp_replace(a, '^([+-]?)0+(?=[0-9])', '\1')::numeric)
END;

-- A number of JSON without a fraction as an integer. One that is written with a point is a double.
CREATE OR REPLACE FUNCTION mainstay.whole(a numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN scale(a) = 0 THEN mainstay.as_int(a)
  WHEN a::double precision = trunc(a::double precision) THEN mainstay.to_int(a::double precision)
END;

-- A number or a number's text as a double.
CREATE OR REPLACE FUNCTION mainstay.to_float(a bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a::double precision;

CREATE OR REPLACE FUNCTION mainstay.to_float(a numeric) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a::double precision;

CREATE OR REPLACE FUNCTION mainstay.to_float(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a;

CREATE OR REPLACE FUNCTION mainstay.to_float(a text) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF a ~ '^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$' THEN
    RETURN a::double precision;
  END IF;
  RETURN NULL;
EXCEPTION WHEN numeric_value_out_of_range THEN
  -- PostgreSQL also stops at what is too small to be told from zero.
  IF a ~ '[eE]-' OR a ~ '^[+-]?0*\.' THEN
    RETURN CASE WHEN left(a, 1) = '-' THEN '-0'::double precision ELSE 0 END;
  END IF;
  RETURN NULL;
END $$;

-- A number or a number's text as a decimal: a double by its shortest text.
CREATE OR REPLACE FUNCTION mainstay.to_decimal(a bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a::numeric;

CREATE OR REPLACE FUNCTION mainstay.to_decimal(a numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN a;

CREATE OR REPLACE FUNCTION mainstay.to_decimal(a double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.text_decimal(mainstay.shortest(a)::text);

CREATE OR REPLACE FUNCTION mainstay.to_decimal(a text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.text_decimal(a);
