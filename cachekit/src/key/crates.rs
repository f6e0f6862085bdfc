//! `CacheKey` for types of other crates, each with the feature that has the crate's name. Equal
//! values are written as equal texts, also for types whose `Display` may differ between equal
//! values.

#[cfg(any(feature = "uuid", feature = "bytes", feature = "rust_decimal"))]
use crate::key::component::{CacheKey, KeyWriter};

#[cfg(feature = "uuid")]
impl CacheKey for uuid::Uuid {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.text(
            self.hyphenated()
                .encode_lower(&mut uuid::Uuid::encode_buffer()),
        );
    }
}

/// A `Bytes` in a key is written as a slice of bytes.
#[cfg(feature = "bytes")]
impl CacheKey for bytes::Bytes {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        (**self).write_key(out);
    }
}

/// A `Decimal` in a key is written without trailing zeros: 1.10 as `1.1`.
#[cfg(feature = "rust_decimal")]
impl CacheKey for rust_decimal::Decimal {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.display(&self.normalize());
    }
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{
        DateTime, FixedOffset, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
        Utc, Weekday,
    };

    use crate::key::component::{CacheKey, KeyWriter};

    /// A `DateTime` in a key is written in UTC, so that equal instants are written as equal texts,
    /// whatever their time zones are.
    impl<Tz: TimeZone> CacheKey for DateTime<Tz> {
        fn write_key(&self, out: &mut KeyWriter<'_>) {
            out.display(&format_args!("{:?}", self.with_timezone(&Utc)));
        }
    }

    macro_rules! as_shown {
        ($($ty:ty: $form:literal)*) => {$(
            impl CacheKey for $ty {
                fn write_key(&self, out: &mut KeyWriter<'_>) {
                    out.display(&format_args!($form, self));
                }
            }
        )*};
    }
    as_shown! {
        NaiveDate: "{}" NaiveTime: "{}" NaiveDateTime: "{:?}" TimeDelta: "{}"
        FixedOffset: "{}" Weekday: "{}"
    }

    impl CacheKey for Month {
        fn write_key(&self, out: &mut KeyWriter<'_>) {
            out.name(self.name());
        }
    }

    impl CacheKey for Utc {
        fn write_key(&self, out: &mut KeyWriter<'_>) {
            out.name("UTC");
        }
    }
}
