//! Text that looks like text.

use super::random::Random;

/// Some are quoted or not ASCII, as real text is.
const WORDS: &str = r#"
    the a of and to in we it is that for on with as was river harbour letter garden
    winter engine market story window bridge coffee morning number people island question
    machine library paper signal village summer answer mountain railway kitchen painter
    journey music small quiet early broken bright careful found wrote carried opened
    learned built between without again never always together naïve "so-called"
"#;

/// Writes sentences from the list of words.
pub(super) struct Prose {
    words: Vec<&'static str>,
}

impl Prose {
    /// Takes the words.
    pub(super) fn new() -> Self {
        Self { words: WORDS.split_whitespace().collect() }
    }

    /// Returns a word.
    pub(super) fn word(&self, random: &mut Random) -> &'static str {
        self.words[random.below(self.words.len())]
    }

    /// Returns a sentence of about so many bytes.
    pub(super) fn sentence(&self, random: &mut Random, bytes: usize) -> String {
        let mut out = capitalised(self.word(random));
        while out.len() + 6 < bytes {
            out.push(' ');
            out.push_str(self.word(random));
        }
        out.push('.');
        out
    }

    /// Returns paragraphs of about so many bytes together.
    pub(super) fn text(&self, random: &mut Random, bytes: usize) -> String {
        let mut out = String::with_capacity(bytes + 100);
        while out.len() + 100 < bytes {
            out.push_str(&self.sentence(random, 110));
            out.push_str(if random.below(4) == 0 { "\n\n" } else { " " });
        }
        let rest = bytes.saturating_sub(out.len());
        out.push_str(&self.sentence(random, rest));
        out
    }
}

/// Returns a word with a capital letter.
pub(super) fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
