//! Tokens to syntax tree.
//!
//! A Pratt parser. Each node's height and the depth of the recursion are counted, so that no text
//! makes a tree too deep for the recursive passes that follow.

use crate::mistake::Mistake;
use crate::tree::{ArithOp, CompareOp, Span};

use super::ast::{Ast, AstKind, Name};
use super::lexer::{Lexer, Token, TokenKind};
use super::{DEPTH_MAX, NODES_MAX, TEXT_BYTES_MAX};

/// Parses an expression.
///
/// # Errors
/// Returns the first mistake of syntax, or the bound that the text exceeds.
pub fn parse(text: &str) -> Result<Ast, Mistake> {
    if text.len() > TEXT_BYTES_MAX {
        let span = Span { start: 0, end: 0 };
        return Err(Mistake::new(
            span,
            format!("the expression is longer than {TEXT_BYTES_MAX} bytes"),
        ));
    }
    let mut lexer = Lexer::new(text);
    let token = lexer.next()?;
    let mut parser = Parser { lexer, token, nodes: 0, depth: 0, end: 0 };
    let tree = parser.expression()?;
    match parser.token.kind {
        TokenKind::End => Ok(tree.ast),
        _ => Err(parser.unexpected("an operator or the end")),
    }
}

/// A node with the height of the tree below it.
struct Tree {
    ast: Ast,
    height: usize,
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// The token ahead.
    token: Token,
    nodes: usize,
    depth: usize,
    /// The end of the last token taken.
    end: usize,
}

/// What binds tighter has the higher number, as in CEL.
const OR: u8 = 1;
const AND: u8 = 2;
const RELATION: u8 = 3;
const SUM: u8 = 4;
const PRODUCT: u8 = 5;

