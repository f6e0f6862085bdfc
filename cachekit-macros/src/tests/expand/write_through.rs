async fn save(user: User) -> Result<u64, E> {
    let __plan = ::cachekit::__plan!(Result < u64, E >);
    let __entry = get_user::__entry_at(::cachekit::__private::NotInKey, &(user.id));
    let __value = __plan.value(|__ret| ::core::clone::Clone::clone(__ret));
    ::cachekit::__private::write_through(
            __plan,
            __entry.__begin(),
            __value,
            async move || {
                if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
                    Result<u64, E>,
                > {
                    return __ret;
                }
                let __ret: Result<u64, E> = { body };
                #[allow(unreachable_code, reason = "the body may end by `return`")] __ret
            },
        )
        .await
}
