//! Output of a cached function's spec: a static with the function's name, options and key template,
//! registered at link time.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::expand::key;
use crate::model::{CachedFn, Choice, Constant, Labels, Policy};
use crate::paths::Paths;

/// Returns the input of the macro `__spec!`, which makes the constant data of a cached function:
/// the key template and the setter calls.
pub(crate) fn constants(model: &CachedFn, paths: &Paths) -> TokenStream {
    let template = key::template(&model.key);
    let setters = setters(model, paths);
    quote!((#template #setters))
}

fn setters(model: &CachedFn, paths: &Paths) -> TokenStream {
    let policy = &model.policy;
    let mut setters = TokenStream::new();
    if let Some(name) = &policy.name {
        setters.extend(quote!(.named(#name)));
    }
    if let Some(ttl) = policy.ttl {
        let ttl = duration(ttl, paths);
        setters.extend(quote!(.ttl(#ttl)));
    }
    let limits = &policy.limits;
    let timeout = limits.timeout.as_ref().map(|timeout| ("timeout", timeout));
    let lengths = policy
        .lengths
        .iter()
        .map(|(option, length)| (*option, length));
    for (option, length) in lengths.chain(timeout) {
        let setter = format_ident!("{option}");
        let length = match length {
            Constant::Known(value) => duration(*value, paths),
            Constant::Expr(expr) => quote!(#expr),
        };
        setters.extend(quote!(.#setter(#length)));
    }
    if let Some(jitter) = policy.jitter {
        setters.extend(quote!(.jitter(#jitter)));
    }
    if let Some(most) = limits.max_computations {
        setters.extend(quote!(.max_computations(#most)));
    }
    if let Some(early) = policy.early {
        setters.extend(quote!(.early(#early)));
    }
    setters.extend(depends(policy, paths));
    if model.owned_body.as_ref().is_some_and(|it| it.detaches) {
        setters.extend(quote!(.detach()));
    }
    if let Some((compress, _)) = policy.compress {
        setters.extend(quote!(.compress(#compress)));
    }
    if let Some(capacity) = policy.capacity {
        setters.extend(quote!(.capacity(#capacity)));
    }
    if let Some(replicas) = policy.replicas {
        setters.extend(quote!(.replicas(#replicas)));
    }
    setters.extend(labels(&policy.labels));
    let krate = &paths.krate;
    for Choice {
        option,
        ty,
        variant,
        ..
    } in &policy.choices
    {
        let [setter, ty, variant] = [option, ty, variant].map(|name| format_ident!("{name}"));
        setters.extend(quote!(.#setter(#krate::#ty::#variant)));
    }
    setters
}

/// Returns the code of the call that sets the option `depends` on the spec. Returns `None` if the
/// attribute does not have the option.
fn depends(policy: &Policy, paths: &Paths) -> Option<TokenStream> {
    let krate = &paths.krate;
    let variant = format_ident!("{}", policy.depends?);
    Some(quote!(.depends(#krate::Depends::#variant)))
}

/// Returns the setter calls that add events, the families of tags, and the hash of the tags and
/// events that are made from the value, to the constant data (spec) of a cached function.
fn labels(labels: &Labels) -> TokenStream {
    let mut setters = TokenStream::new();
    let events = &labels.events;
    if !events.is_empty() {
        setters.extend(quote!(.events(&[#(#events),*])));
    }
    let families = &labels.tag_families;
    if !families.is_empty() {
        setters.extend(quote!(.tag_families(&[#(#families),*])));
    }
    if labels.tags_hash != 0 {
        let hash = labels.tags_hash;
        setters.extend(quote!(.tags_hash(#hash)));
    }
    setters
}

/// Returns the expression for a duration: in whole seconds if possible, because that is shorter in
/// an expansion.
pub(crate) fn duration(duration: Duration, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    if duration.subsec_millis() == 0 {
        let seconds = duration.as_secs();
        return quote!(#private::secs(#seconds));
    }
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(#private::Duration::from_millis(#millis))
}
