//! How long something is kept (`keep`).

use std::time::Duration;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;

use crate::load::arguments::text;
use crate::load::draft::Draft;
use crate::report::Problems;

/// Days of a year, as far as keeping goes.
const YEAR_DAYS: u64 = 365;
const DAY_S: u64 = 86_400;

/// Reads the argument `keep`; none where it is for good.
pub(crate) fn keep(
    draft: &Draft<'_>,
    directive: &Node<Directive>,
    problems: &mut Problems<'_>,
) -> Option<Duration> {
    let keep = text(directive, "keep")?;
    let span = span(keep.value);
    if span.is_none() {
        problems
            .error(
                "duration",
                keep.place(draft.parsed),
                format!("`{}` is not a span of time", keep.value),
            )
            .help("write it like \"1y\", \"30d\", \"12h\" or \"90m\"");
    }
    span
}

fn span(text: &str) -> Option<Duration> {
    let micros = match text.strip_suffix('y') {
        Some(years) => {
            let days = years.parse::<u64>().ok()?.checked_mul(YEAR_DAYS)?;
            days.checked_mul(DAY_S)?.checked_mul(1_000_000)?
        }
        None => expr::ops::parse_duration(text)?.try_into().ok()?,
    };
    // What is further away than a timestamp reaches is no span to count with.
    (micros > 0 && i64::try_from(micros).is_ok()).then(|| Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_years_or_what_the_language_writes() {
        let days = |days| Some(Duration::from_secs(days * DAY_S));
        assert_eq!(span("1y"), days(365));
        assert_eq!(span("90d"), days(90));
        for bad in ["", "y", "0y", "-1y", "1.5y", "999999999999y", "0d", "-1d", "soon"] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }
}
