-- Sums and means, finished as `expr::ops::sum` does: null of nothing, and where the result does not fit.

CREATE OR REPLACE FUNCTION mainstay.int_mean(sum numeric, count bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sum::double precision / count::double precision;

-- The scale of a sum is the largest of its values'.
CREATE OR REPLACE FUNCTION mainstay.decimal_total(sum numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.as_decimal(
  CASE WHEN mainstay.is_computable(sum, scale(sum)) THEN sum ELSE trim_scale(sum) END
);

CREATE OR REPLACE FUNCTION mainstay.decimal_mean(sum numeric, count bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.decimal_div(mainstay.decimal_total(sum), count::numeric);

-- Of doubles the exact sum is taken, `sum(mainstay.exactly(x))`, and rounded once.
CREATE OR REPLACE FUNCTION mainstay.float_total(sum numeric) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN sum::double precision;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION mainstay.float_mean(sum numeric, count bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mainstay.float_div(mainstay.float_total(sum), count::double precision);

-- The value that stands for equal ones: of their texts the shortest.
CREATE OR REPLACE FUNCTION mainstay.decimal_key(value numeric, scale integer) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(value, scale);
