//! Output of `#[derive(CacheKey)]`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned as _;
use syn::{Field, Fields, Generics, Item, ItemEnum, ItemStruct, Path, parse_quote};

use crate::paths::{Paths, is_plain, local, with_span};

/// Returns the implementation of `CacheKey` for a type, or the mistake in the type.
pub(crate) fn derive_cache_key(item: TokenStream) -> syn::Result<TokenStream> {
    match syn::parse2(item)? {
        Item::Struct(item) => {
            let paths = Paths::new(crate_path(&item.attrs)?.as_ref());
            let body = of_struct(&item, &paths);
            Ok(implementation(&item.ident, &item.generics, &body, &paths))
        }
        Item::Enum(item) => {
            let paths = Paths::new(crate_path(&item.attrs)?.as_ref());
            let body = of_enum(&item, &paths);
            Ok(implementation(&item.ident, &item.generics, &body, &paths))
        }
        other => Err(syn::Error::new_spanned(
            other,
            "`CacheKey` can be derived for structs and enums only",
        )),
    }
}

fn crate_path(attrs: &[syn::Attribute]) -> syn::Result<Option<Path>> {
    let mut path = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("cachekit")) {
        attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                path = Some(meta.value()?.parse()?);
                return Ok(());
            }
            Err(meta.error("unknown option; the options are `crate`"))
        })?;
    }
    Ok(path)
}

fn implementation(
    ident: &Ident,
    generics: &Generics,
    body: &TokenStream,
    paths: &Paths,
) -> TokenStream {
    let krate = &paths.krate;
    let out = local("__out");
    let mut generics = generics.clone();
    for param in generics.type_params_mut() {
        param.bounds.push(parse_quote!(#krate::CacheKey));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #krate::CacheKey for #ident #ty_generics #where_clause {
            fn write_key(&self, #out: &mut #krate::KeyWriter<'_>) {
                #body
            }
        }
    }
}

fn of_struct(item: &ItemStruct, paths: &Paths) -> TokenStream {
    let values = item.fields.iter().enumerate().map(|(index, field)| {
        let member = field.ident.as_ref().map_or_else(
            || syn::Index::from(index).to_token_stream(),
            ToTokens::to_token_stream,
        );
        (field, quote!(self.#member))
    });
    let values: Vec<_> = values.collect();
    // A struct with one field is written into a key like that field, so that a newtype has the key
    // of the value inside.
    match values.as_slice() {
        [(only, value)] => field(only, value, paths),
        _ => fields(&values, paths),
    }
}

fn of_enum(item: &ItemEnum, paths: &Paths) -> TokenStream {
    if item.variants.is_empty() {
        return quote!(match *self {});
    }
    let out = local("__out");
    let arms = item.variants.iter().map(|variant| {
        let ident = &variant.ident;
        let text = syn::ext::IdentExt::unraw(ident).to_string();
        let bound: Vec<Ident> = (0..variant.fields.len())
            .map(|index| local(&format!("__field{index}")))
            .collect();
        let values = bound.iter().map(ToTokens::to_token_stream);
        let values: Vec<_> = variant.fields.iter().zip(values).collect();
        let pattern = match &variant.fields {
            Fields::Unit => quote!(Self::#ident),
            Fields::Unnamed(_) => quote!(Self::#ident(#(#bound),*)),
            Fields::Named(fields) => {
                let members = fields.named.iter().map(|field| &field.ident);
                quote!(Self::#ident { #(#members: #bound),* })
            }
        };
        let data = match &variant.fields {
            Fields::Unit => None,
            _ => Some(fields(&values, paths)),
        };
        quote!(#pattern => { #out.name(#text); #data })
    });
    quote!(match self { #(#arms)* })
}

/// Returns the code that writes the fields of a struct or a variant into a key, in parentheses.
fn fields(values: &[(&Field, TokenStream)], paths: &Paths) -> TokenStream {
    let out = local("__out");
    let written = values.iter().enumerate().map(|(index, (of, value))| {
        let next = (index > 0).then(|| quote!(#out.next();));
        let field = field(of, value, paths);
        quote!(#next #field)
    });
    quote!(#out.open(); #(#written)* #out.close();)
}

/// Returns the code that writes a field into a key. If the field's type cannot be written, the
/// error points at the type, as with the derives of std.
fn field(field: &Field, value: &TokenStream, paths: &Paths) -> TokenStream {
    let krate = &paths.krate;
    let out = local("__out");
    let write = if is_plain(&field.ty) {
        quote!(#krate::__field!)
    } else {
        quote!(#krate::__nested_field!)
    };
    let span = field
        .ident
        .as_ref()
        .map_or_else(|| field.ty.span(), Ident::span);
    with_span(span, quote!(#write(#out, #value);))
}
