//! In which form a function computes: as an `async fn`, at once, or in an `async` block that it
//! returns.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::{GenericArgument, Path, PathArguments, ReturnType, Type, TypeParamBound, parse_quote};

use crate::item::LooseFn;

/// The form of a function, and what it computes.
pub(crate) struct Shape {
    pub(crate) form: Form,
    /// The type of the value: of `-> impl Future<Output = T>` that is `T`.
    pub(crate) result: Type,
}

/// Where the value comes from.
pub(crate) enum Form {
    /// `async fn`.
    Async,
    /// `fn`.
    Sync,
    /// A function that ends with an `async` block, perhaps in `Box::pin(..)`, as `#[async_trait]`
    /// makes them.
    Block(Block),
    /// A function that returns a future from elsewhere.
    Opaque,
}

/// An `async` block at the end of a body.
pub(crate) struct Block {
    /// The statements before it.
    head: TokenStream,
    /// `Box::pin`.
    wrapper: Option<TokenStream>,
    /// What stands in its braces.
    pub(crate) content: Group,
}

impl Shape {
    /// Looks at a function.
    pub(crate) fn of(item: &LooseFn) -> Self {
        let written = match &item.sig.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        };
        if item.sig.asyncness.is_some() {
            return Self {
                form: Form::Async,
                result: written,
            };
        }
        match output(&written) {
            Some(result) => {
                let form = Block::of(&item.body).map_or(Form::Opaque, Form::Block);
                Self {
                    form,
                    result: result.clone(),
                }
            }
            None => Self {
                form: Form::Sync,
                result: written,
            },
        }
    }
}

impl Form {
    /// The function's body around `inner`, which computes the value.
    pub(crate) fn wrap(&self, inner: TokenStream) -> TokenStream {
        let Self::Block(block) = self else {
            return inner;
        };
        let Block { head, wrapper, .. } = block;
        // `move`, also where the user's block has none: what a key names is needed when the future runs.
        let future = quote!(async move { #inner });
        if wrapper.is_some() {
            quote!(#head #wrapper(#future))
        } else {
            quote!(#head #future)
        }
    }

    /// Whether the body is what takes the arguments.
    pub(crate) fn takes_arguments(&self) -> bool {
        matches!(self, Self::Async | Self::Sync)
    }

    /// Whether statements stand before an `async` block.
    pub(crate) fn has_head(&self) -> bool {
        matches!(self, Self::Block(block) if !block.head.is_empty())
    }

    /// Whether the value is there at once.
    pub(crate) fn is_sync(&self) -> bool {
        matches!(self, Self::Sync)
    }
}

impl Block {
    fn of(body: &Group) -> Option<Self> {
        let mut trees: Vec<TokenTree> = body.stream().into_iter().collect();
        let TokenTree::Group(last) = trees.pop()? else {
            return None;
        };
        match last.delimiter() {
            Delimiter::Brace => Self::ending(trees, last, None),
            Delimiter::Parenthesis => {
                let start = trees
                    .iter()
                    .rposition(|tree| !is_path(tree))
                    .map_or(0, |at| at + 1);
                let wrapper: TokenStream = trees.drain(start..).collect();
                let mut inside: Vec<TokenTree> = last.stream().into_iter().collect();
                let Some(TokenTree::Group(content)) = inside.pop() else {
                    return None;
                };
                let mut block = Self::ending(inside, content, Some(wrapper))?;
                // Nothing but the block may stand in the parentheses.
                if !block.head.is_empty() {
                    return None;
                }
                block.head = trees.into_iter().collect();
                Some(block)
            }
            _ => None,
        }
    }

    /// `.. async move {..}`: the statements end where `async` begins.
    fn ending(
        mut trees: Vec<TokenTree>,
        content: Group,
        wrapper: Option<TokenStream>,
    ) -> Option<Self> {
        let is =
            |tree: &TokenTree, word: &str| matches!(tree, TokenTree::Ident(ident) if ident == word);
        trees.pop_if(|tree| is(tree, "move"));
        trees.pop_if(|tree| is(tree, "async"))?;
        Some(Self {
            head: trees.into_iter().collect(),
            wrapper,
            content,
        })
    }
}

/// A part of a path like `::std::boxed::Box::pin`.
fn is_path(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    }
}

/// `T` of `impl Future<Output = T>`, of `Pin<Box<dyn Future<Output = T>>>` and of `BoxFuture<T>`.
fn output(ty: &Type) -> Option<&Type> {
    match ty {
        Type::ImplTrait(ty) => ty.bounds.iter().find_map(output_of_bound),
        Type::TraitObject(ty) => ty.bounds.iter().find_map(output_of_bound),
        Type::Paren(ty) => output(&ty.elem),
        Type::Group(ty) => output(&ty.elem),
        Type::Path(ty) => {
            let last = ty.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Pin" | "Box" => types(&ty.path).find_map(output),
                "BoxFuture" | "LocalBoxFuture" => types(&ty.path).next(),
                _ => None,
            }
        }
        _ => None,
    }
}

fn types(path: &Path) -> impl Iterator<Item = &Type> {
    let arguments = path.segments.last().map(|last| &last.arguments);
    let generics = match arguments {
        Some(PathArguments::AngleBracketed(generics)) => Some(&generics.args),
        _ => None,
    };
    generics
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

fn output_of_bound(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else {
        return None;
    };
    let last = bound
        .path
        .segments
        .last()
        .filter(|last| last.ident == "Future")?;
    let PathArguments::AngleBracketed(generics) = &last.arguments else {
        return None;
    };
    generics.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(&assoc.ty),
        _ => None,
    })
}
