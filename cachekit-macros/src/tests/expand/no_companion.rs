async fn get(id: u64) {
    #![allow(x)]
    let __plan = ::cachekit::__plan!(());
    let __spec = {
        fn __spec() -> &'static ::cachekit::__private::FnSpec {
            static __SPEC: ::cachekit::__private::FnSpec = ::cachekit::__private::FnSpec::new(
                    ::cachekit::__site!(),
                    ::core::file!(),
                    ::core::line!(),
                )
                .template(
                    &[
                        ::cachekit::__private::Piece::Name,
                        ::cachekit::__private::Piece::Literal(":"),
                        ::cachekit::__private::Piece::Argument(0u8),
                    ],
                );
            ::cachekit::__register!(__SPEC);
            &__SPEC
        }
        __spec()
    };
    let __looked = ::cachekit::__private::look(
        &::cachekit::__private::Current,
        __spec,
        __plan,
        true,
        |__key| {
            __key.literal(__spec.name());
            __key.literal(":");
            ::cachekit::__part!(__key, 0u8, id);
        },
    );
    match __looked {
        ::core::result::Result::Ok(__hit) => __hit,
        ::core::result::Result::Err(__miss) => {
            ::cachekit::__private::compute(
                    __miss,
                    __plan,
                    ::cachekit::__private::Labels::new(),
                    __plan.after(|_, _| {}),
                    async move || {
                        if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
                            (),
                        > {
                            return __ret;
                        }
                        let __ret: () = { body };
                        #[allow(
                            unreachable_code,
                            reason = "the body may end by `return`"
                        )] __ret
                    },
                )
                .await
        }
    }
}
