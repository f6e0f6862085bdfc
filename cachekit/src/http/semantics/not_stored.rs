//! Reasons why a response is not stored.

/// Reason why a response is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NotStored {
    /// The method is not GET.
    Method,
    /// The request says `no-store`.
    RequestNoStore,
    /// The request has `Authorization`, and the response does not say that it may be stored.
    Authorization,
    /// The status is never stored, or is not one that the rule stores.
    Status,
    /// The response is a part of another response.
    Partial,
    NoStore,
    Private,
    NoCache,
    /// The response says that it is stale from the start.
    MaxAgeZero,
    SetCookie,
    VaryStar,
    VaryCookie,
    VaryAuthorization,
    VaryUserAgent,
    /// The body is a stream of events or of parts that replace each other.
    EventStream,
    Grpc,
    Trailers,
    /// The response has no lifetime and no validator.
    NoFreshness,
    TooLarge,
    /// The body ended with an error, or its length is not `Content-Length`.
    Incomplete,
    /// The body took longer than the time for which it is copied.
    TooSlow,
}

impl NotStored {
    /// Every reason.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 21] = [
        Self::Method,
        Self::RequestNoStore,
        Self::Authorization,
        Self::Status,
        Self::Partial,
        Self::NoStore,
        Self::Private,
        Self::NoCache,
        Self::MaxAgeZero,
        Self::SetCookie,
        Self::VaryStar,
        Self::VaryCookie,
        Self::VaryAuthorization,
        Self::VaryUserAgent,
        Self::EventStream,
        Self::Grpc,
        Self::Trailers,
        Self::NoFreshness,
        Self::TooLarge,
        Self::Incomplete,
        Self::TooSlow,
    ];

    /// Returns the reason as a token, for counters and `Cache-Status`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::RequestNoStore => "request-no-store",
            Self::Authorization => "authorization",
            Self::Status => "status",
            Self::Partial => "partial",
            Self::NoStore => "no-store",
            Self::Private => "private",
            Self::NoCache => "no-cache",
            Self::MaxAgeZero => "max-age-zero",
            Self::SetCookie => "set-cookie",
            Self::VaryStar => "vary-star",
            Self::VaryCookie => "vary-cookie",
            Self::VaryAuthorization => "vary-authorization",
            Self::VaryUserAgent => "vary-user-agent",
            Self::EventStream => "event-stream",
            Self::Grpc => "grpc",
            Self::Trailers => "trailers",
            Self::NoFreshness => "no-freshness",
            Self::TooLarge => "too-large",
            Self::Incomplete => "incomplete",
            Self::TooSlow => "too-slow",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::lists::is_token_byte;
    use super::*;

    #[test]
    fn the_tokens_are_different() {
        let tokens: BTreeSet<_> = NotStored::ALL
            .iter()
            .map(|reason| reason.as_str())
            .collect();
        assert_eq!(tokens.len(), NotStored::ALL.len());
        assert!(tokens.iter().all(|token| token.bytes().all(is_token_byte)));
    }
}
