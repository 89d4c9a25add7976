//! Text to tokens.

use crate::mistake::Mistake;
use crate::tree::Span;

use super::escape;

/// A token with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind {
    /// Digits, or `0x` and hexadecimal digits, as written.
    Int(String),
    /// Digits with a point or an exponent, as written.
    Float(String),
    /// Unescaped.
    Text(String),
    Name(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Longer signs first where one begins with another.
const SIGNS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "-", "+", "*", "/", "%", "(", ")", "[", "]",
    ".", ",", "?", ":", "=", "&", "|",
];

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// Returns the next token; `End` again and again at the end.
    pub(super) fn next(&mut self) -> Result<Token, Mistake> {
        let rest = self.text[self.at..].trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        self.at = self.text.len() - rest.len();
        let start = self.at;
        let Some(first) = rest.chars().next() else {
            return Ok(self.token(start, TokenKind::End));
        };
        if first.is_ascii_digit() {
            return self.number();
        }
        if let Some(raw) = quote_ahead(rest) {
            return self.quoted(raw);
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let name = rest.split(|c: char| !is_name(c)).next().unwrap_or_default();
            self.at += name.len();
            return Ok(self.token(start, TokenKind::Name(name.to_owned())));
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(*sign)) {
            self.at += sign.len();
            let token = self.token(start, TokenKind::Sign(sign));
            return match *sign {
                "=" => Err(lone(&token, "==", "is equality")),
                "&" => Err(lone(&token, "&&", "is \"and\"")),
                "|" => Err(lone(&token, "||", "is \"or\"")),
                _ => Ok(token),
            };
        }
        let span = Span { start, end: start + first.len_utf8() };
        Err(Mistake::new(span, format!("{first:?} has no meaning here")))
    }

    fn token(&self, start: usize, kind: TokenKind) -> Token {
        Token { kind, span: Span { start, end: self.at } }
    }

    fn number(&mut self) -> Result<Token, Mistake> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits_from = |at: usize| {
            bytes[at.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_digit()).count()
        };
        let mut float = false;
        if self.text[start..].starts_with("0x") || self.text[start..].starts_with("0X") {
            self.at += 2;
            self.at += bytes[self.at..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        } else {
            self.at += digits_from(self.at);
            if bytes.get(self.at) == Some(&b'.') && digits_from(self.at + 1) > 0 {
                self.at += 1 + digits_from(self.at + 1);
                float = true;
            }
            if let Some(b'e' | b'E') = bytes.get(self.at) {
                let sign = usize::from(matches!(bytes.get(self.at + 1), Some(b'+' | b'-')));
                let digits = digits_from(self.at + 1 + sign);
                if digits > 0 {
                    self.at += 1 + sign + digits;
                    float = true;
                }
            }
        }
        let number = self.text[start..self.at].to_owned();
        let tail: String = self.text[self.at..].chars().take_while(|c| is_name(*c)).collect();
        if !tail.is_empty() {
            let span = Span { start, end: self.at + tail.len() };
            let mistake = Mistake::new(span, format!("`{number}{tail}` is not a number"));
            return Err(match tail.as_str() {
                "d" | "h" | "m" | "s" | "ms" | "us" => {
                    mistake.with_help(format!("write a span of time as duration('{number}{tail}')"))
                }
                _ => mistake,
            });
        }
        let kind = if float { TokenKind::Float(number) } else { TokenKind::Int(number) };
        Ok(self.token(start, kind))
    }

    fn quoted(&mut self, raw: bool) -> Result<Token, Mistake> {
        let start = self.at;
        self.at += usize::from(raw);
        let quote = char::from(self.text.as_bytes()[self.at]);
        self.at += 1;
        let body_start = self.at;
        let mut escaped = false;
        for (offset, c) in self.text[body_start..].char_indices() {
            self.at = body_start + offset + c.len_utf8();
            match c {
                '\n' | '\r' => break,
                _ if escaped => escaped = false,
                '\\' if !raw => escaped = true,
                c if c == quote => {
                    let body = &self.text[body_start..body_start + offset];
                    let text =
                        if raw { body.to_owned() } else { escape::decode(body, body_start)? };
                    return Ok(self.token(start, TokenKind::Text(text)));
                }
                _ => {}
            }
        }
        let span = Span { start, end: self.at };
        Err(Mistake::new(span, format!("this text has no closing {quote}"))
            .with_help("a line break in a text is written \\n"))
    }
}

/// Returns whether a quoted text begins here, and then whether it is raw.
fn quote_ahead(rest: &str) -> Option<bool> {
    match rest.as_bytes() {
        [b'\'' | b'"', ..] => Some(false),
        [b'r' | b'R', b'\'' | b'"', ..] => Some(true),
        _ => None,
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn lone(token: &Token, double: &str, meaning: &str) -> Mistake {
    let sign = &double[..1];
    Mistake::new(token.span, format!("`{sign}` is not an operator"))
        .with_help(format!("`{double}` {meaning}"))
}
