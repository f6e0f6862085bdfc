//! The constants of a function: one static, registered at link time.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;

use super::key;
use crate::model::{CachedFn, Constant};
use crate::names::Names;

/// What the template of the spec is filled with.
pub(super) fn constants(model: &CachedFn, names: &Names) -> TokenStream {
    let template = key::template(&model.key);
    let setters = setters(model, names);
    quote!((#template #setters))
}

fn setters(model: &CachedFn, names: &Names) -> TokenStream {
    let policy = &model.policy;
    let mut setters = TokenStream::new();
    if let Some(name) = &policy.name {
        setters.extend(quote!(.named(#name)));
    }
    if let Some(ttl) = policy.ttl {
        let ttl = duration(ttl, names);
        setters.extend(quote!(.ttl(#ttl)));
    }
    if let Some(none_ttl) = &policy.none_ttl {
        let none_ttl = match none_ttl {
            Constant::Known(value) => duration(*value, names),
            Constant::Expr(expr) => quote!(#expr),
        };
        setters.extend(quote!(.none_ttl(#none_ttl)));
    }
    if let Some(jitter) = policy.jitter {
        setters.extend(quote!(.jitter(#jitter)));
    }
    setters
}

/// In seconds where that is exact: it reads better in an expansion.
fn duration(duration: Duration, names: &Names) -> TokenStream {
    let private = &names.private;
    if duration.subsec_millis() == 0 {
        let seconds = duration.as_secs();
        return quote!(#private::Duration::from_secs(#seconds));
    }
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(#private::Duration::from_millis(#millis))
}
