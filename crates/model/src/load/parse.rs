//! Parses the modules' SDL together with the built-in definitions.

use std::collections::HashMap;
use std::sync::OnceLock;

use apollo_compiler::ast::{Definition, Document, ObjectTypeExtension};
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::parser::{FileId, Parser, SourceSpan};
use apollo_compiler::validation::DiagnosticList;
use apollo_compiler::{Node, Schema};

use crate::load::messages;
use crate::load::syntax::{self, SyntaxErrors};
use crate::report::{Place, Problems};
use crate::sources::Sources;

/// The language: directive and scalar definitions.
pub const DIRECTIVES: &str = include_str!("../directives.graphql");
/// Deeper nesting of types, lists and values is refused before it could exhaust the stack.
const NESTING_MAX: usize = 64;
/// Tokens of one file; a file of `FILE_BYTES_MAX` made by people has far fewer.
const TOKENS_MAX: usize = 1_000_000;
/// Types that exist without being declared, to which a module adds fields.
pub(crate) const ROOTS: [&str; 3] = ["Query", "Mutation", "Job"];

/// The parsed SDL of all modules.
pub(crate) struct Parsed {
    /// All types; parts with mistakes may be missing.
    pub(crate) schema: Schema,
    /// What could not be parsed.
    pub(crate) syntax: SyntaxErrors,
    files: HashMap<FileId, usize>,
}

impl Parsed {
    /// Returns where a node of the SDL is; the beginning of the first file if it has no place.
    pub(crate) fn place(&self, span: Option<SourceSpan>) -> Place {
        self.try_place(span).unwrap_or(Place { source: 0, start: 0, end: 0 })
    }

    /// Returns where a node is; none for built-in definitions.
    pub(crate) fn try_place(&self, span: Option<SourceSpan>) -> Option<Place> {
        let span = span?;
        let source = *self.files.get(&span.file_id())?;
        Some(Place { source, start: span.offset(), end: span.end_offset() })
    }

    /// Returns the file a node is in; none for built-in definitions.
    pub(crate) fn file(&self, span: Option<SourceSpan>) -> Option<usize> {
        self.files.get(&span?.file_id()).copied()
    }
}

/// Parses and validates; reports what the GraphQL rules and the directive definitions forbid.
pub(crate) fn parse(sources: &Sources, problems: &mut Problems<'_>) -> Parsed {
    let mut builder = Schema::builder().add_ast(language());
    let mut files = HashMap::new();
    let mut lists: Vec<DiagnosticList> = Vec::new();
    for (index, source) in sources.files().iter().enumerate() {
        // A file that has yet to be written is no mistake, though GraphQL has no empty documents.
        if !source.path().ends_with(".graphql") || is_blank(source.text()) {
            continue;
        }
        let mut parser = Parser::new().recursion_limit(NESTING_MAX).token_limit(TOKENS_MAX);
        let document = match parser.parse_ast(source.text(), &**source.path()) {
            Ok(document) => document,
            Err(with_errors) => {
                lists.push(with_errors.errors);
                with_errors.partial
            }
        };
        files.extend(document.sources.keys().map(|id| (*id, index)));
        builder = builder.add_ast(&open_roots(document, index, &files, problems));
    }
    let schema = builder.build().unwrap_or_else(|with_errors| {
        lists.push(with_errors.errors);
        with_errors.partial
    });
    // Validation also runs where building failed, so that one run shows every mistake.
    let schema = match schema.validate() {
        Ok(valid) => valid.into_inner(),
        Err(with_errors) => {
            lists.push(with_errors.errors);
            with_errors.partial
        }
    };
    let mut parsed = Parsed { schema, syntax: SyntaxErrors::default(), files };

    let mut syntax_errors = Vec::new();
    let mut others = Vec::new();
    for list in &lists {
        for diagnostic in list.iter() {
            let text = diagnostic.error.to_string();
            let place = parsed.place(diagnostic.error.location());
            match diagnostic.error.unstable_error_name() {
                None if messages::is_syntax(&text) => syntax_errors.push((place, text)),
                name => others.push((place, name, text)),
            }
        }
    }
    parsed.syntax = syntax::report(sources, syntax_errors, problems);
    for (place, name, text) in others {
        messages::report(&parsed, sources, place, name, &text, problems);
    }
    parsed
}

/// Says whether a text has nothing but white space and comments.
fn is_blank(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

/// Returns the built-in definitions, parsed once.
fn language() -> &'static Document {
    static LANGUAGE: OnceLock<Document> = OnceLock::new();
    LANGUAGE.get_or_init(|| {
        Document::parse(DIRECTIVES, "directives.graphql")
            .expect("the built-in definitions are tested to be valid")
    })
}

/// Lets each module write `type Job { … }`: all of them are parts of one type. Query and Mutation
/// are also there already, but `type Query` reads as if it were the only one, so it is refused.
fn open_roots(
    mut document: Document,
    source: usize,
    files: &HashMap<FileId, usize>,
    problems: &mut Problems<'_>,
) -> Document {
    for definition in &mut document.definitions {
        let Definition::ObjectTypeDefinition(object) = definition else { continue };
        let name = object.name.as_str();
        if !ROOTS.contains(&name) {
            continue;
        }
        if name != "Job" {
            let range =
                object.name.location().map_or(0..0, |span| span.offset()..span.end_offset());
            debug_assert!(files.values().any(|index| *index == source));
            problems
                .error(
                    "reserved-name",
                    Place::new(source, range),
                    format!("the type `{name}` is there already"),
                )
                .help(format!("write `extend type {name} {{ … }}`"));
        }
        let extension = object.same_location(ObjectTypeExtension {
            name: object.name.clone(),
            implements_interfaces: object.implements_interfaces.clone(),
            directives: object.directives.clone(),
            fields: object.fields.clone(),
        });
        *definition = Definition::ObjectTypeExtension(extension);
    }
    document
}

/// Returns the place of a node.
pub(crate) fn place_of<T: ?Sized>(parsed: &Parsed, node: &Node<T>) -> Place {
    parsed.place(node.location())
}
