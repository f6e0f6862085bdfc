//! Form of a function: an `async fn`, a plain `fn`, or a function that returns an `async` block.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::{GenericArgument, Path, PathArguments, ReturnType, Type, TypeParamBound, parse_quote};

use crate::item::LooseFn;

/// Form of a function (an `async fn`, a plain `fn`, or a function that returns a future), and the
/// type of its value: what it returns, or what its future yields.
pub(crate) struct Shape {
    pub(crate) form: Form,
    /// Type of the value: for `-> impl Future<Output = T>`, this is `T`.
    pub(crate) result: Type,
}

/// Form of a function: an `async fn`, a plain `fn`, or a function that returns a future.
pub(crate) enum Form {
    /// An `async fn`.
    Async,
    /// A plain `fn` that returns the value itself.
    Sync,
    /// A function that returns a future by an `async` block at its end, alone or inside of a call
    /// such as `Box::pin(..)`. `#[async_trait]` makes such functions.
    Block(Block),
    /// A function that returns a future by other code than an `async` block at its end.
    Opaque,
}

/// The `async` block at the end of a function's body, and the code around the block.
pub(crate) struct Block {
    /// Statements of the function's body that precede the `async` block.
    head: TokenStream,
    /// Path of the call around the `async` block, such as `Box::pin`. `None`: no call is around the
    /// block.
    wrapper: Option<TokenStream>,
    /// Content of the `async` block, with its braces.
    pub(crate) content: Group,
}

impl Shape {
    /// Finds out if a function is an `async fn`, a plain `fn`, or a function that returns a future.
    /// Returns this form, and the type of the value that the function returns or that its future
    /// yields.
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
    /// Returns a body for the function, made from `inner`, the statements that compute the value.
    /// If the function returns a future by an `async` block, the body has `inner` in an `async`
    /// block.
    pub(crate) fn wrap(&self, inner: TokenStream) -> TokenStream {
        let Self::Block(block) = self else {
            return inner;
        };
        let Block { head, wrapper, .. } = block;
        // The block is `move` even if the user's block is not: the future writes the key, so the
        // future needs the arguments.
        let future = quote!(async move { #inner });
        if wrapper.is_some() {
            quote!(#head #wrapper(#future))
        } else {
            quote!(#head #future)
        }
    }

    /// Returns `true` for an `async fn` and a plain `fn`, whose generated body takes the arguments
    /// at its start. Returns `false` for a function that returns a future, because its statements
    /// before the `async` block may have taken arguments.
    pub(crate) fn takes_arguments(&self) -> bool {
        matches!(self, Self::Async | Self::Sync)
    }

    /// Returns `true` if the function has statements before the `async` block at its end.
    pub(crate) fn has_head(&self) -> bool {
        matches!(self, Self::Block(block) if !block.head.is_empty())
    }

    /// Returns `true` if the function returns its value directly, not a future of the value.
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
                // The parentheses must contain nothing but the `async` block.
                if !block.head.is_empty() {
                    return None;
                }
                block.head = trees.into_iter().collect();
                Some(block)
            }
            _ => None,
        }
    }

    /// Parses statements that end with an `async` block, `async move {..}`.
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

/// Returns `true` if the token can be part of a path, such as `::std::boxed::Box::pin`.
fn is_path(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    }
}

/// Returns the type `T` of a value that a future yields, from `impl Future<Output = T>`,
/// `Pin<Box<dyn Future<Output = T>>>` or `BoxFuture<T>`.
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
