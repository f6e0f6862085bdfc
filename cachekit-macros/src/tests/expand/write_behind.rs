/// Saves.
#[must_use]
pub async fn save_cart(pool: &Pool, user: u64, cart: Cart) -> Result<(), E> {
    #[instrument]
    async fn __cachekit_body(
        pool: &Pool,
        user: u64,
        mut cart: Cart,
        write: QueuedWrite,
    ) -> Result<(), E> {
        body
    }
    type __CachekitArgs = (u64, Cart);
    const _: fn() = || {
        ::cachekit::__private::queueable::<u64>();
        ::cachekit::__private::queueable::<Cart>();
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
                let (__args, __write) = ::cachekit::__private::one_call::<
                    __CachekitArgs,
                >(__calls)?;
                let (user, cart) = __args;
                ::cachekit::__private::ended(
                    __cachekit_body(__provided.get::<Pool>()?, user, cart, __write).await,
                )
            }),
        )
        .retries(2)
        .every(::cachekit::__private::Duration::from_millis(100u64))
        .needs(&[::cachekit::__private::Need::of::<Pool>("pool")])
        .entry(|| get_cart::__spec())
        .value(|__args| ::cachekit::__private::queued_value(
            __args,
            |__args: __CachekitArgs| {
                #[allow(
                    unused_variables,
                    reason = "an expression need not use all arguments"
                )]
                let (user, cart) = __args;
                let mut __value = ::core::option::Option::None;
                if false {
                    let __entry = get_cart::__entry_at(
                        ::cachekit::__private::UNDERSCORE,
                        &(user),
                    );
                    let __pending = __entry.__pending();
                    __value = ::cachekit::__private::value_of(&__pending);
                }
                ::cachekit::__private::value_as(&__value, || cart)
            },
        ));
    ::cachekit::__register_queue!(__CACHEKIT_QUEUE);
    let __cache = ::cachekit::__private::Source::with(
        ::cachekit::__source!(),
        ::core::clone::Clone::clone,
    );
    let __key = get_cart::__key_at(::cachekit::__private::UNDERSCORE, &(user));
    ::cachekit::__private::write_behind(
            &__CACHEKIT_QUEUE,
            __cache,
            ::cachekit::__private::KeyedArgs::new(__key, (user, cart)),
            async move |__args: __CachekitArgs, __write| {
                let (user, cart) = __args;
                __cachekit_body(pool, user, cart, __write).await
            },
        )
        .await
}
