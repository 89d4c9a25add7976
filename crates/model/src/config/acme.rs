//! `[server.tls.acme]`: certificates that the server orders itself (RFC 8555).

use crate::config::reader::{Reader, Section};

/// Where certificates come from unless it is said otherwise.
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Beside the database.
const FOLDER: &str = ".mainstay/acme";
/// The most names that one certificate is ordered for; authorities bound it as well.
const DOMAINS_MAX: usize = 100;
/// A name in DNS is no longer (RFC 1035).
const DOMAIN_BYTES_MAX: usize = 253;

/// `[server.tls.acme]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcmeConfig {
    /// The names that the certificate is for.
    pub domains: Vec<String>,
    /// Whom the authority writes to.
    pub email: Option<String>,
    /// The authority's directory.
    pub directory: String,
    /// Where account and certificate are kept, relative to the application folder.
    pub cache: String,
    /// The root, in PEM, by which the authority itself is known, where it is no public one.
    pub authority: Option<String>,
}

pub(super) fn read(tls: &mut Section<'_>, reader: &mut Reader<'_, '_>) -> Option<AcmeConfig> {
    let is_absent = tls.is_absent("acme");
    let mut section = tls.section("acme", reader);
    if is_absent {
        return None;
    }
    let mut config = AcmeConfig {
        domains: Vec::new(),
        email: None,
        directory: LETS_ENCRYPT.to_owned(),
        cache: FOLDER.to_owned(),
        authority: None,
    };
    let has_none = section.is_absent("domains");
    let domains = section.texts("domains", reader);
    if has_none || domains.as_ref().is_some_and(Vec::is_empty) {
        reader.error(
            section.place(),
            "a certificate needs `domains`, the names of the server",
            None,
        );
    }
    for domain in domains.unwrap_or_default() {
        if !is_domain(&domain.value) {
            let message = format!("`{}` is not a name that a certificate can be for", domain.value);
            let help = "write it like \"shop.example.com\", without a port; no `*`, no address";
            reader.error(domain.place, message, Some(help.to_owned()));
        } else if config.domains.len() == DOMAINS_MAX {
            let message = format!("a certificate is for at most {DOMAINS_MAX} names");
            reader.error(domain.place, message, None);
            break;
        }
        config.domains.push(domain.value);
    }
    if let Some(directory) = section.text("directory", reader) {
        if !directory.value.starts_with("https://") {
            let message = format!("`{}` is not an authority's directory", directory.value);
            reader.error(
                directory.place,
                message,
                Some(format!("write it like \"{LETS_ENCRYPT}\"")),
            );
        }
        config.directory = directory.value;
    }
    config.email = section.text("email", reader).map(|email| email.value);
    config.authority = section.text("authority", reader).map(|file| file.value);
    if let Some(folder) = section.text("cache", reader) {
        config.cache = folder.value;
    }
    section.finish(reader);
    Some(config)
}

/// Says whether it is a name in DNS, in lower case; addresses have no letters at their end.
fn is_domain(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= DOMAIN_BYTES_MAX
        && name.split('.').all(is_label)
        && last.bytes().any(|b| b.is_ascii_lowercase())
}
