//! Output of companions: a type beside a free function, or functions beside a method.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::Visibility;
use syn::ext::IdentExt as _;

use crate::expand::assemble::{GivenCache, form_word, optional};
use crate::expand::reference::HiddenFn;
use crate::expand::spec;
use crate::item::LooseFn;
use crate::model::{Argument, CachedFn, Companion, CompanionParts};
use crate::paths::Paths;

/// Returns the code of a cached function's companion, or no tokens if the function has no
/// companion.
pub(crate) fn companion(model: &CachedFn, item: &LooseFn, paths: &Paths) -> TokenStream {
    match &model.companion {
        Companion::None => TokenStream::new(),
        Companion::Type { name, parts } => Controls {
            model,
            item,
            paths,
            parts,
            has_self: false,
        }
        .as_type(name),
        Companion::Siblings { prefix, parts } => Controls {
            model,
            item,
            paths,
            parts,
            has_self: item.sig.receiver().is_some(),
        }
        .as_siblings(prefix),
    }
}

/// Data from which the code of one companion (the type with `entry`, `refresh` and `stats`) is
/// made.
pub(crate) struct Controls<'a> {
    pub(crate) model: &'a CachedFn,
    pub(crate) item: &'a LooseFn,
    pub(crate) paths: &'a Paths,
    pub(crate) parts: &'a CompanionParts,
    /// `true` if the functions of the companion have a receiver (`&self`).
    pub(crate) has_self: bool,
}

