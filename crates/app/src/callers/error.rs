//! Why a token is not believed.

/// Why a token is not believed. The text may be shown: it tells nothing that its holder does not
/// know, and nothing about keys.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenError {
    /// Longer than any token that is verified.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts in base64url with JSON in the first two.
    #[error("the token is not a JWT")]
    Malformed,
    /// A name stands twice in the header or among the claims.
    #[error("the token names something twice")]
    Repeated,
    /// Its header says that it is something else than an access token.
    #[error("the token is of another type")]
    WrongType,
    /// Its header demands an extension (`crit`).
    #[error("the token needs an extension that is not supported")]
    Critical,
    /// `none`, or an algorithm that is not supported.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// No key has its `kid`, or it names none and there are several.
    #[error("the token's key is not known")]
    UnknownKey,
    /// Its key is for another algorithm.
    #[error("the token's algorithm is not that of its key")]
    AlgorithmOfKey,
    /// The signature was not made with the key for this text.
    #[error("the token's signature is wrong")]
    Signature,
    /// No `exp`, or no number.
    #[error("the token has no time of expiry")]
    NoExpiry,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come (`nbf`).
    #[error("the token is not valid yet")]
    NotYet,
    /// A time in it is no number.
    #[error("the token has a time that is none")]
    Time,
    /// `aud` is somebody else.
    #[error("the token is meant for another audience")]
    Audience,
    /// `iss` is somebody else.
    #[error("the token is from another issuer")]
    Issuer,
    /// No `sub`, or none that is a text.
    #[error("the token does not say who its holder is")]
    NoSubject,
}
