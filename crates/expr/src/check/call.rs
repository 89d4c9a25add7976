//! Functions and methods.

use crate::ops;
use crate::parse::{Ast, AstKind, Name};
use crate::tree::{CompareOp, Func, Kind, LiteralValue, Node, Quantifier, Span};
use crate::types::Type;
use crate::value::Value;

use super::Checker;
use super::convert::json_as;
use super::describe::{did_you_mean, enumerate, nearest};
use super::literal::text_of;

const FUNCTIONS: [&str; 10] =
    ["has", "size", "string", "int", "double", "decimal", "timestamp", "date", "duration", "abs"];

/// Methods that have arguments of type Text behind a receiver of type Text.
const TEXT_METHODS: [(&str, Func, usize); 9] = [
    ("startsWith", Func::StartsWith, 1),
    ("endsWith", Func::EndsWith, 1),
    ("contains", Func::Contains, 1),
    ("matches", Func::Matches, 1),
    ("lowerAscii", Func::LowerAscii, 0),
    ("upperAscii", Func::UpperAscii, 0),
    ("trim", Func::Trim, 0),
    ("before", Func::Before, 1),
    ("after", Func::After, 1),
];

/// Methods that take a part of a moment.
const TIME_METHODS: [(&str, Func); 7] = [
    ("getFullYear", Func::Year),
    ("getMonth", Func::Month),
    ("getDate", Func::DayOfMonth),
    ("getDayOfWeek", Func::DayOfWeek),
    ("getHours", Func::Hours),
    ("getMinutes", Func::Minutes),
    ("getSeconds", Func::Seconds),
];

const OTHER_METHODS: [&str; 3] = ["exists", "all", "size"];

fn methods() -> impl Iterator<Item = &'static str> {
    let texts = TEXT_METHODS.iter().map(|(name, ..)| *name);
    texts.chain(TIME_METHODS.iter().map(|(name, _)| *name)).chain(OTHER_METHODS)
}