impl Controls<'_> {
    fn as_type(&self, name: &Ident) -> TokenStream {
        let krate = &self.paths.krate;
        let vis = &self.item.vis;
        let result = &self.model.function.result;
        let function = self.item.sig.ident.to_string();
        let spec_name = hidden_spec_name(self.item);
        let spec = spec::constants(self.model, self.paths);
        let [key_at, entry_at] = self.positional();
        let cache = GivenCache::of(&self.model.function, self.paths).map(|cache| {
            let params = self.parameters(&self.parts.in_cache);
            let GivenCache { local, binding } = cache;
            quote!(cache: (#params) { #binding } #local,)
        });
        let (generics, where_clause) = self.generics();
        let in_entry = self.parameters(&self.parts.in_entry);
        let turbofish = turbofish(&self.parts.generics).unwrap_or_default();
        let turbofish = optional("turbofish", Delimiter::Parenthesis, turbofish);
        let positions = self.given_positions();
        let refresh = self.refresh();
        quote! {
            #krate::__companion! {
                companion: #vis #name,
                function: #function,
                returns: #result,
                #turbofish
                #cache
                spec: #spec_name = #spec,
                key_at: #key_at,
                entry_at: #entry_at,
                entry: {
                    #generics
                    params: (#in_entry),
                    #where_clause
                    arguments: (#positions)
                },
                refresh: #refresh
            }
        }
    }

    fn as_siblings(&self, prefix: &Ident) -> TokenStream {
        let krate = &self.paths.krate;
        let vis = &self.item.vis;
        let result = &self.model.function.result;
        let method = &self.item.sig.ident;
        let [spec_name, key_name, entry_name] = [HiddenFn::Spec, HiddenFn::Key, HiddenFn::Entry]
            .map(|hidden_fn| hidden_fn.name_beside_method(method));
        let spec = spec::constants(self.model, self.paths);
        let [key_at, entry_at] = self.positional();
        let prefix = prefix.unraw();
        let entry = format_ident!("{prefix}_entry");
        let handle = format_ident!("{prefix}_cache");
        let (generics, where_clause) = self.generics();
        let (receiver, own) = (self.receiver(), self.own());
        let in_entry = self.parameters(&self.parts.in_entry);
        let turbofish = turbofish(&self.parts.generics).unwrap_or_default();
        let turbofish = optional("turbofish", Delimiter::Parenthesis, turbofish);
        let positions = self.given_positions();
        let cache = GivenCache::of(&self.model.function, self.paths)
            .map(|GivenCache { local, binding }| quote!({ #binding } #local));
        let in_cache = self.parameters(&self.parts.in_cache);
        quote! {
            #krate::__siblings! {
                vis: [#vis],
                returns: #result,
                own: (#own),
                #turbofish
                spec: #spec_name = #spec,
                key_at: #key_name #key_at,
                entry_at: #entry_name #entry_at,
                entry: #entry {
                    #generics
                    params: (#receiver #in_entry),
                    #where_clause
                    arguments: (#positions)
                },
                handle: #handle (#receiver #in_cache) #cache
            }
        }
    }

    /// Returns the arguments with which the companion's `entry` calls `__entry_at`, the generated
    /// function that makes a handle to an entry.
    fn given_positions(&self) -> TokenStream {
        let private = &self.paths.private;
        let arguments = self
            .model
            .function
            .arguments
            .iter()
            .zip(&self.parts.in_entry);
        let positions = arguments.map(|(argument, kept)| {
            let name = &argument.name;
            match (kept, argument.referent()) {
                (false, _) => quote!(#private::UNUSED),
                (true, Some(_)) => quote!(#name),
                (true, None) => quote!(&#name),
            }
        });
        quote!(#(#positions),*)
    }

    /// Returns the code from which a macro of cachekit makes the companion's `refresh`, which takes
    /// the function's arguments and calls the function.
    fn refresh(&self) -> TokenStream {
        let sig = &self.item.sig;
        let (generics, where_clause) = labelled(&sig.generics);
        let turbofish = turbofish(&sig.generics);
        let function = &sig.ident;
        let form = self.refresh_form();
        // Argument names with their own hygiene, because an argument may have the name of the
        // function.
        let arguments = &self.model.function.arguments;
        let names = arguments.iter().map(|argument| {
            let span = Span::mixed_site().located_at(argument.name.span());
            let mut name = argument.name.clone();
            name.set_span(span);
            name
        });
        let names: Vec<Ident> = names.collect();
        let types = arguments.iter().map(|argument| &argument.ty);
        quote! {
            #form {
                #generics
                params: (#(#names: #types),*),
                #where_clause
                call: #function #turbofish (#(#names),*)
            }
        }
    }

    /// Returns the word for the kind of function that the companion's `refresh` is: a plain
    /// function that returns a future, or an `async fn` if an `impl Trait` argument has lifetimes
    /// that are not written.
    fn refresh_form(&self) -> TokenStream {
        let function = &self.model.function;
        let mut arguments = function.arguments.iter();
        if !function.form.is_sync() && !arguments.any(|argument| has_impl(&argument.ty)) {
            return quote!(plain);
        }
        form_word(function, None)
    }

    /// Returns the generics and the where-clause of the companion's functions, as arguments for a
    /// macro of cachekit.
    pub(crate) fn generics(&self) -> (TokenStream, TokenStream) {
        labelled(&self.parts.generics)
    }

    pub(crate) fn receiver(&self) -> Option<TokenStream> {
        self.has_self.then(|| quote!(&self,))
    }

    /// Returns the prefix of calls between the companion's functions: `self.` or `Self::`.
    fn own(&self) -> TokenStream {
        if self.has_self {
            quote!(self.)
        } else {
            quote!(Self::)
        }
    }

    pub(crate) fn arguments<'a>(&'a self, kept: &'a [bool]) -> impl Iterator<Item = &'a Argument> {
        let arguments = self.model.function.arguments.iter().zip(kept);
        arguments
            .filter(|(_, kept)| **kept)
            .map(|(argument, _)| argument)
    }

    /// Returns parameters for the arguments that `kept` selects, with the types that the function's
    /// signature gives.
    fn parameters(&self, kept: &[bool]) -> TokenStream {
        let parameters = self
            .arguments(kept)
            .map(|Argument { name, ty, .. }| quote!(#name: #ty));
        quote!(#(#parameters),*)
    }
}

/// Returns the given generics as the arguments `generics: ..` and `where: ..` for a macro of
/// cachekit.
fn labelled(generics: &syn::Generics) -> (TokenStream, TokenStream) {
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let generics = optional(
        "generics",
        Delimiter::Bracket,
        impl_generics.to_token_stream(),
    );
    let where_clause = optional("where", Delimiter::Bracket, where_clause.to_token_stream());
    (generics, where_clause)
}

/// Returns the name of the hidden function that returns the spec (the constants) of a free
/// function. The name itself is an error message. If the cached function is in an `impl`, the
/// compiler reports that an `impl` cannot contain a type, and then that this function cannot be
/// found.
pub(crate) fn hidden_spec_name(item: &LooseFn) -> Ident {
    // A function without a visibility may be in a trait's `impl`, in which no further function can
    // be defined.
    let word = match item.vis {
        Visibility::Inherited => "false",
        _ => "Self",
    };
    let name = item.sig.ident.unraw();
    let mut hidden = format_ident!("__{name}_is_in_an_impl__write_companion_{word}");
    hidden.set_span(hidden.span().located_at(item.sig.ident.span()));
    hidden
}

/// Returns `true` if the type contains `impl Trait` at any depth.
fn has_impl(ty: &impl ToTokens) -> bool {
    fn in_stream(tokens: TokenStream) -> bool {
        tokens.into_iter().any(|tree| match tree {
            TokenTree::Group(group) => in_stream(group.stream()),
            TokenTree::Ident(word) => word == "impl",
            _ => false,
        })
    }
    in_stream(ty.to_token_stream())
}

/// Returns the generic arguments `::<T, N>` for a call of a hidden (generated) function that makes
/// a key or a handle to an entry. The compiler cannot infer a parameter that only the key uses.
fn turbofish(generics: &syn::Generics) -> Option<TokenStream> {
    let names = generics.params.iter().filter_map(|param| match param {
        syn::GenericParam::Type(ty) => Some(&ty.ident),
        syn::GenericParam::Const(value) => Some(&value.ident),
        syn::GenericParam::Lifetime(_) => None,
    });
    let mut names = names.peekable();
    names.peek()?;
    Some(quote!(::<#(#names),*>))
}
