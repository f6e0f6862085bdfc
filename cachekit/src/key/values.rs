//! Values of std that are parts of keys, beside the plainest: collections without an order of
//! their own, numbers with a fraction, times, addresses and paths.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::key::buf::KeyBuf;
use crate::key::component::{CachePart, PartWriter};

/// Elements in the order of what is written for them, so that equal sets are written equally.
pub(crate) fn sorted<I>(
    out: &mut PartWriter<'_>,
    items: impl IntoIterator<Item = I>,
    write: impl Fn(&I, &mut PartWriter<'_>),
) {
    let with_text = |item| {
        let mut text = KeyBuf::new();
        write(&item, &mut PartWriter::new(&mut text, 0));
        (Box::<[u8]>::from(text.as_bytes()), item)
    };
    let mut items: Vec<_> = items.into_iter().map(with_text).collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    out.elements(items, |(_, item), out| write(&item, out));
}

/// What two functions write, as a tuple of two.
pub(crate) fn pair(
    out: &mut PartWriter<'_>,
    first: impl FnOnce(&mut PartWriter<'_>),
    second: impl FnOnce(&mut PartWriter<'_>),
) {
    out.open();
    out.element_by(first);
    out.element_by(second);
    out.close();
}

impl<T: CachePart> CachePart for VecDeque<T> {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.elements(self, T::write_part);
    }
}

macro_rules! sets {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<T: CachePart, $($generics)*> CachePart for $ty {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                sorted(out, self, |item, out| item.write_part(out));
            }
        }
    )*};
}
sets! {
    [] BTreeSet<T>;
    [S] HashSet<T, S>;
}

macro_rules! maps {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<K: CachePart, V: CachePart, $($generics)*> CachePart for $ty {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                sorted(out, self, |entry, out| entry.write_part(out));
            }
        }
    )*};
}
maps! {
    [] BTreeMap<K, V>;
    [S] HashMap<K, V, S>;
}

/// By its bits: each of them has a text of its own. `-0.0` is `-0`, and every NaN has its bits.
macro_rules! floats {
    ($($ty:ty)*) => {$(
        impl CachePart for $ty {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                let size = self.abs();
                if self.is_nan() {
                    out.display(&format_args!("NaN{:x}", self.to_bits()));
                } else if size == 0.0 || size.is_infinite() || (1e-5..1e16).contains(&size) {
                    out.display(self);
                } else {
                    out.display(&format_args!("{self:e}"));
                }
            }
        }
    )*};
}
floats!(f32 f64);

/// Seconds, with as many digits behind the point as it has.
struct Seconds(Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(length) = self;
        write!(f, "{}", length.as_secs())?;
        let nanos = format!("{:09}", length.subsec_nanos());
        match nanos.trim_end_matches('0') {
            "" => f.write_str("s"),
            fraction => write!(f, ".{fraction}s"),
        }
    }
}

/// In seconds: `90s`, `0.25s`.
impl CachePart for Duration {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        out.display(&Seconds(*self));
    }
}

/// In seconds since 1970: `1764300000.5s`, `-1s`.
impl CachePart for SystemTime {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => out.display(&Seconds(after)),
            Err(before) => out.display(&format_args!("-{}", Seconds(before.duration()))),
        }
    }
}

macro_rules! addresses {
    ($($ty:ty)*) => {$(
        impl CachePart for $ty {
            fn write_part(&self, out: &mut PartWriter<'_>) {
                out.display(self);
            }
        }
    )*};
}
addresses!(IpAddr Ipv4Addr Ipv6Addr SocketAddrV4);

impl CachePart for SocketAddr {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        match self {
            Self::V4(address) => address.write_part(out),
            Self::V6(address) => address.write_part(out),
        }
    }
}

impl CachePart for SocketAddrV6 {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        // `Display` does not tell it.
        match self.flowinfo() {
            0 => out.display(self),
            flow => pair(out, |out| out.display(self), |out| flow.write_part(out)),
        }
    }
}

/// By its text; by its bytes where that is not Unicode.
impl CachePart for OsStr {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        match self.to_str() {
            Some(text) => out.text(text),
            None => self.as_encoded_bytes().write_part(out),
        }
    }
}

impl CachePart for OsString {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        self.as_os_str().write_part(out);
    }
}

impl CachePart for Path {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        self.as_os_str().write_part(out);
    }
}

impl CachePart for PathBuf {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        self.as_os_str().write_part(out);
    }
}

/// It has one value.
impl<T: ?Sized> CachePart for PhantomData<T> {
    fn write_part(&self, out: &mut PartWriter<'_>) {
        ().write_part(out);
    }
}
