//! The controls: a type beside a free function, siblings beside a method.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use super::{form_word, source, spec};
use crate::item::LooseFn;
use crate::model::{Argument, CachedFn, Companion, CompanionParts};
use crate::names::Names;

/// The controls of a cached function; nothing where none are wanted.
pub(super) fn companion(model: &CachedFn, item: &LooseFn, names: &Names) -> TokenStream {
    match &model.companion {
        Companion::None => TokenStream::new(),
        Companion::Type { name, parts } => Controls {
            model,
            item,
            names,
            parts,
            in_method: false,
        }
        .as_type(name),
        Companion::Siblings { prefix, parts } => Controls {
            model,
            item,
            names,
            parts,
            in_method: true,
        }
        .as_siblings(prefix),
    }
}

/// What the parts of the controls are made from.
pub(super) struct Controls<'a> {
    pub(super) model: &'a CachedFn,
    pub(super) item: &'a LooseFn,
    pub(super) names: &'a Names,
    pub(super) parts: &'a CompanionParts,
    pub(super) in_method: bool,
}

impl Controls<'_> {
    fn as_type(&self, name: &Ident) -> TokenStream {
        let krate = &self.names.krate;
        let vis = &self.item.vis;
        let result = &self.model.function.result;
        let function = self.item.sig.ident.to_string();
        let spec = spec::constants(self.model, self.names);
        let [key_at, entry_at] =
            self.positional(&quote!(Self::__spec()), &format_ident!("__key_at"));
        let (cache, source) = source(&self.model.function, self.names);
        let in_cache = self.parameters(&self.parts.in_cache);
        let (generics, where_clause) = self.generics();
        let in_entry = self.parameters(&self.parts.in_entry);
        let turbofish = turbofish(&self.parts.generics);
        let positions = self.given_positions();
        let refresh = self.refresh();
        quote! {
            #krate::__companion! {
                #vis #name #function (#result) cache (#in_cache) { #cache } (#source)
                spec #spec
                key_at #key_at
                entry_at #entry_at
                entry #generics (#in_entry) #where_clause => (#turbofish) (#positions)
                refresh #refresh
            }
        }
    }

    fn as_siblings(&self, prefix: &Ident) -> TokenStream {
        let krate = &self.names.krate;
        let vis = &self.item.vis;
        let result = &self.model.function.result;
        let method = &self.item.sig.ident;
        let shown = method.unraw();
        let [spec_name, key_name, entry_name] = ["spec", "key_at", "entry_at"]
            .map(|suffix| format_ident!("__cachekit_{shown}_{suffix}"));
        let spec = spec::constants(self.model, self.names);
        let [key_at, entry_at] = self.positional(&quote!(Self::#spec_name()), &key_name);
        let prefix = prefix.unraw();
        let entry = format_ident!("{prefix}_entry");
        let handle = format_ident!("{prefix}_cache");
        let (generics, where_clause) = self.generics();
        let receiver = self.receiver();
        let in_entry = self.parameters(&self.parts.in_entry);
        let turbofish = turbofish(&self.parts.generics);
        let positions = self.given_positions();
        let (cache, source) = source(&self.model.function, self.names);
        let in_cache = self.parameters(&self.parts.in_cache);
        quote! {
            #krate::__siblings! {
                [#vis] (#result)
                spec #spec_name #spec
                key_at #key_name #key_at
                entry_at #entry_name #entry_at
                #entry #generics (#receiver #in_entry) #where_clause =>
                    (self.#entry_name #turbofish (#positions))
                #handle (&self, #in_cache) { #cache } (#source)
            }
        }
    }

    /// What `entry` hands to the positional function.
    fn given_positions(&self) -> TokenStream {
        let arguments = self
            .model
            .function
            .arguments
            .iter()
            .zip(&self.parts.in_entry);
        let positions = arguments.map(|(argument, kept)| {
            let name = &argument.name;
            match (kept, argument.referent()) {
                (false, _) => quote!(()),
                (true, Some(_)) => quote!(#name),
                (true, None) => quote!(&#name),
            }
        });
        quote!(#(#positions),*)
    }

    /// `refresh` takes what the function takes and calls it.
    fn refresh(&self) -> TokenStream {
        let sig = &self.item.sig;
        let (impl_generics, _, where_clause) = sig.generics.split_for_impl();
        let turbofish = turbofish(&sig.generics);
        let function = &sig.ident;
        let form = form_word(&self.model.function, None);
        // Hygienic copies of the names: an argument may have the name of the function.
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
            #form ([#impl_generics] (#(#names: #types),*) [#where_clause] =>
                #function #turbofish (#(#names),*))
        }
    }

    /// The generics and where-clause of the controls, each in brackets for a template.
    pub(super) fn generics(&self) -> (TokenStream, TokenStream) {
        let (impl_generics, _, where_clause) = self.parts.generics.split_for_impl();
        (quote!([#impl_generics]), quote!([#where_clause]))
    }

    pub(super) fn receiver(&self) -> Option<TokenStream> {
        self.in_method.then(|| quote!(&self,))
    }

    pub(super) fn arguments<'a>(&'a self, kept: &'a [bool]) -> impl Iterator<Item = &'a Argument> {
        let arguments = self.model.function.arguments.iter().zip(kept);
        arguments
            .filter(|(_, kept)| **kept)
            .map(|(argument, _)| argument)
    }

    /// Parameters as the function has them.
    fn parameters(&self, kept: &[bool]) -> TokenStream {
        let parameters = self
            .arguments(kept)
            .map(|Argument { name, ty, .. }| quote!(#name: #ty));
        quote!(#(#parameters),*)
    }
}

/// `::<T, N>`: a parameter that only the key names cannot be inferred.
pub(super) fn turbofish(generics: &syn::Generics) -> Option<TokenStream> {
    let names = generics.params.iter().filter_map(|param| match param {
        syn::GenericParam::Type(ty) => Some(&ty.ident),
        syn::GenericParam::Const(value) => Some(&value.ident),
        syn::GenericParam::Lifetime(_) => None,
    });
    let mut names = names.peekable();
    names.peek()?;
    Some(quote!(::<#(#names),*>))
}
