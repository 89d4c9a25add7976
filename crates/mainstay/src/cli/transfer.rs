//! `mainstay import` and `mainstay export`: the arguments.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Folder;

#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 all rows are in; 1 rows were refused; 2 failed.\n\n\
                  Examples:\n  mainstay import products.csv --into Product shop\n  \
                  mainstay import products.csv --into Product --on-error skip shop\n  \
                  mainstay import - --format ndjson --into products --as role=admin shop")]
pub(crate) struct Import {
    /// The file, `-` for the standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) folder: Folder,
    /// The entity or collection that gets the rows.
    #[arg(long, value_name = "ENTITY")]
    pub(crate) into: String,
    /// The form of the file; by its name's ending without it.
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,
    /// What becomes of the others when a row is refused.
    #[arg(long, value_enum, default_value = "stop")]
    pub(crate) on_error: OnError,
    /// Only these columns, separated by commas; others are passed over.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Option<Vec<String>>,
    /// Rows that have this unique key already are replaced, as by a PUT; `slug`, or `shelf,place`.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', requires = "caller")]
    pub(crate) replace: Option<Vec<String>>,
    /// Take rows from this line on, as a stopped import says it.
    #[arg(long, value_name = "LINE", default_value = "1")]
    pub(crate) from_line: u64,
    /// A caller's claims, `name=value,…` or a JSON object, to be bound by the rules as over HTTP; without
    /// it no rule counts, and any stored field may be given. May be repeated.
    #[arg(long = "as", value_name = "CLAIMS")]
    pub(crate) caller: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  mainstay export Product shop > products.csv\n  \
                  mainstay export Product --filter 'price > 10' --format ndjson --out products.ndjson shop\n  \
                  mainstay export Order --as sub=0190… shop")]
pub(crate) struct Export {
    /// The entity or collection.
    #[arg(value_name = "ENTITY")]
    pub(crate) entity: String,
    #[command(flatten)]
    pub(crate) folder: Folder,
    /// The file; the standard output without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The form of the rows; by the file's ending, or CSV, without it.
    #[arg(long, value_enum)]
    pub(crate) format: Option<RowFormat>,
    /// Only rows for which this expression is true.
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<String>,
    /// The order, `-createdAt,name`.
    #[arg(long, value_name = "FIELDS")]
    pub(crate) sort: Option<String>,
    /// Only these fields, separated by commas.
    #[arg(long, value_name = "FIELDS")]
    pub(crate) fields: Option<String>,
    /// A caller's claims, to see what they see; without it no rule counts, and archived rows are there.
    #[arg(long = "as", value_name = "CLAIMS")]
    pub(crate) caller: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
    /// CSV (RFC 4180) with a line of names.
    Csv,
    /// A JSON object on each line.
    Ndjson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnError {
    /// Those before it are kept, and it is told from which line to go on.
    Stop,
    /// The others are created.
    Skip,
}
