//! A program of one of two kinds, for sequences that run both.

use crate::program::{Constraint, Program, Row, Statement, Verdict};

/// One or the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Either<L, R> {
    /// The one.
    Left(L),
    /// The other.
    Right(R),
}

impl<L: Program, R: Program> Program for Either<L, R> {
    type Output = Either<L::Output, R::Output>;

    fn next(&mut self) -> Option<Statement<'_>> {
        match self {
            Self::Left(program) => program.next(),
            Self::Right(program) => program.next(),
        }
    }

    fn row<W: Row>(&mut self, row: &W) {
        match self {
            Self::Left(program) => program.row(row),
            Self::Right(program) => program.row(row),
        }
    }

    fn refused(&mut self, constraint: Constraint) {
        match self {
            Self::Left(program) => program.refused(constraint),
            Self::Right(program) => program.refused(constraint),
        }
    }

    fn restart(&mut self) {
        match self {
            Self::Left(program) => program.restart(),
            Self::Right(program) => program.restart(),
        }
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Left(program) => program.verdict(),
            Self::Right(program) => program.verdict(),
        }
    }

    fn finish(self) -> Self::Output {
        match self {
            Self::Left(program) => Either::Left(program.finish()),
            Self::Right(program) => Either::Right(program.finish()),
        }
    }
}
