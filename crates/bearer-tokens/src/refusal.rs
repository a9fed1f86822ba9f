/// Why a token is not believed. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, or more than one.
    #[error("there is no token, or more than one")]
    Missing,
    /// It does not come as a bearer token.
    #[error("it is no bearer token")]
    Scheme,
    /// It is longer than any that a gateway lets through.
    #[error("it is too long")]
    TooLong,
    /// It is not put together as a signed token is.
    #[error("it is malformed")]
    Malformed,
    /// It demands something that is not understood here (`crit`).
    #[error("it demands what is not understood")]
    Critical,
    /// Its algorithm is none that its key is for.
    #[error("its algorithm is not its key's")]
    Algorithm,
    /// It names a key that the issuer does not have.
    #[error("its key is not known")]
    UnknownKey,
    /// It was changed, or signed by somebody else.
    #[error("its signature is wrong")]
    Signature,
    /// It has no end, or ended too long ago.
    #[error("it has expired, or never does")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It is not of an issuer who is trusted.
    #[error("its issuer is not trusted")]
    Issuer,
    /// It is meant for somebody else.
    #[error("it is meant for somebody else")]
    Audience,
    /// A claim has a type or a value that it cannot have.
    #[error("a claim makes no sense")]
    Claims,
    /// It names nobody, or nobody who can be a member.
    #[error("it names nobody")]
    Nobody,
}

impl Refusal {
    /// Its word in the log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Scheme => "scheme",
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::Critical => "critical",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Nobody => "nobody",
        }
    }
}
