-- Texts, by code point.

CREATE OR REPLACE FUNCTION mainstay.ends_with(a text, suffix text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN right(a, char_length(suffix)) = suffix;

CREATE OR REPLACE FUNCTION mainstay.contains(a text, part text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN strpos(a, part) > 0;

CREATE OR REPLACE FUNCTION mainstay.lower(a text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(a, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');

CREATE OR REPLACE FUNCTION mainstay.upper(a text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(a, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ');

CREATE OR REPLACE FUNCTION mainstay.trim(a text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN btrim(a, E' \t\n\r\f\x0b');

CREATE OR REPLACE FUNCTION mainstay.before(a text, separator text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN strpos(a, separator) > 0 THEN left(a, strpos(a, separator) - 1) ELSE a || left(separator, 0) END;

CREATE OR REPLACE FUNCTION mainstay.after(a text, separator text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN strpos(a, separator) > 0 THEN substr(a, strpos(a, separator) + char_length(separator))
  ELSE left(a || separator, 0)
END;

CREATE OR REPLACE FUNCTION mainstay.size(a text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN char_length(a);
