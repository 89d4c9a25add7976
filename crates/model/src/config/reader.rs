//! Reads TOML tables: each key with its place, every mistake reported, unknown keys too.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use expr::ops;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::interpolate::interpolate;
use crate::report::{Place, Problems};
use crate::sources::Environment;
use crate::suggest::did_you_mean_or_list;

/// What all sections are read with.
pub(super) struct Reader<'p, 's> {
    source: usize,
    environment: Environment,
    problems: &'p mut Problems<'s>,
}

/// A table being read.
pub(super) struct Section<'t> {
    table: Option<&'t DeTable<'t>>,
    /// The header, `auth.keys`; empty for the whole file.
    name: String,
    known: Vec<&'static str>,
    place: Range<usize>,
}

/// A setting and where it stands.
pub(super) struct Setting<T> {
    pub(super) value: T,
    pub(super) place: Range<usize>,
}

impl<'p, 's> Reader<'p, 's> {
    pub(super) fn new(
        source: usize,
        environment: Environment,
        problems: &'p mut Problems<'s>,
    ) -> Self {
        Self { source, environment, problems }
    }

    pub(super) fn root<'t>(&self, table: &'t DeTable<'t>) -> Section<'t> {
        Section { table: Some(table), name: String::new(), known: Vec::new(), place: 0..0 }
    }

    /// Reports a mistake in a setting.
    pub(super) fn error(
        &mut self,
        place: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.report("config", place, message, help);
    }

    /// Reports a setting whose feature is not built yet.
    pub(super) fn not_supported(&mut self, place: Range<usize>, what: &str, help: Option<String>) {
        self.report("not-supported-yet", place, format!("{what} is not supported yet"), help);
    }

    /// Reports that the file is no TOML.
    pub(super) fn syntax_error(&mut self, place: Option<Range<usize>>, message: &str) {
        let message = format!("this is not TOML: {}", message.trim().replace('\n', ", "));
        self.report("syntax", place.unwrap_or(0..0), message, None);
    }

    fn report(
        &mut self,
        code: &'static str,
        place: Range<usize>,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.problems.error(code, Place::new(self.source, place), message).help_if(help);
    }

    /// Fills in the variables of a text.
    fn fill(&mut self, text: &str, place: Range<usize>) -> Option<String> {
        match interpolate(text, &self.environment) {
            Ok(text) => Some(text),
            Err(error) => {
                let help = error.help();
                self.error(place, error.to_string(), help);
                None
            }
        }
    }
}