enum Infix {
    Or,
    And,
    Compare(CompareOp),
    In,
    Arith(ArithOp),
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Tree, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.too_deep(self.token.span));
        }
        let tree = self.conditional()?;
        self.depth -= 1;
        Ok(tree)
    }

    fn conditional(&mut self) -> Result<Tree, Mistake> {
        let condition = self.infix(OR)?;
        if !self.take("?")? {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.expect(":")?;
        let otherwise = self.expression()?;
        let span = join(&condition, &otherwise);
        let height = condition.height.max(then.height).max(otherwise.height);
        self.node(
            AstKind::Cond(condition.ast.into(), then.ast.into(), otherwise.ast.into()),
            span,
            height,
        )
    }

    /// Parses operators that bind at least as tight as `least`.
    fn infix(&mut self, least: u8) -> Result<Tree, Mistake> {
        let mut left = self.unary()?;
        while let Some((infix, power)) = self.operator()
            && power >= least
        {
            self.advance()?;
            let right = self.infix(power + 1)?;
            let span = join(&left, &right);
            let height = left.height.max(right.height);
            let (a, b) = (Box::new(left.ast), Box::new(right.ast));
            left = match infix {
                Infix::Or => self.chain(AstKind::Or, *a, *b, power, height)?,
                Infix::And => self.chain(AstKind::And, *a, *b, power, height)?,
                Infix::Compare(op) => self.node(AstKind::Compare(op, a, b), span, height)?,
                Infix::In => self.node(AstKind::In(a, b), span, height)?,
                Infix::Arith(op) => self.node(AstKind::Arith(op, a, b), span, height)?,
            };
        }
        Ok(left)
    }

    /// Collects the rest of `a && b && c` into one node.
    fn chain(
        &mut self,
        kind: fn(Vec<Ast>) -> AstKind,
        first: Ast,
        second: Ast,
        power: u8,
        mut height: usize,
    ) -> Result<Tree, Mistake> {
        let start = first.span.start;
        let mut items = vec![first, second];
        while self.operator().is_some_and(|(_, next)| next == power) {
            self.advance()?;
            let item = self.infix(power + 1)?;
            height = height.max(item.height);
            items.push(item.ast);
        }
        let span = Span { start, end: items.last().map_or(start, |item| item.span.end) };
        self.node(kind(items), span, height)
    }

    fn operator(&self) -> Option<(Infix, u8)> {
        let sign = match &self.token.kind {
            TokenKind::Sign(sign) => *sign,
            TokenKind::Name(name) if name == "in" => return Some((Infix::In, RELATION)),
            _ => return None,
        };
        Some(match sign {
            "||" => (Infix::Or, OR),
            "&&" => (Infix::And, AND),
            "==" => (Infix::Compare(CompareOp::Eq), RELATION),
            "!=" => (Infix::Compare(CompareOp::Ne), RELATION),
            "<" => (Infix::Compare(CompareOp::Lt), RELATION),
            "<=" => (Infix::Compare(CompareOp::Le), RELATION),
            ">" => (Infix::Compare(CompareOp::Gt), RELATION),
            ">=" => (Infix::Compare(CompareOp::Ge), RELATION),
            "+" => (Infix::Arith(ArithOp::Add), SUM),
            "-" => (Infix::Arith(ArithOp::Sub), SUM),
            "*" => (Infix::Arith(ArithOp::Mul), PRODUCT),
            "/" => (Infix::Arith(ArithOp::Div), PRODUCT),
            "%" => (Infix::Arith(ArithOp::Rem), PRODUCT),
            _ => return None,
        })
    }

    fn unary(&mut self) -> Result<Tree, Mistake> {
        let start = self.token.span.start;
        let not = self.at("!");
        if !not && !self.at("-") {
            return self.postfix(false, start);
        }
        self.advance()?;
        if !not && matches!(self.token.kind, TokenKind::Int(_) | TokenKind::Float(_)) {
            return self.postfix(true, start);
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.too_deep(self.token.span));
        }
        let of = self.unary()?;
        self.depth -= 1;
        let span = Span { start, end: of.ast.span.end };
        let ast = Box::new(of.ast);
        self.node(if not { AstKind::Not(ast) } else { AstKind::Neg(ast) }, span, of.height)
    }

    /// Parses a primary and the members, indexes and calls behind it. `negative` is for a number
    /// whose sign has been taken.
    fn postfix(&mut self, negative: bool, start: usize) -> Result<Tree, Mistake> {
        let mut tree = self.primary(negative, start)?;
        loop {
            if self.take(".")? {
                let name = self.name()?;
                if self.at("(") {
                    let (arguments, height) = self.arguments()?;
                    let height = height.max(tree.height);
                    let span = self.since(start);
                    let kind = AstKind::Method(tree.ast.into(), name, arguments);
                    tree = self.node(kind, span, height)?;
                } else {
                    let span = self.since(start);
                    tree = self.node(AstKind::Member(tree.ast.into(), name), span, tree.height)?;
                }
            } else if self.take("[")? {
                let index = self.expression()?;
                self.expect("]")?;
                let height = tree.height.max(index.height);
                let span = self.since(start);
                let kind = AstKind::Index(tree.ast.into(), index.ast.into());
                tree = self.node(kind, span, height)?;
            } else {
                return Ok(tree);
            }
        }
    }

    fn primary(&mut self, negative: bool, start: usize) -> Result<Tree, Mistake> {
        match self.token.kind.clone() {
            TokenKind::Int(digits) => {
                self.advance()?;
                let span = self.since(start);
                let int = int(&digits, negative).ok_or_else(|| {
                    Mistake::new(span, "this integer does not fit in 64 bits")
                        .with_help(format!("write it as a decimal: decimal('{digits}')"))
                })?;
                self.node(AstKind::Int(int), span, 0)
            }
            TokenKind::Float(digits) => {
                self.advance()?;
                let span = self.since(start);
                let sign = if negative { "-" } else { "" };
                self.node(AstKind::Float(format!("{sign}{digits}")), span, 0)
            }
            TokenKind::Text(text) => {
                self.advance()?;
                self.node(AstKind::Text(text), self.since(start), 0)
            }
            TokenKind::Name(name) => self.named(&name, start),
            TokenKind::Sign("(") => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(")")?;
                let span = self.since(start);
                Ok(Tree { ast: Ast { span, ..inner.ast }, height: inner.height })
            }
            TokenKind::Sign("[") => {
                let (items, height) = self.sequence("]")?;
                self.node(AstKind::List(items), self.since(start), height)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn named(&mut self, name: &str, start: usize) -> Result<Tree, Mistake> {
        let kind = match name {
            "true" => AstKind::Bool(true),
            "false" => AstKind::Bool(false),
            "null" => AstKind::Null,
            "in" => return Err(self.unexpected("a value")),
            _ => {
                let name = self.name()?;
                if !self.at("(") {
                    return self.node(AstKind::Name(name.text), name.span, 0);
                }
                let (arguments, height) = self.arguments()?;
                return self.node(AstKind::Call(name, arguments), self.since(start), height);
            }
        };
        self.advance()?;
        self.node(kind, self.since(start), 0)
    }

    fn name(&mut self) -> Result<Name, Mistake> {
        let TokenKind::Name(text) = &self.token.kind else {
            return Err(self.unexpected("a name"));
        };
        let name = Name { text: text.clone(), span: self.token.span };
        self.advance()?;
        Ok(name)
    }

    fn arguments(&mut self) -> Result<(Vec<Ast>, usize), Mistake> {
        self.sequence(")")
    }

    /// Parses `(a, b)` or `[a, b]` from the opening bracket on; a comma may end it.
    fn sequence(&mut self, close: &'static str) -> Result<(Vec<Ast>, usize), Mistake> {
        self.advance()?;
        let (mut items, mut height) = (Vec::new(), 0);
        while !self.at(close) {
            let item = self.expression()?;
            height = height.max(item.height);
            items.push(item.ast);
            if !self.take(",")? {
                break;
            }
        }
        self.expect(close)?;
        Ok((items, height))
    }

    fn node(&mut self, kind: AstKind, span: Span, below: usize) -> Result<Tree, Mistake> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("the expression has more than {NODES_MAX} parts");
            return Err(Mistake::new(span, message));
        }
        if below >= DEPTH_MAX {
            return Err(self.too_deep(span));
        }
        Ok(Tree { ast: Ast { kind, span }, height: below + 1 })
    }

    fn too_deep(&self, span: Span) -> Mistake {
        Mistake::new(span, format!("the expression nests deeper than {DEPTH_MAX} levels"))
    }

    fn since(&self, start: usize) -> Span {
        Span { start, end: self.end }
    }

    fn advance(&mut self) -> Result<(), Mistake> {
        self.end = self.token.span.end;
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn at(&self, sign: &str) -> bool {
        matches!(self.token.kind, TokenKind::Sign(ahead) if ahead == sign)
    }

    fn take(&mut self, sign: &str) -> Result<bool, Mistake> {
        let found = self.at(sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.take(sign)? { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> Mistake {
        let found = match &self.token.kind {
            TokenKind::Int(text) | TokenKind::Float(text) | TokenKind::Name(text) => {
                format!("`{text}`")
            }
            TokenKind::Text(_) => "a text".to_owned(),
            TokenKind::Sign(sign) => format!("`{sign}`"),
            TokenKind::End => "the end".to_owned(),
        };
        let mistake =
            Mistake::new(self.token.span, format!("expected {wanted} here, but found {found}"));
        match &self.token.kind {
            TokenKind::Name(name) if name == "and" => mistake.with_help("\"and\" is written `&&`"),
            TokenKind::Name(name) if name == "or" => mistake.with_help("\"or\" is written `||`"),
            _ => mistake,
        }
    }
}

fn join(left: &Tree, right: &Tree) -> Span {
    Span { start: left.ast.span.start, end: right.ast.span.end }
}

fn int(digits: &str, negative: bool) -> Option<i64> {
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let size = match hexadecimal {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    if negative { 0_i64.checked_sub_unsigned(size) } else { i64::try_from(size).ok() }
}
