//! The syntax of `Forwarded`, RFC 7239.

use std::borrow::Cow;
use std::net::IpAddr;

/// What one proxy has added.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'t> {
    /// `for`: whom it speaks for.
    pub(super) node: Option<Cow<'t, str>>,
    pub(super) proto: Option<Cow<'t, str>>,
    pub(super) host: Option<Cow<'t, str>>,
}

/// Reads a line; none where it is malformed.
pub(super) fn parse(line: &str) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let mut element = Element::default();
    let mut rest = line.trim_start();
    loop {
        // Empty elements and pairs are allowed, as in all lists.
        if !rest.is_empty() && !rest.starts_with([',', ';']) {
            let (name, after) = rest.split_once('=')?;
            let (value, after) = value(after)?;
            let place = match name {
                _ if !is_token(name) => return None,
                _ if name.eq_ignore_ascii_case("for") => Some(&mut element.node),
                _ if name.eq_ignore_ascii_case("proto") => Some(&mut element.proto),
                _ if name.eq_ignore_ascii_case("host") => Some(&mut element.host),
                _ => None,
            };
            // A parameter occurs once in an element.
            if place.is_some_and(|place| place.replace(value).is_some()) {
                return None;
            }
            rest = after.trim_start();
        }
        match rest.as_bytes().first() {
            None => break,
            Some(b';') => {}
            Some(b',') => elements.push(std::mem::take(&mut element)),
            Some(_) => return None,
        }
        rest = rest[1..].trim_start();
    }
    elements.push(element);
    elements.retain(|element| *element != Element::default());
    Some(elements)
}

/// Reads a token or a quoted text, and returns what follows.
fn value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', ' ', '\t']).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        // Many write addresses with colons and brackets without the quotes that they need.
        let is_value = |byte: u8| is_token_byte(byte) || b":[]".contains(&byte);
        return (!token.is_empty() && token.bytes().all(is_value)).then_some((token.into(), rest));
    };
    let end = quoted.find(['"', '\\'])?;
    if quoted.as_bytes()[end] == b'"' {
        return Some((quoted[..end].into(), &quoted[end + 1..]));
    }
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value.into(), &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Reads an address with or without a port; none where it is hidden or malformed.
pub(super) fn address(node: &str) -> Option<IpAddr> {
    let bare = match node.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        // One colon is before a port; more are an IPv6 address without brackets.
        None => match node.split_once(':') {
            Some((address, port)) if !port.contains(':') => address,
            _ => node,
        },
    };
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<&[(&str, &str, &str)]>) {
        let found = parse(line);
        let shown = |part: &Option<Cow<'_, str>>| part.as_deref().unwrap_or("").to_owned();
        let found = found.as_ref().map(|elements| {
            let parts = elements.iter().map(|e| (shown(&e.node), shown(&e.proto), shown(&e.host)));
            parts.collect::<Vec<_>>()
        });
        let expected = expected.map(|elements| {
            let owned =
                |(a, b, c): &(&str, &str, &str)| (a.to_string(), b.to_string(), c.to_string());
            elements.iter().map(owned).collect::<Vec<_>>()
        });
        assert_eq!(found, expected, "{line}");
    }

    #[test]
    fn lines_are_lists_of_elements() {
        check("", Some(&[]));
        check("for=1.1.1.1", Some(&[("1.1.1.1", "", "")]));
        check(
            "for=1.1.1.1;proto=https;by=x , for=b;host=h",
            Some(&[("1.1.1.1", "https", ""), ("b", "", "h")]),
        );
        check(r#"FOR="[::1]:1" ; Host="a\"b""#, Some(&[("[::1]:1", "", "a\"b")]));
        check(r#"for="a,b;c""#, Some(&[("a,b;c", "", "")]));
        check(",, for=a ,;,", Some(&[("a", "", "")]));
        check("for=[::1]:1", Some(&[("[::1]:1", "", "")]));
        for wrong in [
            "for",
            "for=",
            "=a",
            "for =a",
            "for=\"a",
            "for=\"a\\",
            "for=a b",
            "for=a;for=b",
            "for=\"a\"b",
            "f(r=a",
            "for=<a>",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn addresses_may_have_ports() {
        let check = |node: &str, expected: Option<&str>| {
            let expected = expected.map(|text| text.parse::<IpAddr>().expect("an address"));
            assert_eq!(address(node), expected, "{node}");
        };
        check("1.1.1.1", Some("1.1.1.1"));
        check("1.1.1.1:80", Some("1.1.1.1"));
        check("1.1.1.1:_x", Some("1.1.1.1"));
        check("::1", Some("::1"));
        check("[::1]", Some("::1"));
        check("[::1]:80", Some("::1"));
        check("[::ffff:1.2.3.4]", Some("1.2.3.4"));
        for wrong in
            ["", "unknown", "_hidden", "[::1", "1.1.1", "1.1.1.1.1", "localhost:80", " 1.1.1.1"]
        {
            check(wrong, None);
        }
    }
}
