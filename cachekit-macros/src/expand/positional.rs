//! Output of the hidden (generated) functions that a reference to a cached function calls, as in
//! `#[invalidates]`. A hidden function has one parameter for each argument of the cached function,
//! so that a reference is written like a call.

use proc_macro2::{Delimiter, Ident, TokenStream};
use quote::quote;
use syn::Type;
use syn::spanned::Spanned;

use crate::expand::assemble::{GivenCache, optional, tier_word};
use crate::expand::companion::Controls;
use crate::expand::key::write_key;
use crate::expand::pattern_refs::pattern_bindings;
use crate::expand::steps::{ClosureSite, on_value, statements};
use crate::model::Argument;
use crate::model::text::{Piece, Text};
use crate::paths::{local, with_span};

impl Controls<'_> {
    /// Returns the inputs of the macros `__key_at!` and `__entry_at!`. These macros make two hidden
    /// functions beside the cached function: one makes a key, the other a handle to an entry.
    pub(crate) fn positional(&self) -> [TokenStream; 2] {
        let model = self.model;
        let [tags, spec] = ["__tags", "__spec"].map(local);
        let (generics, where_clause) = self.generics();
        let receiver = self.receiver();
        let key_positions = self.positions(&self.parts.in_key);
        let unpacked_key = pattern_bindings(self.arguments(&self.parts.in_key), true);
        let krate = &self.paths.krate;
        let own_key: TokenStream = self
            .by_value(&self.parts.in_key_expr)
            .map(|name| quote!(let #name = #krate::__given!(#name);))
            .collect();
        let key = write_key(&self.key_of_references(), &quote!(#spec), None, self.paths);
        let bind_key = optional("bind", Delimiter::Brace, quote!(#own_key #unpacked_key));
        let key_at = quote! {
            { #generics params: (#receiver #key_positions), #where_clause #bind_key spec: #spec, key: #key }
        };

        let entry_positions = self.positions(&self.parts.in_entry);
        // The hidden functions take every argument by reference, but expressions need the types
        // that the function's signature gives.
        let owned: TokenStream = self
            .by_value(&self.parts.in_expr)
            .map(|name| quote!(let #name = ::core::clone::Clone::clone(#name);))
            .collect();
        let krate = &self.paths.krate;
        let of_cache: TokenStream = self
            .by_value(&self.parts.in_cache)
            .filter(|name| !self.by_value(&self.parts.in_expr).any(|it| it == *name))
            .map(|name| quote!(let #name = #krate::__given!(#name);))
            .collect();
        let unpacked = pattern_bindings(self.arguments(&self.parts.in_entry), true);
        let cache = GivenCache::of(&model.function, self.paths);
        let bind_cache = cache.as_ref().map(|cache| &cache.binding);
        let bind = quote!(#owned #of_cache #unpacked #bind_cache);
        let bind = optional("bind", Delimiter::Brace, bind);
        let cache = cache.as_ref().map(GivenCache::argument);
        let target = self.target();
        let tier = match model.policy.replicas {
            Some(_) => quote!(replicated),
            None => tier_word(model),
        };
        let before = statements(&model.before, &tags, self.paths);
        let on_value = on_value(
            model.after.as_ref(),
            &tags,
            ClosureSite::Entry,
            &model.function,
            self.paths,
        );
        let entry_at = quote! {
            {
                tier: #tier,
                #generics
                params: (#receiver #entry_positions),
                #where_clause
                key: #target,
                #bind
                #cache
                #on_value
                tags: |#tags| { #before }
            }
        };
        [key_at, entry_at]
    }

    /// Returns the names of the arguments that the cached function takes by value, and that the
    /// generated functions for keys and entries take by reference.
    fn by_value<'a>(&'a self, kept: &'a [bool]) -> impl Iterator<Item = &'a Ident> {
        self.arguments(kept)
            .filter(|argument| argument.referent().is_none() && argument.pattern.is_none())
            .map(|argument| &argument.name)
    }

    /// Returns the arguments with which `__entry_at`, the generated function for a handle to an
    /// entry, calls `__key_at`, the generated function for the key.
    fn target(&self) -> TokenStream {
        let private = &self.paths.private;
        let arguments = self.model.function.arguments.iter().zip(&self.parts.in_key);
        let positions = arguments.map(|(Argument { name, .. }, kept)| {
            if *kept {
                quote!(#name)
            } else {
                quote!(#private::UNUSED)
            }
        });
        quote!((#(#positions),*))
    }

    /// Returns the key with `*` before each argument that the function takes by value, because the
    /// hidden (generated) function has a reference to the argument. The placeholder `{id}` then has
    /// the same type as in the function, so that a value which cannot be written is reported once.
    fn key_of_references(&self) -> Text {
        let mut key = self.model.key.clone();
        let given: Vec<&Ident> = self.by_value(&self.parts.in_key_expr).collect();
        for piece in &mut key.pieces {
            if let Piece::TypeOf {
                name, is_reference, ..
            } = piece
            {
                *is_reference |= !given.contains(&&*name);
            }
        }
        for argument in &self.model.function.arguments {
            let name = &argument.name;
            // These arguments have the type of the function's signature already.
            if argument.referent().is_some() || given.contains(&name) {
                continue;
            }
            for piece in &mut key.pieces {
                if let Piece::Part { value, .. } = piece
                    && syn::parse2::<Ident>(value.clone()).is_ok_and(|value| value == *name)
                {
                    *value = with_span(value.span(), quote!(*#value));
                }
            }
        }
        key
    }

    /// Returns the parameters of a generated function, one for each argument of the cached
    /// function. The parameter is a reference to the argument, or of the type `Unused` if `kept`
    /// does not select the argument.
    fn positions(&self, kept: &[bool]) -> TokenStream {
        let private = &self.paths.private;
        let arguments = self.model.function.arguments.iter().zip(kept);
        let positions = arguments.map(|(argument, kept)| {
            let Argument { name, ty, .. } = argument;
            match (kept, argument.referent()) {
                (false, _) => quote!(_: &#private::Unused),
                (true, Some(referent)) => quote!(#name: &#referent),
                // Parentheses are needed, because `&impl A + B` is ambiguous.
                (true, None) if matches!(ty, Type::ImplTrait(_)) => quote!(#name: &(#ty)),
                (true, None) => quote!(#name: &#ty),
            }
        });
        quote!(#(#positions),*)
    }
}
