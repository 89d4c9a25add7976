//! `Accept-Encoding` (RFC 9110, section 12.5.3).

use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

/// A content coding that answers can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
}

impl Coding {
    /// The first wins where a client likes both: it makes smaller answers in about the same time.
    pub(super) const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.name())
    }

    /// What a tag's opaque part ends in.
    pub(super) fn tag_suffix(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gzip",
        }
    }

    /// Returns the coding that the client likes best, if it accepts one. Where it likes `identity`
    /// better, there is none.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        if !headers.contains_key(ACCEPT_ENCODING) {
            return None;
        }
        let mut weights = Weights::default();
        for value in headers.get_all(ACCEPT_ENCODING) {
            weights.read(value.to_str().ok()?);
        }
        weights.best()
    }
}

/// The weights of a header, in thousandths.
#[derive(Default)]
struct Weights {
    codings: [Option<u16>; 2],
    identity: Option<u16>,
    any: Option<u16>,
}

impl Weights {
    fn read(&mut self, value: &str) {
        for member in value.split(',') {
            let (name, parameters) = match member.split_once(';') {
                Some((name, parameters)) => (name.trim(), Some(parameters)),
                None => (member.trim(), None),
            };
            let weight = parameters.map_or(Some(1000), weight);
            // A member that cannot be read is passed over, as if it were not accepted.
            let Some(weight) = weight else { continue };
            if name.eq_ignore_ascii_case("br") {
                self.codings[0] = Some(weight);
            } else if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                self.codings[1] = Some(weight);
            } else if name.eq_ignore_ascii_case("identity") {
                self.identity = Some(weight);
            } else if name == "*" {
                self.any = Some(weight);
            }
        }
    }

    fn best(&self) -> Option<Coding> {
        let weight = |index: usize| self.codings[index].or(self.any).unwrap_or(0);
        let (brotli, gzip) = (weight(0), weight(1));
        let best = if brotli >= gzip { Coding::Brotli } else { Coding::Gzip };
        let most = brotli.max(gzip);
        // Without a word about it, `identity` is acceptable and no wish.
        (most > 0 && most >= self.identity.unwrap_or(0)).then_some(best)
    }
}

/// Reads `q=0.5`: up to three digits behind the point.
pub(super) fn weight(parameters: &str) -> Option<u16> {
    let value = parameters.trim().strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('=')?.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: Option<Coding>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).expect("a header"));
        }
        assert_eq!(Coding::accepted(&headers), expected, "{lines:?}");
    }

    const BROTLI: Option<Coding> = Some(Coding::Brotli);
    const GZIP: Option<Coding> = Some(Coding::Gzip);

    #[test]
    fn best_liked_coding_is_taken() {
        check(&[], None);
        check(&[""], None);
        check(&["identity"], None);
        check(&["gzip"], GZIP);
        check(&["GZIP"], GZIP);
        check(&["x-gzip"], GZIP);
        check(&["br"], BROTLI);
        check(&["gzip, deflate, br, zstd"], BROTLI);
        check(&["gzip", "br"], BROTLI);
        check(&["deflate"], None);
        check(&["*"], BROTLI);
        check(&["*;q=0"], None);
        check(&["br;q=0, *"], GZIP);
        check(&["gzip;q=1.0, *;q=0"], GZIP);
    }

    #[test]
    fn weights_decide() {
        check(&["br;q=0.5, gzip;q=0.8"], GZIP);
        check(&["br;q=0.8,gzip;q=0.8"], BROTLI);
        check(&["gzip;q=0"], None);
        check(&["gzip;q=0.000"], None);
        check(&["gzip;q=0.001"], GZIP);
        check(&["gzip ; q = 0.5"], GZIP);
        check(&["gzip;Q=1"], GZIP);
        check(&["identity, gzip;q=0.5"], None);
        check(&["identity;q=0.5, gzip;q=0.5"], GZIP);
        check(&["identity;q=0, gzip;q=0.1"], GZIP);
    }

    #[test]
    fn members_that_cannot_be_read_are_passed_over() {
        for wrong in
            ["gzip;q=2", "gzip;q=-1", "gzip;q=0.1234", "gzip;q=", "gzip;level=1", "gzip;q=1.1"]
        {
            check(&[wrong], None);
        }
        check(&["gzip;q=x, br;q=0.1"], BROTLI);
    }
}
