//! The order of writes of one entry (`order_by`), which tells a newer write from an older one.

/// A number that grows with each write of an entry: the result of `order_by = EXPR` in
/// `#[write_through(..)]`.
///
/// The trait is implemented for the integers of at most 64 bits and for references to them. Numbers
/// of different integer types are compared by their value. Negative numbers are taken as zero.
///
/// Use a version that the database increases with each write. A time works too if no two writes of
/// an entry have the same time: overlapping writes with equal orders remove the entry.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// use cachekit::{cached, write_through};
///
/// #[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
/// struct User {
///     name: String,
///     version: i64,
/// }
///
/// #[cached(key = "person:{id}")]
/// async fn get_user(id: u64) -> Result<User, String> {
///     Err(format!("no user {id}"))
/// }
///
/// // UPDATE users SET name = $2, version = version + 1 WHERE id = $1 RETURNING name, version
/// #[write_through(get_user(id), order_by = ret.version)]
/// async fn rename(id: u64, name: &str, version: i64) -> Result<User, String> {
///     Ok(User { name: name.to_owned(), version })
/// }
///
/// rename(1, "Grace", 7).await?;
/// rename(1, "Ada", 6).await?;
/// assert_eq!(get_user(1).await?.name, "Grace", "6 is older than 7");
/// # Ok::<(), String>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot order writes",
    label = "expected an integer of at most 64 bits",
    note = "a version that grows with each write, or a time as a number: \
            `order_by = ret.updated_at.timestamp_micros()`"
)]
pub trait WriteOrder: sealed::Sealed {
    /// Returns the number to compare with those of other writes: the integer itself, or zero if it
    /// is negative.
    #[doc(hidden)]
    fn __rank(&self) -> u64;
}

mod sealed {
    pub trait Sealed {}
}

impl<T: WriteOrder> sealed::Sealed for &T {}
impl<T: WriteOrder> WriteOrder for &T {
    fn __rank(&self) -> u64 {
        T::__rank(self)
    }
}

macro_rules! ranked {
    ($($int:ty)*) => {$(
        impl sealed::Sealed for $int {}
        impl WriteOrder for $int {
            fn __rank(&self) -> u64 {
                // The integers have at most 64 bits, so only a negative number does not fit into a
                // `u64`.
                u64::try_from(*self).unwrap_or(0)
            }
        }
    )*};
}

ranked! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

#[cfg(test)]
mod tests {
    use crate::model::write_order::WriteOrder;

    #[test]
    fn every_integer_is_on_one_scale() {
        assert_eq!(
            (7_u8.__rank(), 7_i64.__rank(), (&&7_u32).__rank()),
            (7, 7, 7)
        );
        assert_eq!(u64::MAX.__rank(), u64::MAX);
        assert_eq!(i64::MAX.__rank(), u64::MAX / 2);
        assert_eq!((i64::MIN.__rank(), (-1_i8).__rank(), 0.__rank()), (0, 0, 0));
    }
}
