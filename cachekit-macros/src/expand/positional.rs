//! The hidden functions that references to a cached function call: one parameter a position, so
//! that a reference is written like a call.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Type;
use syn::spanned::Spanned;

use super::companion::{Controls, LINTS};
use super::key::writer;
use super::steps::{Place, after, collected};
use super::{looked_at, source};
use crate::model::{Argument, Piece, Text};
use crate::names::{Names, blaming, local};

impl Controls<'_> {
    /// The hidden functions that references call: one parameter a position.
    pub(super) fn positional(
        &self,
        key_at: &str,
        entry_at: &str,
        find_spec: &TokenStream,
    ) -> TokenStream {
        let Names { krate, private } = self.names;
        let vis = &self.item.vis;
        let [key_at, entry_at] = [key_at, entry_at].map(|name| format_ident!("{name}"));
        let (impl_generics, _, where_clause) = self.parts.generics.split_for_impl();
        let receiver = self.receiver();
        let key_positions = self.positions(&self.parts.in_key);
        let entry_positions = self.positions(&self.parts.in_entry);
        let key = writer(&self.key_of_references(&[]), find_spec, self.names);
        let result = &self.model.function.result;
        let unpacked_key = looked_at(self.arguments(&self.parts.in_key), true);
        let entry = self.entry_body(find_spec);
        let allow = self
            .in_method
            .then(|| quote!(#[allow(dead_code, clippy::all, clippy::pedantic, reason = #LINTS)]));
        quote! {
            #[doc(hidden)]
            #allow
            #vis fn #key_at #impl_generics (#receiver #key_positions) -> #private::Target #where_clause {
                #unpacked_key
                #private::target(#find_spec, #key)
            }
            #[doc(hidden)]
            #allow
            #vis fn #entry_at #impl_generics (#receiver #entry_positions) -> #krate::Entry<#result> #where_clause {
                #entry
            }
        }
    }

    fn entry_body(&self, find_spec: &TokenStream) -> TokenStream {
        let Names { krate, private } = self.names;
        let model = self.model;
        let result = &model.function.result;
        let [plan, labels] = ["__plan", "__labels"].map(local);
        let key = writer(
            &self.key_of_references(&self.parts.in_expr),
            find_spec,
            self.names,
        );
        // Values come as references; expressions want them as the function has them.
        let owned: TokenStream = self
            .arguments(&self.parts.in_expr)
            .filter(|argument| argument.referent().is_none() && argument.pattern.is_none())
            .map(|Argument { name, .. }| quote!(let #name = ::core::clone::Clone::clone(#name);))
            .collect();
        let (cache, source) = source(&model.function, self.names);
        let (label, labelled) = collected(
            quote!(#private::Labels::new()),
            &model.before,
            &labels,
            self.names,
        );
        let after = after(
            model.after.as_ref(),
            "after",
            &labels,
            Place::Entry,
            &model.function,
            self.names,
        );
        let unpacked = looked_at(self.arguments(&self.parts.in_entry), true);
        quote! {
            #owned
            #unpacked
            #cache
            let #plan = #krate::__plan!(#result);
            #label
            #private::entry(#source, #find_spec, #plan, #key, #labelled, #after)
        }
    }

    /// The key where arguments by value come as references, except for those that are `owned`:
    /// `{id}` is written as the same type as in the function, so that what cannot be written is
    /// reported once.
    fn key_of_references(&self, owned: &[bool]) -> Text {
        let mut key = self.model.key.clone();
        for (position, argument) in self.model.function.arguments.iter().enumerate() {
            let name = &argument.name;
            let is_owned = owned.get(position).copied().unwrap_or(false);
            if is_owned || argument.referent().is_some() {
                continue;
            }
            for piece in &mut key.pieces {
                if let Piece::Part { value, .. } = piece
                    && syn::parse2::<Ident>(value.clone()).is_ok_and(|value| value == *name)
                {
                    *value = blaming(value.span(), quote!(*#value));
                }
            }
        }
        key
    }

    /// One parameter a position, by reference; any value where it does not matter.
    fn positions(&self, kept: &[bool]) -> TokenStream {
        let arguments = self.model.function.arguments.iter().zip(kept);
        let positions = arguments.map(|(argument, kept)| {
            let Argument { name, ty, .. } = argument;
            match (kept, argument.referent()) {
                (false, _) => quote!(_: impl ::core::marker::Sized),
                (true, Some(referent)) => quote!(#name: &#referent),
                // `&impl A + B` is ambiguous.
                (true, None) if matches!(ty, Type::ImplTrait(_)) => quote!(#name: &(#ty)),
                (true, None) => quote!(#name: &#ty),
            }
        });
        quote!(#(#positions),*)
    }
}
