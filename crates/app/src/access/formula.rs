//! Conditions of which the known parts are folded away.

use std::fmt::{self, Display, Formatter};

use expr::{Ast, AstKind, Span};

/// A condition. It prints as an expression of the language.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// Always true.
    True,
    /// Always false.
    False,
    /// Never known, so neither it nor its negation allows anything.
    Unknown,
    /// What depends on the row, the input, the time or an open claim.
    Leaf(Ast),
    /// The negation.
    Not(Box<Formula>),
    /// All of them; at least two.
    And(Vec<Formula>),
    /// Any of them; at least two.
    Or(Vec<Formula>),
}

impl Formula {
    /// Reads a leaf. Text that cannot be parsed alone is shown as it is.
    pub(super) fn leaf(text: &str) -> Self {
        let as_it_is = |_| Ast { kind: AstKind::Name(text.to_owned()), span: Span::default() };
        Self::Leaf(expr::parse(text).unwrap_or_else(as_it_is))
    }

    /// Returns what is known of a truth value; `None` is unknown.
    pub(super) fn of(truth: Option<bool>) -> Self {
        match truth {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Unknown,
        }
    }

    /// Joins with AND.
    pub(super) fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::join(parts, &Self::True, &Self::False, |part| match part {
            Self::And(parts) => Ok(parts),
            part => Err(part),
        })
        .map_or_else(|known| known, Self::And)
    }

    /// Joins with OR.
    pub(super) fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        Self::join(parts, &Self::False, &Self::True, |part| match part {
            Self::Or(parts) => Ok(parts),
            part => Err(part),
        })
        .map_or_else(|known| known, Self::Or)
    }

    /// Flattens and drops what adds nothing; an error is the formula that is left when it is not
    /// several.
    fn join(
        parts: impl IntoIterator<Item = Self>,
        neutral: &Self,
        deciding: &Self,
        inner: impl Fn(Self) -> Result<Vec<Self>, Self>,
    ) -> Result<Vec<Self>, Self> {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            let flat = inner(part).unwrap_or_else(|part| vec![part]);
            for part in flat {
                if part == *deciding {
                    return Err(part);
                }
                if part != *neutral && !kept.contains(&part) {
                    kept.push(part);
                }
            }
        }
        match kept.len() {
            0 => Err(neutral.clone()),
            1 => Err(kept.remove(0)),
            _ => Ok(kept),
        }
    }

    /// Negates; unknown stays unknown.
    pub(super) fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::Not(inner) => *inner,
            other => Self::Not(other.into()),
        }
    }

    /// Replaces what is never known by what it means to a rule, where only being true allows.
    pub(super) fn settled(self) -> Self {
        self.with_unknown(&Self::False)
    }

    fn with_unknown(self, meaning: &Self) -> Self {
        match self {
            Self::Unknown => meaning.clone(),
            Self::And(parts) => Self::and(parts.into_iter().map(|part| part.with_unknown(meaning))),
            Self::Or(parts) => Self::or(parts.into_iter().map(|part| part.with_unknown(meaning))),
            Self::Not(of) => {
                let opposite = meaning.clone().negated();
                of.with_unknown(&opposite).negated()
            }
            known => known,
        }
    }

    fn to_ast(&self) -> Ast {
        let all = |parts: &[Self]| parts.iter().map(Self::to_ast).collect();
        let kind = match self {
            Self::True => AstKind::Bool(true),
            Self::False => AstKind::Bool(false),
            Self::Unknown => AstKind::Null,
            Self::Leaf(ast) => return ast.clone(),
            Self::Not(of) => AstKind::Not(of.to_ast().into()),
            Self::And(parts) => AstKind::And(all(parts)),
            Self::Or(parts) => AstKind::Or(all(parts)),
        };
        Ast { kind, span: Span::default() }
    }
}

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.to_ast(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_folded_away() {
        let (a, b) = (|| Formula::leaf("row.a"), || Formula::leaf("row.b == 1"));
        assert_eq!(Formula::and([Formula::True, a()]), a());
        assert_eq!(Formula::and([Formula::False, a()]), Formula::False);
        assert_eq!(Formula::or([a(), Formula::or([b(), a()])]).to_string(), "row.a || row.b == 1");
        let both = Formula::and([Formula::or([a(), b()]), b().negated()]);
        assert_eq!(both.to_string(), "(row.a || row.b == 1) && !(row.b == 1)");
        assert_eq!(both.clone().negated().negated(), both);
    }

    #[test]
    fn unknown_allows_nothing_by_itself_or_its_negation() {
        let a = || Formula::leaf("row.a");
        assert_eq!(Formula::or([a(), Formula::Unknown]).settled(), a());
        assert_eq!(Formula::Unknown.negated().settled(), Formula::False);
        let neither = Formula::or([a(), Formula::Unknown]).negated();
        assert_eq!(neither.settled(), Formula::False);
        let one = Formula::and([a(), Formula::Unknown]).negated();
        assert_eq!(one.settled(), a().negated());
    }
}
