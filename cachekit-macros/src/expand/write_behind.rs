//! Output of the attribute `#[write_behind]`.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Meta, Pat, Type};

use crate::expand::assemble::GivenCache;
use crate::expand::key::write_key;
use crate::expand::reference::{HiddenFn, call, span_of};
use crate::expand::spec::duration;
use crate::item::LooseFn;
use crate::model::queued::{QueueKey, QueuedFn, Role};
use crate::model::{Argument, Constant};
use crate::paths::{Paths, with_span};
use crate::queued_types::{body_name, is_passed};

/// Returns the code of a function with `#[write_behind]`: a function that queues its arguments, and
/// in it a function with the user's body, which workers run.
pub(crate) fn write_behind(model: &QueuedFn, item: &LooseFn) -> TokenStream {
    let paths = Paths::of(&model.function);
    let (krate, private) = (&paths.krate, &paths.private);
    let parts = Parts::of(model);
    let body = body_fn(item);
    let spec = spec(model, &parts, &paths);
    let cache = GivenCache::of(&model.function, &paths);
    let bind_cache = cache.as_ref().map(|cache| &cache.binding);
    let source = cache.as_ref().map(|cache| &cache.local);
    let queue = queue(model, &parts, &paths);
    let args = &parts.args_type;
    let inner = quote! {
        #body
        type __CachekitArgs = #args;
        #spec
        #bind_cache
        let __cache = #private::Source::with(#krate::__source!(#source), ::core::clone::Clone::clone);
        #queue
    };
    let mut outer = item.sig.clone();
    outer.inputs = outer.inputs.into_iter().filter(is_passed).collect();
    for input in &mut outer.inputs {
        if let FnArg::Typed(input) = input
            && let Pat::Ident(pat) = &mut *input.pat
        {
            pat.mutability = None;
        }
    }
    let attrs = item.attrs.iter().filter(|attr| is_of_caller(attr));
    let attrs = attrs.map(of_caller);
    let vis = &item.vis;
    quote!(#(#attrs)* #vis #outer { #inner })
}

/// Parts of the expansion that several functions of this module use.
struct Parts<'a> {
    /// Names and types of the queued arguments, or of one item.
    queued: Vec<(&'a Ident, &'a Type)>,
    /// Type of the tuple of the queued arguments.
    args_type: TokenStream,
    /// Pattern that takes the tuple of the queued arguments apart.
    args_pattern: TokenStream,
}

