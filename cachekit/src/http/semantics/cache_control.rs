//! `Cache-Control` (RFC 9111, section 5.2; RFC 5861; RFC 8246).

use std::borrow::Cow;

use http::header::{CACHE_CONTROL, PRAGMA};
use http::{HeaderMap, HeaderName};

use super::directives::{Directive, MAX_NAME, directives};
use super::lists::{line_members, members};
use super::numbers::delta_seconds;

/// Directives of a request or response.
#[derive(Default, Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each directive")]
pub(crate) struct CacheControl {
    pub(crate) no_store: bool,
    /// `no-cache` for the whole response.
    pub(crate) no_cache: bool,
    /// Fields of `no-cache="field"`, if that was the only form.
    pub(crate) no_cache_fields: Vec<HeaderName>,
    /// `private`, with or without fields.
    pub(crate) private: bool,
    pub(crate) private_fields: Vec<HeaderName>,
    pub(crate) public: bool,
    pub(crate) must_revalidate: bool,
    pub(crate) proxy_revalidate: bool,
    pub(crate) must_understand: bool,
    pub(crate) immutable: bool,
    pub(crate) only_if_cached: bool,
    /// Zero if the value is wrong, as for `s_maxage`.
    pub(crate) max_age: Option<u64>,
    pub(crate) s_maxage: Option<u64>,
    pub(crate) min_fresh: Option<u64>,
    pub(crate) stale_while_revalidate: Option<u64>,
    pub(crate) stale_if_error: Option<u64>,
    /// `Some(None)`: any staleness.
    #[expect(clippy::option_option, reason = "the value is optional")]
    pub(crate) max_stale: Option<Option<u64>>,
    /// `true` if the directives are those of `CDN-Cache-Control`, which replaces `Expires` too.
    pub(crate) is_targeted: bool,
}

impl CacheControl {
    /// Reads a request's directives. Without `Cache-Control`, `Pragma: no-cache` is `no-cache`
    /// (RFC 9111, section 5.4).
    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        if headers.contains_key(CACHE_CONTROL) {
            return Self::of_response(headers);
        }
        let is_no_cache = |member: &[u8]| member.eq_ignore_ascii_case(b"no-cache");
        Self {
            no_cache: members(headers, &PRAGMA).any(is_no_cache),
            ..Self::default()
        }
    }

    /// Reads a response's directives. If a directive with a number occurs several times, the first
    /// one counts.
    pub(crate) fn of_response(headers: &HeaderMap) -> Self {
        let mut control = Self::default();
        for directive in directives(headers, &CACHE_CONTROL) {
            control.add(&directive);
        }
        if control.no_cache {
            control.no_cache_fields.clear();
        }
        control
    }

    /// Records that the directive `name`, which takes no value, is present. Returns `false` if no
    /// directive has this name.
    pub(super) fn set_flag(&mut self, name: &[u8]) -> bool {
        let flag = match name {
            b"no-store" => &mut self.no_store,
            b"public" => &mut self.public,
            b"must-revalidate" => &mut self.must_revalidate,
            b"proxy-revalidate" => &mut self.proxy_revalidate,
            b"must-understand" => &mut self.must_understand,
            b"immutable" => &mut self.immutable,
            b"only-if-cached" => &mut self.only_if_cached,
            _ => return false,
        };
        *flag = true;
        true
    }

    /// Returns the place for the value of a directive in seconds.
    pub(super) fn seconds(&mut self, name: &[u8]) -> Option<&mut Option<u64>> {
        Some(match name {
            b"max-age" => &mut self.max_age,
            b"s-maxage" => &mut self.s_maxage,
            b"min-fresh" => &mut self.min_fresh,
            b"stale-while-revalidate" => &mut self.stale_while_revalidate,
            b"stale-if-error" => &mut self.stale_if_error,
            _ => return None,
        })
    }

    /// Adds `no-cache`, for the whole response if `fields` is `None`.
    pub(super) fn add_no_cache(&mut self, fields: Option<&[u8]>) {
        match fields.map(field_names) {
            Some(names) if !names.is_empty() => self.no_cache_fields.extend(names),
            _ => self.no_cache = true,
        }
    }

    /// Adds `private`, for the whole response if `fields` is `None`.
    pub(super) fn add_private(&mut self, fields: Option<&[u8]>) {
        self.private = true;
        let names = fields.map(field_names).unwrap_or_default();
        self.private_fields.extend(names);
    }

    fn add(&mut self, directive: &Directive<'_>) {
        let mut buffer = [0; MAX_NAME];
        let name = directive.lower_name(&mut buffer);
        let value = directive.value.as_deref();
        if self.set_flag(name) {
            return;
        }
        if let Some(place) = self.seconds(name) {
            let is_lifetime = matches!(name, b"max-age" | b"s-maxage");
            let read = value.and_then(delta_seconds);
            *place = place.or(read).or(is_lifetime.then_some(0));
            return;
        }
        match name {
            b"no-cache" => self.add_no_cache(value),
            b"private" => self.add_private(value),
            b"max-stale" => self.add_max_stale(directive.value.as_ref()),
            _ => {}
        }
    }

    fn add_max_stale(&mut self, value: Option<&Cow<'_, [u8]>>) {
        let read = match value {
            None => Some(None),
            Some(text) => delta_seconds(text).map(Some),
        };
        self.max_stale = self.max_stale.or(read);
    }
}

/// Returns the fields of a list. If one is no field name, none is returned: the directive then
/// holds for the whole response.
fn field_names(list: &[u8]) -> Vec<HeaderName> {
    let names = line_members(list).map(|name| HeaderName::from_bytes(name).ok());
    names.collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests;
