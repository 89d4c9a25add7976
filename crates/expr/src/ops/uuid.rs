//! UUIDs as lower-case text with hyphens.

use ::uuid::Uuid;

/// Reads a UUID: 32 hexadecimal digits with the usual four hyphens, of either case.
pub fn parse_uuid(text: &str) -> Option<Uuid> {
    // `Uuid::try_parse` also takes braces, URNs and texts without hyphens.
    if text.len() != 36 {
        return None;
    }
    Uuid::try_parse(text).ok()
}

/// Writes a UUID.
pub fn format_uuid(id: Uuid) -> String {
    id.hyphenated().to_string()
}

/// Writes a UUID behind what is there.
pub fn write_uuid(id: Uuid, out: &mut Vec<u8>) {
    let mut buffer = Uuid::encode_buffer();
    out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
}
