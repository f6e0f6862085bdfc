//! `CacheKey` for integers, `bool`, `char`, strings and `()`.

#![expect(
    clippy::inline_always,
    reason = "inlined, the argument words of a hit stay in registers: a seventh of its instructions"
)]

use crate::key::component::{CacheKey, KeyWriter};

macro_rules! integers {
    ($($ty:ty: $write:ident)*) => {$(
        impl CacheKey for $ty {
            #[inline(always)]
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                out.$write((*self).into());
            }
        }
    )*};
}
integers!(u8: unsigned u16: unsigned u32: unsigned u64: unsigned
          i8: signed i16: signed i32: signed i64: signed);

macro_rules! other_integers {
    ($($ty:ty)*) => {$(
        impl CacheKey for $ty {
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                out.text(itoa::Buffer::new().format(*self));
            }
        }
    )*};
}
// An argument word has room for an integer of up to 64 bits, so these integers are written as text.
other_integers!(u128 i128);

macro_rules! pointer_sized_integers {
    ($($ty:ty: $wide:ty: $write:ident)*) => {$(
        impl CacheKey for $ty {
            #[inline(always)]
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                // `usize` and `isize` have at most 64 bits on every machine that Rust supports
                // today.
                match <$wide>::try_from(*self) {
                    Ok(number) => out.$write(number),
                    Err(_) => out.text(itoa::Buffer::new().format(*self)),
                }
            }
        }
    )*};
}
pointer_sized_integers!(usize: u64: unsigned isize: i64: signed);

macro_rules! nonzero {
    ($($ty:ident)*) => {$(
        impl CacheKey for std::num::$ty {
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                self.get().write_key(out);
            }
        }
    )*};
}
nonzero!(NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroU128 NonZeroUsize
         NonZeroI8 NonZeroI16 NonZeroI32 NonZeroI64 NonZeroI128 NonZeroIsize);

impl CacheKey for bool {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.text(if *self { "true" } else { "false" });
    }
}

impl CacheKey for char {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.text(self.encode_utf8(&mut [0; 4]));
    }
}

impl CacheKey for str {
    #[inline(always)]
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.text(self);
    }
}

impl CacheKey for String {
    #[inline(always)]
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.text(self);
    }
}

impl CacheKey for () {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.open();
        out.close();
    }
}
