//! Several programs, one after another, in one transaction.
//!
//! Each is made when its turn comes, with what the ones before came to at hand, and sees what they
//! wrote. When one is refused, everything is undone.

use std::sync::Arc;

use crate::program::{Bind, Constraint, Program, Row, Statement, Verdict};

/// Decides, step by step, what a transaction runs.
pub trait Steps: Send + 'static {
    /// The programs it runs: an enum where they are of several kinds.
    type Program: Program;
    /// What it comes to.
    type Output: Send + 'static;

    /// Returns the next program, or how the transaction ends. Called after `done` of the one before,
    /// and not again after a program that was to be undone.
    fn next(&mut self) -> Step<Self::Program>;

    /// Takes what the program came to.
    fn done(&mut self, output: <Self::Program as Program>::Output);

    /// Returns to the state before the first program.
    fn restart(&mut self);

    /// Hands over the output. The verdict is that of the whole transaction.
    fn finish(self, verdict: Verdict) -> Self::Output;
}

/// What comes next in a sequence.
#[derive(Debug)]
pub enum Step<P> {
    /// This program.
    Run(P),
    /// Nothing; the transaction ends like this.
    End(Verdict),
}

/// A program made of programs.
#[derive(Debug)]
pub struct Sequence<S: Steps> {
    steps: S,
    running: Option<S::Program>,
    /// The statement that runs: a copy, because a borrow could not be returned from the loop that
    /// goes on to the next program.
    sql: Arc<str>,
    binds: Vec<Bind>,
    end: Option<Verdict>,
}

impl<S: Steps> Sequence<S> {
    /// Starts a sequence.
    pub fn new(steps: S) -> Self {
        Self { steps, running: None, sql: "".into(), binds: Vec::new(), end: None }
    }

    /// Takes the running program's output, and ends with it if it was refused.
    fn conclude(&mut self) {
        if let Some(program) = self.running.take() {
            let verdict = program.verdict();
            self.steps.done(program.finish());
            if verdict == Verdict::Rollback {
                self.end = Some(verdict);
            }
        }
    }
}

impl<S: Steps> Program for Sequence<S> {
    type Output = S::Output;

