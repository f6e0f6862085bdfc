//! Types of other crates that are parts of keys, each behind the feature of its crate's name. Equal
//! values are written equally, which the `Display` of some of them does not do.

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

/// As a slice of bytes.
#[cfg(feature = "bytes")]
impl CacheKey for bytes::Bytes {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        (**self).write_key(out);
    }
}

/// Without zeros at its end: 1.10 is 1.1.
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

    /// The instant, in UTC: two of one instant are written equally, whatever their time zones.
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
