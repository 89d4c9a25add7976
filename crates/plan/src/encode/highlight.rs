//! What a search found, as HTML that is safe to show.

/// Stands before what was found, in texts from the database.
pub(crate) const MARK_OPEN: char = '\u{2}';

/// Stands behind what was found.
pub(crate) const MARK_CLOSE: char = '\u{3}';

/// A snippet has few words, but a word may be as long as a text.
const CHARACTERS_MAX: usize = 1000;

/// Turns a text with marks into HTML: `<mark>` is the only element, whatever the text holds.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut open = false;
    for (index, c) in text.chars().enumerate() {
        if index == CHARACTERS_MAX {
            out.push('…');
            break;
        }
        match c {
            // The text itself may hold such characters; every mark is closed all the same.
            MARK_OPEN if !open => {
                out.push_str("<mark>");
                open = true;
            }
            MARK_CLOSE if open => {
                out.push_str("</mark>");
                open = false;
            }
            MARK_OPEN | MARK_CLOSE => {}
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    if open {
        out.push_str("</mark>");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(html(text), expected);
    }

    #[test]
    fn marks_are_the_only_elements() {
        check("a \u{2}b\u{3} c", "a <mark>b</mark> c");
        check("<b> & \"'\u{2}<i>\u{3}", "&lt;b&gt; &amp; &quot;&#39;<mark>&lt;i&gt;</mark>");
        check("<mark>", "&lt;mark&gt;");
    }

    #[test]
    fn marks_of_the_text_itself_cannot_unbalance_it() {
        check("\u{3}a\u{2}b\u{2}c", "a<mark>bc</mark>");
    }

    #[test]
    fn a_long_word_is_cut() {
        let long = format!("\u{2}{}", "a".repeat(5000));
        check(&long, &format!("<mark>{}…</mark>", "a".repeat(CHARACTERS_MAX - 1)));
    }
}
