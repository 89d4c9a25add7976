-- Numbers: null where a result does not fit, as `expr::ops` says.

-- 64-bit integers, computed in numeric, which does not overflow.
CREATE OR REPLACE FUNCTION mainstay.as_int(number numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN number BETWEEN -9223372036854775808 AND 9223372036854775807 THEN number::bigint END;

CREATE OR REPLACE FUNCTION mainstay.int_add(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_int(a::numeric + b);

CREATE OR REPLACE FUNCTION mainstay.int_sub(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_int(a::numeric - b);

CREATE OR REPLACE FUNCTION mainstay.int_mul(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_int(a::numeric * b);

CREATE OR REPLACE FUNCTION mainstay.int_div(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b <> 0 THEN mainstay.as_int(div(a::numeric, b::numeric)) END;

CREATE OR REPLACE FUNCTION mainstay.int_rem(a bigint, b bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN b <> 0 AND NOT (b = -1 AND a = -9223372036854775808) THEN a % b END;

CREATE OR REPLACE FUNCTION mainstay.int_neg(a bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_int(-a::numeric);

CREATE OR REPLACE FUNCTION mainstay.int_abs(a bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_int(abs(a::numeric));

-- Decimals of up to 28 digits, exactly. A numeric keeps its scale.

-- Gives up zeros behind the point where that makes the number fit.
CREATE OR REPLACE FUNCTION mainstay.as_decimal(number numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT CASE WHEN kept >= min_scale(number) THEN round(number, kept) END
  FROM (SELECT least(scale(number), 28 - CASE
    WHEN abs(number) < 1 THEN 0
    ELSE length(trunc(abs(number))::text)
  END) AS kept) AS of
  WHERE kept >= 0
);

-- Says whether a mantissa fits the 128 bits in which `expr::ops` computes.
CREATE OR REPLACE FUNCTION mainstay.is_computable(number numeric, digits integer) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN abs(number) * (10::numeric ^ digits) < 170141183460469231731687303715884105728;

-- The scale in which an operation on two decimals is computed: the larger one, and without zeros at
-- the end where that does not fit.
CREATE OR REPLACE FUNCTION mainstay.common_scale(a numeric, b numeric, result numeric)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (
  SELECT digits
  FROM (VALUES
    (1, greatest(scale(a), scale(b))),
    (2, greatest(min_scale(a), min_scale(b)))
  ) AS tried (turn, digits)
  WHERE mainstay.is_computable(a, digits)
    AND mainstay.is_computable(b, digits)
    AND mainstay.is_computable(result, digits)
  ORDER BY turn
  LIMIT 1
);

CREATE OR REPLACE FUNCTION mainstay.decimal_add(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_decimal(round(a + b, mainstay.common_scale(a, b, a + b)));

CREATE OR REPLACE FUNCTION mainstay.decimal_sub(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_decimal(round(a - b, mainstay.common_scale(a, b, a - b)));

CREATE OR REPLACE FUNCTION mainstay.decimal_mul(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN mainstay.is_computable(a * b, scale(a) + scale(b)) THEN mainstay.as_decimal(a * b)
  WHEN mainstay.is_computable(a * b, min_scale(a) + min_scale(b))
  THEN mainstay.as_decimal(round(a * b, min_scale(a) + min_scale(b)))
END;

-- Rounds half to even at 12 digits behind the point. Zeros beyond the dividend's scale are dropped.
CREATE OR REPLACE FUNCTION mainstay.decimal_div(a numeric, b numeric) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  dividend numeric;
  quotient numeric;
  rest numeric;
  kept integer;
BEGIN
  IF b = 0 OR a IS NULL OR b IS NULL THEN
    RETURN NULL;
  END IF;
  dividend := abs(a) * 1000000000000;
  quotient := div(dividend, abs(b));
  rest := (dividend - quotient * abs(b)) * 2;
  IF rest > abs(b) OR (rest = abs(b) AND quotient % 2 = 1) THEN
    quotient := quotient + 1;
  END IF;
  quotient := sign(a) * sign(b) * quotient * 0.000000000001;
  kept := greatest(least(scale(a), 12), min_scale(quotient));
  RETURN mainstay.as_decimal(round(quotient, kept));
END $$;

CREATE OR REPLACE FUNCTION mainstay.decimal_rem(a numeric, b numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN b <> 0
  THEN mainstay.as_decimal(round(mod(a, b), mainstay.common_scale(a, b, mod(a, b))))
END;

CREATE OR REPLACE FUNCTION mainstay.decimal_neg(a numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN -a;

CREATE OR REPLACE FUNCTION mainstay.decimal_abs(a numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN abs(a);

-- Doubles: null instead of infinity, zero where a result is too small. PostgreSQL stops at both.
CREATE OR REPLACE FUNCTION mainstay.float_add(a double precision, b double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN a + b;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION mainstay.float_sub(a double precision, b double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN a - b;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION mainstay.float_mul(a double precision, b double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN a * b;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN CASE WHEN log(abs(a)) + log(abs(b)) < 0 THEN sign(a) * sign(b) * 0.0 END;
END $$;

CREATE OR REPLACE FUNCTION mainstay.float_div(a double precision, b double precision)
RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  IF b = 0 THEN
    RETURN NULL;
  END IF;
  RETURN a / b;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN CASE WHEN log(abs(a)) - log(abs(b)) < 0 THEN sign(a) * sign(b) * 0.0 END;
END $$;

-- A double as the exact number that it is: a mantissa times a power of two.
CREATE OR REPLACE FUNCTION mainstay.exactly(a double precision) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  bits bit(64) := ('x' || encode(float8send(a), 'hex'))::bit(64);
  exponent integer := (bits << 1)::bit(11)::integer;
  mantissa numeric := (bits & x'000fffffffffffff')::bigint;
BEGIN
  IF exponent > 0 THEN
    mantissa := mantissa + 4503599627370496;
  END IF;
  exponent := greatest(exponent, 1) - 1075;
  IF get_bit(bits, 0) = 1 THEN
    mantissa := -mantissa;
  END IF;
  IF exponent >= 0 THEN
    RETURN mantissa * 2::numeric ^ exponent;
  END IF;
  -- 2^-n is 5^n with n digits behind the point.
  RETURN mantissa * round(5::numeric ^ -exponent, 0) * ('1e' || exponent)::numeric;
END $$;

CREATE OR REPLACE FUNCTION mainstay.float_rem(a double precision, b double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN b <> 0 AND abs(a) < abs(b) THEN a
  -- Zero has the dividend's sign.
  WHEN b <> 0 THEN coalesce(
    nullif(mod(mainstay.exactly(a), mainstay.exactly(b)), 0)::double precision,
    a * 0::double precision
  )
END;

CREATE OR REPLACE FUNCTION mainstay.float_abs(a double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN abs(a);