impl<'t> Section<'t> {
    /// Returns the section of a name; it is empty if the file has none.
    pub(super) fn section(
        &mut self,
        key: &'static str,
        reader: &mut Reader<'_, '_>,
    ) -> Section<'t> {
        let name =
            if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        let found = self.take(key);
        let mut section = Section { table: None, name, known: Vec::new(), place: 0..0 };
        match found.map(|value| (value.get_ref(), value.span())) {
            Some((DeValue::Table(table), span)) => {
                section.table = Some(table);
                section.place = span;
            }
            Some((other, span)) => self.wrong(key, "a table", other, span, reader),
            None => {}
        }
        section
    }

    /// Returns the tables of `[[name]]`.
    pub(super) fn sections(
        &mut self,
        key: &'static str,
        reader: &mut Reader<'_, '_>,
    ) -> Vec<Section<'t>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(key, "a list of tables", value.get_ref(), value.span(), reader);
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(table) => sections.push(Section {
                    table: Some(table),
                    name: format!("{}.{key}", self.name),
                    known: Vec::new(),
                    place: item.span(),
                }),
                other => self.wrong(key, "a list of tables", other, item.span(), reader),
            }
        }
        sections
    }

    /// Returns where the section is.
    pub(super) fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// Reads a text, with its variables filled in.
    pub(super) fn text(
        &mut self,
        key: &'static str,
        reader: &mut Reader<'_, '_>,
    ) -> Option<Setting<String>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => {
                let text = reader.fill(text, value.span())?;
                Some(Setting { value: text, place: value.span() })
            }
            other => {
                self.wrong(key, "a text in quotes", other, value.span(), reader);
                None
            }
        }
    }

    /// Reads a list of texts.
    pub(super) fn texts(
        &mut self,
        key: &'static str,
        reader: &mut Reader<'_, '_>,
    ) -> Option<Vec<Setting<String>>> {
        let value = self.take(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(key, "a list of texts", value.get_ref(), value.span(), reader);
            return None;
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => {
                    if let Some(value) = reader.fill(text, item.span()) {
                        texts.push(Setting { value, place: item.span() });
                    }
                }
                other => self.wrong(key, "a list of texts", other, item.span(), reader),
            }
        }
        Some(texts)
    }

    /// Reads a text or a list of texts, and where it stands.
    pub(super) fn text_or_texts(
        &mut self,
        key: &'static str,
        reader: &mut Reader<'_, '_>,
    ) -> Option<(Vec<Setting<String>>, Range<usize>)> {
        let value = self.take(key)?;
        let texts = match value.get_ref() {
            DeValue::Array(_) => self.texts(key, reader)?,
            _ => vec![self.text(key, reader)?],
        };
        Some((texts, value.span()))
    }

    /// Reads a whole number within bounds.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u64>,
        reader: &mut Reader<'_, '_>,
    ) -> Option<Setting<u64>> {
        let value = self.take(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(number) => {
                let digits = number.as_str().replace('_', "");
                u64::from_str_radix(&digits, number.radix()).ok()
            }
            // A number may come from the environment: "${PAGE_MAX}".
            DeValue::String(text) if text.contains("${") => {
                reader.fill(text, value.span())?.trim().parse().ok()
            }
            other => {
                self.wrong(key, "a whole number", other, value.span(), reader);
                return None;
            }
        };
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Some(Setting { value: number, place: value.span() }),
            None => {
                let message =
                    format!("`{key}` is a number from {} to {}", bounds.start(), bounds.end());
                reader.error(value.span(), message, None);
                None
            }
        }
    }

    /// Reads a truth value.
    pub(super) fn truth(&mut self, key: &'static str, reader: &mut Reader<'_, '_>) -> Option<bool> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(*truth),
            other => {
                self.wrong(key, "`true` or `false`", other, value.span(), reader);
                None
            }
        }
    }

    /// Reads a span of time such as `"10s"`, within bounds.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<Duration>,
        reader: &mut Reader<'_, '_>,
    ) -> Option<Duration> {
        let text = self.text(key, reader)?;
        let micros = ops::parse_duration(&text.value).and_then(|micros| u64::try_from(micros).ok());
        match micros.map(Duration::from_micros).filter(|duration| bounds.contains(duration)) {
            Some(duration) => Some(duration),
            None => {
                let message =
                    format!("`{key}` is a time from {:?} to {:?}", bounds.start(), bounds.end());
                reader.error(
                    text.place,
                    message,
                    Some("write it like \"500ms\", \"30s\", \"5m\" or \"1h\"".into()),
                );
                None
            }
        }
    }

    /// Says whether the section has no such key.
    pub(super) fn is_absent(&self, key: &str) -> bool {
        self.table.is_none_or(|table| !table.contains_key(key))
    }

    /// Returns a key whose value is not needed, and where it stands.
    pub(super) fn present(&mut self, key: &'static str) -> Option<Range<usize>> {
        self.take(key).map(Spanned::span)
    }

    /// Reports the keys that nothing has asked for.
    pub(super) fn finish(self, reader: &mut Reader<'_, '_>) {
        let Some(table) = self.table else { return };
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if self.known.contains(&name) {
                continue;
            }
            let what = if self.name.is_empty() { "section" } else { "setting" };
            let place =
                if self.name.is_empty() { String::new() } else { format!(" in `[{}]`", self.name) };
            let message = format!("there is no {what} `{name}`{place}");
            let help = did_you_mean_or_list(name, self.known.iter().copied(), "there are");
            reader.report("unknown-setting", key.span(), message, help);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table?.get(key)
    }

    fn wrong(
        &self,
        key: &str,
        wanted: &str,
        found: &DeValue<'_>,
        place: Range<usize>,
        reader: &mut Reader<'_, '_>,
    ) {
        let name =
            if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        reader.error(place, format!("`{name}` is {wanted}, not a TOML {}", found.type_str()), None);
    }
}
