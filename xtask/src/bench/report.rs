//! The table.

use std::fmt;

use super::schedule::{Measured, Round};
use super::server::Contestant;
use super::start::Start;

/// A generator busier than this may be what limits the faster contestant.
const GENERATOR_BUSY: f64 = 0.9;

/// Everything that was measured.
pub(super) struct Report {
    /// Who was measured.
    pub(super) contestants: Vec<Contestant>,
    /// The starts of each contestant.
    pub(super) starts: Vec<Start>,
    /// The operations.
    pub(super) measured: Vec<Measured>,
}

/// The least, the middle and the largest of some figures.
#[derive(Copy, Clone, Debug, PartialEq)]
pub(super) struct Spread {
    /// The least.
    pub(super) min: f64,
    /// The middle; of an even number the lower one.
    pub(super) median: f64,
    /// The largest.
    pub(super) max: f64,
}

impl Spread {
    /// Sorts the figures, of which there is at least one.
    pub(super) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let median = figures[(figures.len() - 1) / 2];
        Self { min: figures[0], median, max: figures[figures.len() - 1] }
    }
}

impl Measured {
    /// Returns the rates of the first contestant to those of the second, round by round.
    pub(super) fn ratio(&self) -> Option<Spread> {
        let [first, second, ..] = self.rounds.as_slice() else { return None };
        Some(Spread::of(first.iter().zip(second).map(|(first, second)| first.rate / second.rate)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.measured.is_empty() {
            self.operations(out)?;
        }
        writeln!(
            out,
            "\n| contestant | cold start to first answer, ms (min/median/max) | idle MB |"
        )?;
        writeln!(out, "| --- | --: | --: |")?;
        for (contestant, start) in self.contestants.iter().zip(&self.starts) {
            let Spread { min, median, max } = Spread::of(start.first_answer_ms.iter().copied());
            let idle = Spread::of(start.idle_mb.iter().copied()).max;
            let name = contestant.package();
            writeln!(out, "| {name} | {min:.1} / {median:.1} / {max:.1} | {idle:.1} |")?;
        }
        self.note(out)
    }
}

impl Report {
    fn operations(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| operation | contestant | requests/s | p50 µs | p99 µs | CPU ms / 1,000 | peak MB | ratio (min/median/max) |"
        )?;
        writeln!(out, "| --- | --- | --: | --: | --: | --: | --: | --: |")?;
        for measured in &self.measured {
            for (place, rounds) in measured.rounds.iter().enumerate() {
                let median = |of: fn(&Round) -> f64| Spread::of(rounds.iter().map(of)).median;
                let ratio = match measured.ratio().filter(|_| place == 0) {
                    Some(Spread { min, median, max }) => {
                        format!("{min:.2} / **{median:.2}** / {max:.2}")
                    }
                    None => String::new(),
                };
                writeln!(
                    out,
                    "| {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {ratio} |",
                    measured.operation.name(),
                    self.contestants[place].package(),
                    median(|round| round.rate),
                    median(|round| round.p50_us as f64),
                    median(|round| round.p99_us as f64),
                    median(|round| round.cpu_ms),
                    Spread::of(rounds.iter().map(|round| round.peak_mb)).max,
                )?;
            }
        }
        Ok(())
    }

    fn note(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.measured.iter().flat_map(|measured| measured.rounds.iter().flatten());
        let busiest = rounds.map(|round| round.generator).fold(0.0, f64::max);
        if self.measured.is_empty() {
            return Ok(());
        }
        writeln!(
            out,
            "\nThe load generator was busy for at most {:.0} % of its core.",
            busiest * 100.0
        )?;
        if busiest > GENERATOR_BUSY {
            writeln!(out, "That is close to its limit: the fastest figures may be too low.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_sorted() {
        let spread = Spread { min: 1.0, median: 2.0, max: 9.0 };
        assert_eq!(Spread::of([9.0, 1.0, 2.0]), spread);
        assert_eq!(Spread::of([2.0, 9.0, 1.0, 9.0]), spread);
    }
}
