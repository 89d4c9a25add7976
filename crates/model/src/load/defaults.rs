//! What a field is without a client's doing: its default, or what it is computed from.

use apollo_compiler::Node;
use apollo_compiler::ast::Value as Literal;
use expr::EntityId;

use crate::entity::Rule;
use crate::field::Default;
use crate::load::arguments::value;
use crate::load::attributes::describe;
use crate::load::documents;
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::expressions::{self, Names};
use crate::load::literals;
use crate::report::Problems;

/// Reads defaults and computed fields, for which the types of all fields must be known.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        for field_id in draft.entity(id).field_ids() {
            let field = draft.entity(id).field(field_id);
            let default = default(draft, id, field, problems);
            let computed = match (field.shape, field.directive("computed")) {
                (Shape::Computed(scalar), Some(directive)) => {
                    value(directive, "expr").and_then(|literal| {
                        let names = Names {
                            row: Some(id),
                            stored_only: Some(
                                "a computed field is made of stored fields of its own row",
                            ),
                            ..Names::default()
                        };
                        let rule = expressions::value(
                            draft,
                            problems,
                            literal,
                            names,
                            scalar.expr_type(),
                        )?;
                        check_result(draft, field, literal, &rule, problems);
                        Some(rule)
                    })
                }
                _ => None,
            };
            let field = &mut draft.entities[id.0 as usize].fields[field_id.0 as usize];
            (field.default, field.computed) = (default, computed);
        }
    }
}

/// A computed field that is declared with `!` must have a value in every row.
fn check_result(
    draft: &Draft<'_>,
    field: &FieldDraft<'_>,
    literal: &Node<Literal>,
    rule: &Rule,
    problems: &mut Problems<'_>,
) {
    if field.required && rule.expr.tree.nullable {
        problems
            .warning(
                "computed",
                draft.parsed.place(literal.location()),
                format!("`{}` is declared with `!`, but this can be null", field.name),
            )
            .help("arithmetic is null when it overflows or divides by zero: remove the `!`");
    }
}

fn default(
    draft: &Draft<'_>,
    id: EntityId,
    field: &FieldDraft<'_>,
    problems: &mut Problems<'_>,
) -> Option<Default> {
    let directive = field.directive("default")?;
    let place = draft.parsed.place(directive.location());
    // A null literal is written, and still no value.
    let written = directive.specified_argument_by_name("value");
    let (constant, expression) = match (written, value(directive, "expr")) {
        (Some(constant), None) => (Some(constant), None),
        (None, Some(expression)) => (None, Some(expression)),
        _ => {
            problems.error("default", place, "`@default` needs either `value` or `expr`");
            return None;
        }
    };
    let ty = match field.shape {
        Shape::Scalar(scalar) => scalar.expr_type(),
        Shape::List(scalar) => expr::Type::List(Box::new(scalar.expr_type())),
        _ => return None,
    };
    if let Some(expression) = expression {
        if matches!(field.shape, Shape::Scalar(scalar) if scalar.is_nested()) {
            problems
                .error("default", place, "the default of a nested type is a constant")
                .help("write `value: {}` or `value: []`, and give members defaults of their own");
            return None;
        }
        let names = Names { input: Some(id), user: true, now: true, ..Names::default() };
        return expressions::value(draft, problems, expression, names, ty).map(Default::Expr);
    }
    let constant = constant?;
    let place = draft.parsed.place(constant.location());
    let read = match field.shape {
        Shape::List(scalar) => literals::list(draft, scalar, constant),
        Shape::Scalar(scalar) if scalar.is_nested() => documents::empty(draft, scalar, constant),
        Shape::Scalar(scalar) => literals::scalar(draft, scalar, constant),
        _ => return None,
    };
    match read {
        Ok(value) => {
            if let Some(why) = literals::outside(
                &value,
                field.length,
                field.range.as_ref(),
                field.pattern.as_ref(),
            ) {
                problems.error("default", place, format!("the default {why}"));
            }
            Some(Default::Value(value))
        }
        Err(why) => {
            problems.error("default", place, format!("the default {why}")).help(format!(
                "`{}` {}",
                field.name,
                describe(draft, field.shape)
            ));
            None
        }
    }
}
