//! The bars that Mainstay has to reach.

use super::operation::Operation;
use super::report::{Report, Spread};
use super::server::Contestant;

/// The least ratio of requests per second to the hand-written limit.
const RATIO_MIN: f64 = 0.85;
/// From the start of the process to the first answer, with 100,000 rows there.
const COLD_START_MS_MAX: f64 = 50.0;
/// Resident memory after the first answer.
const IDLE_MB_MAX: f64 = 40.0;

/// Returns the bars that were missed, each as a sentence.
pub(super) fn missed(report: &Report) -> Vec<String> {
    let mut missed = Vec::new();
    if report.contestants.starts_with(&[Contestant::Mainstay, Contestant::Limit]) {
        for measured in &report.measured {
            let Some(ratio) = measured.ratio() else { continue };
            if measured.operation != Operation::Mixed && ratio.median < RATIO_MIN {
                let name = measured.operation.name();
                missed.push(format!("{name} is {:.2} of the limit, not {RATIO_MIN}", ratio.median));
            }
        }
    }
    for (contestant, start) in report.contestants.iter().zip(&report.starts) {
        if *contestant != Contestant::Mainstay {
            continue;
        }
        let cold = Spread::of(start.first_answer_ms.iter().copied()).median;
        if cold > COLD_START_MS_MAX {
            missed.push(format!("the cold start takes {cold:.1} ms, not {COLD_START_MS_MAX}"));
        }
        let idle = Spread::of(start.idle_mb.iter().copied()).median;
        if idle > IDLE_MB_MAX {
            missed.push(format!("idle memory is {idle:.1} MB, not {IDLE_MB_MAX}"));
        }
    }
    missed
}
