//! A database with the functions, and how what it answers is held to memory.

use std::fmt::Debug;

use expr::{Timestamp, ops};
use proptest::prelude::*;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;
use testkit::Postgres;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// How many arguments each function is tried on.
const CASES: usize = 400;

/// A database with the functions.
pub(crate) struct Database {
    client: Client,
    runtime: tokio::runtime::Runtime,
    _server: Postgres,
}

impl Database {
    #[expect(clippy::disallowed_methods, reason = "the connection ends with its client")]
    pub(crate) fn start() -> Self {
        let server = Postgres::start();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut config = tokio_postgres::Config::new();
        config.host_path(server.host()).user("mainstay").dbname("postgres");
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.expect("connected");
            tokio::spawn(connection);
            client.batch_execute(store::postgres::FUNCTIONS).await.expect("the functions are made");
            // Answers must not depend on where the server stands, or how it shows things.
            let elsewhere = "SET timezone = 'America/New_York'; SET datestyle = 'German'; SET extra_float_digits = 0";
            client.batch_execute(elsewhere).await.expect("set");
            client
        });
        Self { client, runtime, _server: server }
    }

    /// Evaluates an expression that gives text for each of the lists of arguments.
    pub(crate) fn evaluate(&self, shown: &str, rows: &[String]) -> Vec<Option<String>> {
        let rows: Vec<String> =
            rows.iter().enumerate().map(|(at, row)| format!("({at}, {row})")).collect();
        let sql = format!(
            "SELECT {shown} FROM (VALUES {}) AS given (at, a, b) ORDER BY at",
            rows.join(", ")
        );
        let answers = self.runtime.block_on(self.client.simple_query(&sql));
        let answers = answers.unwrap_or_else(|error| panic!("{shown}: {error:?}"));
        answers
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
                _ => None,
            })
            .collect()
    }

    /// Holds an expression of `a` and `b` to a function of memory.
    #[track_caller]
    pub(crate) fn check<A: Argument, B: Argument, R: Shown>(
        &self,
        expression: &str,
        (left, right): (&BoxedStrategy<A>, &BoxedStrategy<B>),
        expected: impl Fn(A, B) -> Option<R>,
    ) {
        let mut runner = TestRunner::deterministic();
        let mut draw = || {
            let pair = (left.clone(), right.clone()).new_tree(&mut runner);
            pair.expect("a value").current()
        };
        let pairs: Vec<(A, B)> = (0..CASES).map(|_| draw()).collect();
        let mut rows: Vec<String> =
            pairs.iter().map(|(a, b)| format!("{}, {}", a.literal(), b.literal())).collect();
        // Nothing comes of null, in whatever place the expression has it.
        let (a, b) = &pairs[0];
        let null = |literal: String| format!("CASE WHEN false THEN {literal} END");
        rows.push(format!("{}, {}", null(a.literal()), null(b.literal())));
        if expression.contains(", b)") {
            rows.push(format!("{}, {}", a.literal(), null(b.literal())));
            rows.push(format!("{}, {}", null(a.literal()), b.literal()));
        }
        let mut answers = self.evaluate(&R::shown(expression), &rows);
        for (row, answer) in rows.iter().zip(&answers).skip(CASES) {
            assert_eq!(*answer, None, "{expression} of {row}");
        }
        answers.truncate(CASES);
        assert_eq!(answers.len(), CASES);
        for ((a, b), answer) in pairs.into_iter().zip(answers) {
            let (given, expected) = (format!("{expression} of {a:?}, {b:?}"), expected(a, b));
            let same = match (&answer, &expected) {
                (Some(answer), Some(expected)) => expected.is_shown_as(answer),
                (None, None) => true,
                _ => false,
            };
            assert!(same, "{given}: {answer:?} instead of {expected:?}");
        }
    }

    /// Holds an expression of `a` to a function of memory.
    #[track_caller]
    pub(crate) fn check_one<A: Argument, R: Shown>(
        &self,
        expression: &str,
        of: &BoxedStrategy<A>,
        expected: impl Fn(A) -> Option<R>,
    ) {
        self.check(expression, (of, &Just(0_i64).boxed()), |a, _| expected(a));
    }
}

/// What is given to a function.
pub(crate) trait Argument: Debug + Clone + 'static {
    fn literal(&self) -> String;
}

impl Argument for i64 {
    fn literal(&self) -> String {
        format!("('{self}')::bigint")
    }
}

impl Argument for f64 {
    fn literal(&self) -> String {
        format!("'{self:e}'::double precision")
    }
}

impl Argument for Decimal {
    fn literal(&self) -> String {
        format!("'{self}'::numeric")
    }
}

impl Argument for String {
    fn literal(&self) -> String {
        format!("'{}'::text", self.replace('\'', "''"))
    }
}

impl Argument for Timestamp {
    fn literal(&self) -> String {
        format!("'{}'::timestamptz", ops::format_timestamp(*self))
    }
}

/// What a function returns.
pub(crate) trait Shown: Debug {
    /// Turns an expression of this type into one of text.
    fn shown(expression: &str) -> String {
        format!("({expression})::text")
    }

    fn is_shown_as(&self, text: &str) -> bool;
}

impl Shown for i64 {
    fn is_shown_as(&self, text: &str) -> bool {
        self.to_string() == text
    }
}

impl Shown for bool {
    fn is_shown_as(&self, text: &str) -> bool {
        self.to_string() == text
    }
}

impl Shown for f64 {
    fn shown(expression: &str) -> String {
        format!("encode(float8send({expression}), 'hex')")
    }

    fn is_shown_as(&self, text: &str) -> bool {
        text == format!("{:016x}", self.to_bits())
    }
}

impl Shown for String {
    fn is_shown_as(&self, text: &str) -> bool {
        self == text
    }
}

impl Shown for Decimal {
    fn is_shown_as(&self, text: &str) -> bool {
        ops::format_decimal(*self) == text
    }
}