    fn next(&mut self) -> Option<Statement<'_>> {
        loop {
            if let Some(statement) = self.running.as_mut().and_then(Program::next) {
                self.sql = Arc::clone(statement.sql);
                self.binds.clear();
                self.binds.extend_from_slice(statement.binds);
                break;
            }
            self.conclude();
            if self.end.is_some() {
                return None;
            }
            match self.steps.next() {
                Step::Run(program) => self.running = Some(program),
                Step::End(verdict) => self.end = Some(verdict),
            }
        }
        Some(Statement { sql: &self.sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        if let Some(program) = &mut self.running {
            program.row(row);
        }
    }

    fn refused(&mut self, constraint: Constraint) {
        if let Some(program) = &mut self.running {
            program.refused(constraint);
        }
    }

    fn restart(&mut self) {
        self.running = None;
        self.end = None;
        self.steps.restart();
    }

    fn verdict(&self) -> Verdict {
        // Without an end it was not run to its end, and nothing of it may stay.
        self.end.unwrap_or(Verdict::Rollback)
    }

    fn finish(self) -> S::Output {
        let verdict = self.verdict();
        self.steps.finish(verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says its numbers one after another, as statements; may be refused at the end.
    struct Say {
        numbers: Vec<i64>,
        binds: Vec<Bind>,
        sql: Arc<str>,
        verdict: Verdict,
    }

    impl Say {
        fn new(numbers: &[i64], verdict: Verdict) -> Self {
            let numbers = numbers.iter().rev().copied().collect();
            Self { numbers, binds: Vec::new(), sql: "say".into(), verdict }
        }
    }

    impl Program for Say {
        type Output = &'static str;

        fn next(&mut self) -> Option<Statement<'_>> {
            self.binds = vec![Bind::Int(self.numbers.pop()?)];
            Some(Statement { sql: &self.sql, binds: &self.binds })
        }

        fn row<R: Row>(&mut self, _: &R) {}

        fn refused(&mut self, _: Constraint) {
            self.numbers.clear();
            self.verdict = Verdict::Rollback;
        }

        fn restart(&mut self) {}

        fn verdict(&self) -> Verdict {
            self.verdict
        }

        fn finish(self) -> Self::Output {
            if self.verdict == Verdict::Commit { "kept" } else { "refused" }
        }
    }

    /// Runs these programs, numbered by what was done before.
    struct List {
        programs: Vec<(&'static [i64], Verdict)>,
        outputs: Vec<&'static str>,
        end: Verdict,
    }

    impl Steps for List {
        type Program = Say;
        type Output = (Verdict, Vec<&'static str>);

        fn next(&mut self) -> Step<Say> {
            match self.programs.get(self.outputs.len()) {
                Some((numbers, verdict)) => Step::Run(Say::new(numbers, *verdict)),
                None => Step::End(self.end),
            }
        }

        fn done(&mut self, output: &'static str) {
            self.outputs.push(output);
        }

        fn restart(&mut self) {
            self.outputs.clear();
        }

        fn finish(self, verdict: Verdict) -> Self::Output {
            (verdict, self.outputs)
        }
    }

    fn said(sequence: &mut Sequence<List>) -> Vec<i64> {
        let mut said = Vec::new();
        while let Some(statement) = sequence.next() {
            match statement.binds {
                [Bind::Int(number)] => said.push(*number),
                other => panic!("{other:?}"),
            }
        }
        said
    }

    #[track_caller]
    fn check(
        programs: &[(&'static [i64], Verdict)],
        end: Verdict,
        expected: (&[i64], Verdict, &[&str]),
    ) {
        let list = List { programs: programs.to_vec(), outputs: Vec::new(), end };
        let mut sequence = Sequence::new(list);
        assert_eq!(said(&mut sequence), expected.0);
        sequence.restart();
        assert_eq!(said(&mut sequence), expected.0, "once more");
        assert_eq!(sequence.next().map(|_| ()), None, "the end is the end");
        let verdict = sequence.verdict();
        let (told, outputs) = sequence.finish();
        assert_eq!((verdict, told, outputs.as_slice()), (expected.1, expected.1, expected.2));
    }

    #[test]
    fn programs_run_in_order_until_one_is_refused() {
        use Verdict::{Commit, Rollback};
        check(&[], Commit, (&[], Commit, &[]));
        check(&[], Rollback, (&[], Rollback, &[]));
        let two: &[(&[i64], Verdict)] = &[(&[1, 2], Commit), (&[3], Commit)];
        check(two, Commit, (&[1, 2, 3], Commit, &["kept", "kept"]));
        check(two, Rollback, (&[1, 2, 3], Rollback, &["kept", "kept"]));
        let silent: &[(&[i64], Verdict)] = &[(&[], Commit), (&[1], Commit), (&[], Commit)];
        check(silent, Commit, (&[1], Commit, &["kept", "kept", "kept"]));
        let refused: &[(&[i64], Verdict)] = &[(&[1], Commit), (&[2], Rollback), (&[3], Commit)];
        check(refused, Commit, (&[1, 2], Rollback, &["kept", "refused"]));
    }

    #[test]
    fn the_running_program_hears_of_its_violated_constraint() {
        let programs: Vec<(&'static [i64], Verdict)> =
            vec![(&[1, 2], Verdict::Commit), (&[3], Verdict::Commit)];
        let mut sequence =
            Sequence::new(List { programs, outputs: Vec::new(), end: Verdict::Commit });
        assert!(sequence.next().is_some());
        sequence.refused(Constraint::ForeignKey);
        assert!(sequence.next().is_none());
        assert_eq!(sequence.verdict(), Verdict::Rollback);
        assert_eq!(sequence.finish(), (Verdict::Rollback, vec!["refused"]));
    }

    #[test]
    fn a_sequence_broken_off_is_undone() {
        let programs: Vec<(&'static [i64], Verdict)> = vec![(&[1], Verdict::Commit)];
        let list = List { programs, outputs: Vec::new(), end: Verdict::Commit };
        let mut sequence = Sequence::new(list);
        assert!(sequence.next().is_some());
        assert_eq!(sequence.verdict(), Verdict::Rollback);
    }
}
