async fn note(text: &str, ids: &[u64]) -> Result<(), E> {
    async fn __cachekit_body(text: &str, ids: &[u64]) -> Result<(), E> {
        body
    }
    type __CachekitArgs = (
        <str as ::std::borrow::ToOwned>::Owned,
        <[u64] as ::std::borrow::ToOwned>::Owned,
    );
    const _: fn() = || {
        ::cachekit::__private::queueable::<<str as ::std::borrow::ToOwned>::Owned>();
        ::cachekit::__private::queueable::<<[u64] as ::std::borrow::ToOwned>::Owned>();
    };
    static __CACHEKIT_QUEUE: ::cachekit::__private::QueueSpec = ::cachekit::__private::QueueSpec::new(
            ::cachekit::__private::FnSpec::new(
                    ::cachekit::__site!(),
                    ::core::file!(),
                    ::core::line!(),
                )
                .named("notes"),
            {
                use ::cachekit::__private::Unqueueable as _;
                ::cachekit::__private::QueuedArgs::<__CachekitArgs>::__wire
            },
            |__provided, __calls| ::std::boxed::Box::pin(async move {
                let (__args, __write) = ::cachekit::__private::one_call::<
                    __CachekitArgs,
                >(__calls)?;
                let (text, ids) = __args;
                #[allow(
                    unused_variables,
                    reason = "an expression need not use all arguments"
                )]
                let text: &str = ::core::borrow::Borrow::borrow(&text);
                #[allow(
                    unused_variables,
                    reason = "an expression need not use all arguments"
                )]
                let ids: &[u64] = ::core::borrow::Borrow::borrow(&ids);
                ::cachekit::__private::ended(__cachekit_body(text, ids).await)
            }),
        )
        .each();
    ::cachekit::__register_queue!(__CACHEKIT_QUEUE);
    let __cache: &::cachekit::Cache = &(notes());
    let __cache = ::cachekit::__private::Source::with(
        ::cachekit::__source!(__cache),
        ::core::clone::Clone::clone,
    );
    let __key = ::cachekit::__private::Target::new(|__key| {
        __key.literal("note:");
        ::cachekit::__part!(__key, 0u8, text);
    });
    ::cachekit::__private::write_behind(
            &__CACHEKIT_QUEUE,
            __cache,
            ::cachekit::__private::KeyedArgs::new(
                __key,
                (
                    ::std::borrow::ToOwned::to_owned(text),
                    ::std::borrow::ToOwned::to_owned(ids),
                ),
            ),
            async move |__args: __CachekitArgs, __write| {
                let (text, ids) = __args;
                #[allow(
                    unused_variables,
                    reason = "an expression need not use all arguments"
                )]
                let text: &str = ::core::borrow::Borrow::borrow(&text);
                #[allow(
                    unused_variables,
                    reason = "an expression need not use all arguments"
                )]
                let ids: &[u64] = ::core::borrow::Borrow::borrow(&ids);
                __cachekit_body(text, ids).await
            },
        )
        .await
}
