//! What PostgreSQL's failures mean.

use tokio_postgres::error::SqlState;

use crate::error::Error;

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else {
            // The server said nothing: the connection is lost, or what came over it makes no sense.
            return if error.is_closed() || is_io(&error) {
                Self::Unavailable
            } else {
                Self::Statement(described(&error))
            };
        };
        // Classes of SQLSTATE: 08 connection, 53 resources, 57 operator, 58 system, XX internal.
        match (state, &state.code()[..2]) {
            (&SqlState::QUERY_CANCELED, _) => Self::Timeout,
            (&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED, _) => {
                Self::Busy
            }
            (&SqlState::TOO_MANY_CONNECTIONS, _) | (_, "08" | "57" | "28" | "3D") => {
                Self::Unavailable
            }
            (_, "53" | "58" | "XX") => Self::Storage(described(&error)),
            _ => Self::Statement(described(&error)),
        }
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// The server's own words without its details, which are whole rows; the driver's alone say only
/// "db error".
fn described(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} ({})", error.message(), error.code().code()),
        None => error.to_string(),
    }
}
