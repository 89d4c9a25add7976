//! Addresses to listen on: TCP and Unix sockets.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// How Unix sockets are written.
const UNIX: &str = "unix:";
/// The longest path of a Unix socket that systems take: `sun_path` with its end.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An IP address and a port; port 0 takes any free one.
    Tcp(SocketAddr),
    /// A Unix socket, relative to the application folder.
    Unix(PathBuf),
}

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is nothing that can be listened on.
    #[error("`{0}` is not an address")]
    Unknown(String),
    /// The path is empty or holds a NUL.
    #[error("`{0}` names no file")]
    NoFile(String),
    /// The path is longer than systems take.
    #[error("the path of a Unix socket has at most {SOCKET_PATH_BYTES_MAX} bytes")]
    TooLong,
}

impl Address {
    /// Whether the system chooses the port, so that writing it twice means two.
    pub(super) fn is_any_port(&self) -> bool {
        matches!(self, Self::Tcp(address) if address.port() == 0)
    }
}

impl AddressError {
    /// Returns what to write instead.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unknown(_) => {
                "write an IP address and a port: \"127.0.0.1:8090\", \"0.0.0.0:80\", \"[::]:80\"; \
                 or a Unix socket: \"unix:/run/shop.sock\""
            }
            Self::NoFile(_) => "write a path: \"unix:/run/shop.sock\"",
            Self::TooLong => "choose a folder with a shorter name, such as /run",
        }
    }
}

impl Default for Address {
    fn default() -> Self {
        Self::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090))
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let Some(path) = text.strip_prefix(UNIX) else {
            let parsed = text.parse().map(Self::Tcp);
            return parsed.map_err(|_| AddressError::Unknown(text.to_owned()));
        };
        if path.is_empty() || path.ends_with('/') || path.contains('\0') {
            return Err(AddressError::NoFile(text.to_owned()));
        }
        if path.len() > SOCKET_PATH_BYTES_MAX {
            return Err(AddressError::TooLong);
        }
        Ok(Self::Unix(PathBuf::from(path)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<Address, AddressError>) {
        assert_eq!(text.parse(), expected, "{text}");
        if let Ok(address) = expected {
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn addresses_are_tcp_or_unix() {
        let tcp = |text: &str| Ok(Address::Tcp(text.parse().expect("an address")));
        check("127.0.0.1:8090", tcp("127.0.0.1:8090"));
        check("[::1]:0", tcp("[::1]:0"));
        check("unix:/run/a.sock", Ok(Address::Unix("/run/a.sock".into())));
        check("unix:run/a.sock", Ok(Address::Unix("run/a.sock".into())));
        for text in ["", "localhost", "127.0.0.1", "/run/a.sock", "127.0.0.1:99999"] {
            check(text, Err(AddressError::Unknown(text.to_owned())));
        }
        for text in ["unix:", "unix:/run/", "unix:/a\0b"] {
            check(text, Err(AddressError::NoFile(text.to_owned())));
        }
        check(&format!("unix:/{}", "a".repeat(107)), Err(AddressError::TooLong));
    }
}
