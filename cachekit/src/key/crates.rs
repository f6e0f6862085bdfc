//! Types of other crates that are parts of keys, each behind the feature of its crate's name. Equal
//! values are written equally, which the `Display` of some of them does not do.

use crate::key::component::{CachePart, PartWriter};

#[cfg(feature = "uuid")]
impl CachePart for uuid::Uuid {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.text(
            self.hyphenated()
                .encode_lower(&mut uuid::Uuid::encode_buffer()),
        );
    }
}

/// As a slice of bytes.
#[cfg(feature = "bytes")]
impl CachePart for bytes::Bytes {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        (**self).write_part(out);
    }
}

/// Without zeros at its end: 1.10 is 1.1.
#[cfg(feature = "rust_decimal")]
impl CachePart for rust_decimal::Decimal {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.display(&self.normalize());
    }
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use chrono::{
        DateTime, FixedOffset, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
        Utc, Weekday,
    };

    use crate::key::component::{CachePart, PartWriter};

    /// The instant, in UTC: two of one instant are written equally, whatever their time zones.
    impl<Tz: TimeZone> CachePart for DateTime<Tz> {
        fn write_part(&self, out: &mut PartWriter<'_>) {
            out.display(&format_args!("{:?}", self.with_timezone(&Utc)));
        }
    }

    macro_rules! as_shown {
        ($($ty:ty: $form:literal)*) => {$(
            impl CachePart for $ty {
                fn write_part(&self, out: &mut PartWriter<'_>) {
                    out.display(&format_args!($form, self));
                }
            }
        )*};
    }
    as_shown! {
        NaiveDate: "{}" NaiveTime: "{}" NaiveDateTime: "{:?}" TimeDelta: "{}"
        FixedOffset: "{}" Weekday: "{}"
    }

    impl CachePart for Month {
        fn write_part(&self, out: &mut PartWriter<'_>) {
            out.name(self.name());
        }
    }

    impl CachePart for Utc {
        fn write_part(&self, out: &mut PartWriter<'_>) {
            out.name("UTC");
        }
    }
}