impl Checker<'_> {
    pub(super) fn call(&mut self, name: &Name, arguments: &[Ast], span: Span) -> Option<Node> {
        let text = name.text.as_str();
        if !FUNCTIONS.contains(&text) {
            let help = if methods().any(|method| method == text) {
                format!("it is a method: x.{text}(…)")
            } else {
                did_you_mean(nearest(text, FUNCTIONS), || {
                    format!("the functions are {}", FUNCTIONS.join(", "))
                })
            };
            return self.fail(name.span, format!("there is no function `{text}`"), help);
        }
        let [argument] = arguments else {
            return self.refuse(name.span, format!("`{text}` takes one argument"));
        };
        match text {
            "has" => self.has(argument, span),
            "size" => {
                let of = self.node(argument)?;
                self.size(of, span)
            }
            "string" => self.text_conversion(argument, span),
            "int" => self.number_conversion(Func::ToInt, Type::Int, argument, span),
            "double" => self.number_conversion(Func::ToFloat, Type::Float, argument, span),
            "decimal" => self.number_conversion(Func::ToDecimal, Type::Decimal, argument, span),
            "timestamp" => self.time_conversion(Func::ToTimestamp, Type::Timestamp, argument, span),
            "date" => self.time_conversion(Func::ToDate, Type::Date, argument, span),
            "duration" => match &argument.kind {
                AstKind::Text(text) => self.text_as(text, &Type::Duration, span),
                _ => self.fail(
                    argument.span,
                    "`duration` takes a text, written out",
                    "write duration('1h30m')",
                ),
            },
            _ => self.abs(argument, span),
        }
    }

    fn has(&mut self, argument: &Ast, span: Span) -> Option<Node> {
        if let Some((entity, name)) = self.input_member(argument) {
            let info = self.input_field(entity, &name)?;
            return Some(Node::new(Kind::HasInput(info.id), Type::Bool, false, span));
        }
        let of = match self.scalar(argument)? {
            // Presence is asked of the JSON, whatever it can be read as.
            Node { kind: Kind::JsonAs(json), .. }
                if matches!(argument.kind, AstKind::Member(..) | AstKind::Index(..)) =>
            {
                *json
            }
            of => of,
        };
        if !matches!(of.kind, Kind::Field { .. } | Kind::RefKey { .. } | Kind::JsonPath { .. }) {
            return self.fail(
                argument.span,
                "`has` takes a field",
                "write has(row.name), has(input.name) or has(row.json.member)",
            );
        }
        let null = Node::literal(Value::Null, of.ty.clone(), span);
        Some(Node::new(
            Kind::Compare(CompareOp::Ne, of.into(), null.into()),
            Type::Bool,
            false,
            span,
        ))
    }

    fn size(&mut self, of: Node, span: Span) -> Option<Node> {
        let of = self.key_for_row(of)?;
        let func = match (&of.ty, &of.kind) {
            (Type::Text, _) => Func::SizeText,
            (Type::List(_), Kind::List(items)) => {
                let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
                return Some(Node::literal(Value::Int(count), Type::Int, span));
            }
            (Type::List(_) | Type::Json, _) => Func::SizeList,
            (Type::Rows(_), _) => {
                return Some(Node::new(
                    Kind::Call(Func::SizeRows, vec![of]),
                    Type::Int,
                    false,
                    span,
                ));
            }
            (ty, _) => {
                let message = format!("{} has no size", self.describe(ty));
                return self.refuse(of.span, message);
            }
        };
        Some(apply(func, vec![of], Type::Int, span))
    }

    fn text_conversion(&mut self, argument: &Ast, span: Span) -> Option<Node> {
        let of = self.scalar(argument)?;
        match of.ty {
            Type::Text => Some(of),
            Type::Json => Some(Node { span, ..json_as(of, &Type::Text) }),
            Type::Null | Type::List(_) => self.refuse(argument.span, "this has no text"),
            _ => Some(apply(Func::ToText, vec![of], Type::Text, span)),
        }
    }

    fn number_conversion(
        &mut self,
        func: Func,
        to: Type,
        argument: &Ast,
        span: Span,
    ) -> Option<Node> {
        let of = self.scalar(argument)?;
        if to == Type::Decimal {
            if let AstKind::Int(_) | AstKind::Float(_) = argument.kind {
                return Some(Node { span, ..self.number_as_decimal(argument)? });
            }
            if let Some(text) = text_of(&of) {
                return self.text_as(text, &to, span);
            }
        }
        match of.ty {
            ref ty if *ty == to => Some(of),
            // JSON has one kind of number; its fraction is cut off.
            Type::Json if to == Type::Int => {
                Some(apply(func, vec![json_as(of, &Type::Float)], to, span))
            }
            Type::Json => Some(Node { span, ..json_as(of, &to) }),
            Type::Int | Type::Float | Type::Decimal | Type::Text => {
                Some(apply(func, vec![of], to, span))
            }
            ref ty => {
                let message = format!("{} is not a number", self.describe(ty));
                self.refuse(argument.span, message)
            }
        }
    }

    fn time_conversion(
        &mut self,
        func: Func,
        to: Type,
        argument: &Ast,
        span: Span,
    ) -> Option<Node> {
        let of = self.scalar(argument)?;
        if let Some(text) = text_of(&of) {
            return self.text_as(text, &to, span);
        }
        match of.ty {
            ref ty if *ty == to => Some(of),
            Type::Json => Some(Node { span, ..json_as(of, &to) }),
            Type::Date if to == Type::Timestamp => self.convert(of, argument, &to),
            Type::Timestamp | Type::Text => Some(apply(func, vec![of], to, span)),
            ref ty => {
                let message = format!("{} has no time", self.describe(ty));
                self.refuse(argument.span, message)
            }
        }
    }

    fn abs(&mut self, argument: &Ast, span: Span) -> Option<Node> {
        let mut of = self.scalar(argument)?;
        if of.ty == Type::Json {
            of = json_as(of, &Type::Float);
        }
        match of.ty {
            Type::Int | Type::Float | Type::Decimal => {
                let ty = of.ty.clone();
                Some(apply(Func::Abs, vec![of], ty, span))
            }
            ref ty => {
                let message = format!("{} is not a number", self.describe(ty));
                self.refuse(argument.span, message)
            }
        }
    }

    pub(super) fn method(
        &mut self,
        of: &Ast,
        name: &Name,
        arguments: &[Ast],
        span: Span,
    ) -> Option<Node> {
        let of_ast = of;
        let text = name.text.as_str();
        if let Some((_, func, count)) = TEXT_METHODS.iter().find(|(method, ..)| *method == text) {
            let of = self.scalar(of);
            let others: Vec<_> = arguments.iter().map(|argument| self.scalar(argument)).collect();
            self.count(name, arguments, *count)?;
            let others = others.into_iter().collect::<Option<Vec<_>>>()?;
            return self.text_method(*func, (of?, of_ast), others, arguments, span);
        }
        if let Some((_, func)) = TIME_METHODS.iter().find(|(method, _)| *method == text) {
            let of = self.scalar(of)?;
            self.count(name, arguments, 0)?;
            let of = self.convert(of, of_ast, &Type::Timestamp)?;
            return Some(apply(*func, vec![of], Type::Int, span));
        }
        match text {
            "exists" | "all" => {
                let over = self.node(of)?;
                let quantifier = if text == "all" { Quantifier::All } else { Quantifier::Exists };
                self.quantified(quantifier, over, name, arguments, span)
            }
            "size" => {
                let of = self.node(of)?;
                self.count(name, arguments, 0)?;
                self.size(of, span)
            }
            _ => {
                self.node(of);
                let help = if FUNCTIONS.contains(&text) {
                    format!("it is a function: {text}(x)")
                } else {
                    did_you_mean(nearest(text, methods()), || {
                        format!("the methods are {}", enumerate(methods()))
                    })
                };
                self.fail(name.span, format!("there is no method `{text}`"), help)
            }
        }
    }

    fn text_method(
        &mut self,
        func: Func,
        (of, of_ast): (Node, &Ast),
        others: Vec<Node>,
        arguments: &[Ast],
        span: Span,
    ) -> Option<Node> {
        let of = self.convert(of, of_ast, &Type::Text);
        let others: Vec<_> = others
            .into_iter()
            .zip(arguments)
            .map(|(other, ast)| self.convert(other, ast, &Type::Text))
            .collect();
        let mut all = vec![of?];
        for other in others {
            all.push(other?);
        }
        if func == Func::Matches {
            self.pattern(&all[1])?;
        }
        let ty = match func {
            Func::StartsWith | Func::EndsWith | Func::Contains | Func::Matches => Type::Bool,
            _ => Type::Text,
        };
        Some(apply(func, all, ty, span))
    }

    fn pattern(&mut self, pattern: &Node) -> Option<()> {
        let Kind::Literal(LiteralValue(Value::Text(text))) = &pattern.kind else {
            return self.refuse(pattern.span, "`matches` takes a regular expression, written out");
        };
        match ops::compile_pattern(text) {
            Ok(_) => Some(()),
            Err(regex::Error::CompiledTooBig(_)) => {
                self.refuse(pattern.span, "this regular expression is too large")
            }
            Err(error) => {
                // The library draws the place over several lines; the last one says why.
                let text = error.to_string();
                let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.refuse(pattern.span, format!("this is not a regular expression: {reason}"))
            }
        }
    }

    fn count(&mut self, name: &Name, arguments: &[Ast], expected: usize) -> Option<()> {
        if arguments.len() == expected {
            return Some(());
        }
        let wanted = if expected == 0 { "no argument" } else { "one argument" };
        self.refuse(name.span, format!("`{}` takes {wanted}", name.text))
    }
}

fn apply(func: Func, arguments: Vec<Node>, ty: Type, span: Span) -> Node {
    let nullable = arguments.iter().any(|argument| argument.nullable)
        || arguments.first().is_some_and(|argument| func.may_fail(&argument.ty));
    Node::new(Kind::Call(func, arguments), ty, nullable, span)
}
