async fn add_views(pool: Pool, views: Vec<View>) -> Result<(), E> {
    async fn __cachekit_body(
        pool: Pool,
        views: Vec<View>,
        writes: Vec<QueuedWrite>,
    ) -> Result<(), E> {
        body
    }
    type __CachekitArgs = (View,);
    const _: fn() = || {
        ::cachekit::__private::queueable::<View>();
    };
    static __CACHEKIT_QUEUE: ::cachekit::__private::QueueSpec = ::cachekit::__private::QueueSpec::new(
            ::cachekit::__private::FnSpec::new(
                ::cachekit::__site!(),
                ::core::file!(),
                ::core::line!(),
            ),
            {
                use ::cachekit::__private::Unqueueable as _;
                ::cachekit::__private::QueuedArgs::<__CachekitArgs>::__wire
            },
            |__provided, __calls| ::std::boxed::Box::pin(async move {
                let (__items, __write) = ::cachekit::__private::all_calls::<
                    __CachekitArgs,
                >(__calls)?;
                let views = __items.into_iter().map(|__item| __item.0).collect();
                ::cachekit::__private::ended(
                    __cachekit_body(
                            ::core::clone::Clone::clone(__provided.get::<Pool>()?),
                            views,
                            __write,
                        )
                        .await,
                )
            }),
        )
        .each()
        .batched()
        .batch(500)
        .when_full(::cachekit::__private::WhenFull::Fail)
        .codec(::cachekit::Codec::Json)
        .needs(&[::cachekit::__private::Need::of::<Pool>("pool")]);
    ::cachekit::__register_queue!(__CACHEKIT_QUEUE);
    let __cache = ::cachekit::__private::Source::with(
        ::cachekit::__source!(),
        ::core::clone::Clone::clone,
    );
    let __writes = views
        .into_iter()
        .map(|view| {
            let __key = ::cachekit::__private::Target::new(|__key| {
                __key.literal("views:");
                ::cachekit::__nested!(__key, 0u8, view.page);
            });
            ::cachekit::__private::KeyedArgs::new(__key, (view,))
        })
        .collect();
    ::cachekit::__private::write_each_behind(
            &__CACHEKIT_QUEUE,
            __cache,
            __writes,
            async |__args: __CachekitArgs, __write| {
                let views = ::std::vec![__args.0];
                __cachekit_body(
                        ::core::clone::Clone::clone(&pool),
                        views,
                        ::std::vec![__write],
                    )
                    .await
            },
        )
        .await
}