impl<'a> Parts<'a> {
    fn of(model: &'a QueuedFn) -> Self {
        let arguments = model.function.arguments.iter().zip(&model.roles);
        let queued = arguments.filter(|(_, role)| matches!(role, Role::Queued));
        let queued: Vec<_> = queued.map(|(it, _)| (&it.name, &it.ty)).collect();
        let types = queued.iter().map(|(_, ty)| owned_type(ty));
        let names = queued.iter().map(|(name, _)| name);
        Self {
            args_type: quote!((#(#types,)*)),
            args_pattern: quote!((#(#names,)*)),
            queued,
        }
    }

    /// Returns the statements that make references of owned arguments, if the function's signature
    /// has references. The statements run after the tuple of the owned arguments was taken apart.
    fn lend(&self) -> TokenStream {
        let unused = unused();
        let lend = self.queued.iter().filter_map(|(name, ty)| match ty {
            Type::Reference(reference) => {
                let elem = &reference.elem;
                Some(quote!(#unused let #name: &#elem = ::core::borrow::Borrow::borrow(&#name);))
            }
            _ => None,
        });
        quote!(#(#lend)*)
    }
}

/// Returns the type in which the queue keeps an argument: the owned type of a reference.
fn owned_type(ty: &Type) -> TokenStream {
    if let Type::Reference(reference) = ty {
        let elem = &reference.elem;
        quote_spanned!(ty.span()=> <#elem as ::std::borrow::ToOwned>::Owned)
    } else {
        quote!(#ty)
    }
}

/// Returns `true` for attributes that concern the callers of the function: documentation, lints and
/// conditions. Other attributes belong to the user's body.
fn is_of_caller(attr: &Attribute) -> bool {
    const OF_CALLER: [&str; 9] = [
        "doc",
        "allow",
        "warn",
        "deny",
        "expect",
        "forbid",
        "deprecated",
        "must_use",
        "cfg",
    ];
    OF_CALLER.iter().any(|name| attr.path().is_ident(name))
}

/// Returns an attribute for the function that callers call. An `expect` becomes an `allow`, because
/// the expected lint occurs in the user's body.
fn of_caller(attr: &Attribute) -> TokenStream {
    match &attr.meta {
        Meta::List(list) if list.path.is_ident("expect") => {
            let lints = &list.tokens;
            quote!(#[allow(#lints)])
        }
        _ => quote!(#attr),
    }
}

/// Returns the function with the user's body, which only generated code calls.
fn body_fn(item: &LooseFn) -> TokenStream {
    const ONLY_OF_CALLER: [&str; 3] = ["doc", "deprecated", "must_use"];
    let mut sig = item.sig.clone();
    sig.ident = body_name();
    let is_of_body =
        |attr: &&Attribute| !ONLY_OF_CALLER.iter().any(|name| attr.path().is_ident(name));
    item.inner(item.attrs.iter().filter(is_of_body), &sig)
}

/// Returns the arguments of a call of the user's body, in the order of its signature. `write` is
/// the number of the write, or the numbers of all writes.
fn body_args(
    model: &QueuedFn,
    provided: impl Fn(&Argument) -> TokenStream,
    write: &TokenStream,
) -> TokenStream {
    let arguments = model.function.arguments.iter().zip(&model.roles);
    let args = arguments.map(|(argument, role)| match role {
        Role::Queued => {
            let name = model.items.as_ref().unwrap_or(argument);
            let name = &name.name;
            quote!(#name)
        }
        Role::Provided => provided(argument),
        Role::WriteNumber => write.clone(),
    });
    quote!(#(#args),*)
}

/// Returns the static with the constant data of the function, and its registration.
fn spec(model: &QueuedFn, parts: &Parts<'_>, paths: &Paths) -> TokenStream {
    let (krate, private) = (&paths.krate, &paths.private);
    let named = model.name.as_ref().map(|name| quote!(.named(#name)));
    let run = run(model, parts, paths);
    let setters = setters(model, parts, paths);
    let queued = parts.queued.iter().map(|(_, ty)| {
        let owned = owned_type(ty);
        with_span(ty.span(), quote!(#private::queueable::<#owned>();))
    });
    quote! {
        const _: fn() = || { #(#queued)* };
        static __CACHEKIT_QUEUE: #private::QueueSpec = #private::QueueSpec::new(
            #private::FnSpec::new(#krate::__site!(), ::core::file!(), ::core::line!()) #named,
            {
                use #private::Unqueueable as _;
                #private::QueuedArgs::<__CachekitArgs>::__wire
            },
            #run,
        ) #setters;
        #krate::__register_queue!(__CACHEKIT_QUEUE);
    }
}

fn setters(model: &QueuedFn, parts: &Parts<'_>, paths: &Paths) -> TokenStream {
    let (krate, private) = (&paths.krate, &paths.private);
    let mut setters = TokenStream::new();
    if model.is_each {
        setters.extend(quote!(.each()));
    }
    if model.items.is_some() {
        setters.extend(quote!(.batched()));
    }
    for (name, count) in &model.counts {
        let setter = format_ident!("{name}");
        setters.extend(quote!(.#setter(#count)));
    }
    for (name, length) in &model.lengths {
        let setter = format_ident!("{name}");
        let length = match length {
            Constant::Known(length) => duration(*length, paths),
            Constant::Expr(expr) => quote!(#expr),
        };
        setters.extend(quote!(.#setter(#length)));
    }
    if let Some(variant) = model.when_full {
        let variant = format_ident!("{variant}");
        setters.extend(quote!(.when_full(#private::WhenFull::#variant)));
    }
    if let Some(variant) = model.codec {
        let variant = format_ident!("{variant}");
        setters.extend(quote!(.codec(#krate::Codec::#variant)));
    }
    let arguments = model.function.arguments.iter().zip(&model.roles);
    let provided = arguments.filter(|(_, role)| matches!(role, Role::Provided));
    let needs = provided.map(|(argument, _)| {
        let (name, ty) = (argument.name.to_string(), provided_type(&argument.ty));
        quote!(#private::Need::of::<#ty>(#name))
    });
    let needs: Vec<_> = needs.collect();
    if !needs.is_empty() {
        setters.extend(quote!(.needs(&[#(#needs),*])));
    }
    setters.extend(value(model, parts, paths));
    setters
}

/// Returns the setters for the entry whose value is written, and for the code that makes the value.
fn value(model: &QueuedFn, parts: &Parts<'_>, paths: &Paths) -> Option<TokenStream> {
    let (QueueKey::Entry(reference), Some(value)) = (&model.key, &model.value) else {
        return None;
    };
    let private = &paths.private;
    let mut of_all = reference.clone();
    of_all.args = None;
    let find = call(&of_all, HiddenFn::Spec, paths);
    let (pattern, lend) = (&parts.args_pattern, parts.lend());
    let unused = unused();
    let entry = call(reference, HiddenFn::Entry, paths);
    // The block of the `if` never runs. It makes the compiler check that the value has the type of the
    // entry's values. An error about another type points at the reference. The inner closure, which
    // returns this type, keeps a `return` or a `?` of the user's expression inside of it.
    let none = with_span(span_of(reference), quote!(#private::value_of(&__pending)));
    Some(quote! {
    .entry(|| #find)
    .value(|__args| #private::queued_value(__args, |__args: __CachekitArgs| {
        #unused let #pattern = __args;
        #lend
        let mut __value = ::core::option::Option::None;
        if false {
            let __entry = #entry;
            let __pending = __entry.__pending();
            __value = #none;
        }
        #private::value_as(&__value, || #value)
    }))})
}

/// Returns the type of the value that a worker supplies for an argument: the argument's type, or
/// the type behind a reference.
fn provided_type(ty: &Type) -> TokenStream {
    if let Type::Reference(reference) = ty {
        let elem = &reference.elem;
        quote!(#elem)
    } else {
        quote!(#ty)
    }
}

fn unused() -> TokenStream {
    quote!(#[allow(unused_variables, reason = "an expression need not use all arguments")])
}

/// Returns the closure by which a worker runs the user's body.
fn run(model: &QueuedFn, parts: &Parts<'_>, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let body = body_name();
    let (pattern, lend) = (&parts.args_pattern, parts.lend());
    let provided = |argument: &Argument| {
        let ty = provided_type(&argument.ty);
        if matches!(argument.ty, Type::Reference(_)) {
            quote!(__provided.get::<#ty>()?)
        } else {
            quote!(::core::clone::Clone::clone(__provided.get::<#ty>()?))
        }
    };
    let args = body_args(model, provided, &quote!(__write));
    let take = match &model.items {
        None => quote! {
            let (__args, __write) = #private::one_call::<__CachekitArgs>(__calls)?;
            let #pattern = __args;
            #lend
        },
        Some(items) => {
            let items = &items.name;
            quote! {
                let (__items, __write) = #private::all_calls::<__CachekitArgs>(__calls)?;
                let #items = __items.into_iter().map(|__item| __item.0).collect();
            }
        }
    };
    quote! {
        |__provided, __calls| ::std::boxed::Box::pin(async move {
            #take
            #private::ended(#body(#args).await)
        })
    }
}

/// Returns the statements that queue the arguments of the call.
fn queue(model: &QueuedFn, parts: &Parts<'_>, paths: &Paths) -> TokenStream {
    let private = &paths.private;
    let body = body_name();
    let key = match &model.key {
        QueueKey::Entry(reference) => call(reference, HiddenFn::Key, paths),
        QueueKey::Text(text) => {
            let write = write_key(text, &TokenStream::new(), None, paths);
            quote!(#private::Target::new(#write))
        }
    };
    let own = parts.queued.iter().map(|(name, ty)| {
        if matches!(ty, Type::Reference(_)) {
            quote!(::std::borrow::ToOwned::to_owned(#name))
        } else {
            quote!(#name)
        }
    });
    let own = quote!((#(#own,)*));
    let (pattern, lend) = (&parts.args_pattern, parts.lend());
    let given = |argument: &Argument| {
        let name = &argument.name;
        match (&argument.ty, &model.items) {
            (Type::Reference(_), _) | (_, None) => quote!(#name),
            // The closure may run for several writes, so it clones the argument.
            (_, Some(_)) => quote!(::core::clone::Clone::clone(&#name)),
        }
    };
    let Some(items) = &model.items else {
        let args = body_args(model, given, &quote!(__write));
        return quote! {
            let __key = #key;
            #private::write_behind(
                &__CACHEKIT_QUEUE,
                __cache,
                #private::KeyedArgs::new(__key, #own),
                async move |__args: __CachekitArgs, __write| {
                    let #pattern = __args;
                    #lend
                    #body(#args).await
                },
            )
            .await
        };
    };
    let items_name = &items.name;
    let args = body_args(model, given, &quote!(::std::vec![__write]));
    let item = parts.queued.first().map(|(name, _)| name);
    quote! {
        let __writes = #items_name
            .into_iter()
            .map(|#item| {
                let __key = #key;
                #private::KeyedArgs::new(__key, #own)
            })
            .collect();
        #private::write_each_behind(&__CACHEKIT_QUEUE, __cache, __writes, async |__args: __CachekitArgs, __write| {
            let #items_name = ::std::vec![__args.0];
            #body(#args).await
        })
        .await
    }
}
