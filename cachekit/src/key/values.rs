//! `CacheKey` for floats, times, addresses and paths of std.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ffi::{OsStr, OsString};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::key::component::{CacheKey, KeyWriter};
use crate::key::containers::pair;

/// Implements `CacheKey` for floats. Two floats with different bits are written as different texts:
/// `-0.0` as `-0`, and a NaN with its bits.
macro_rules! floats {
    ($($ty:ty)*) => {$(
        impl CacheKey for $ty {
            fn write_key(&self, out: &mut KeyWriter<'_>) {
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

/// A duration whose `Display` is a number of seconds, with as many digits after the point as
/// needed.
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

/// A `Duration` in a key is written in seconds: `90s`, `0.25s`.
impl CacheKey for Duration {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        out.display(&Seconds(*self));
    }
}

/// A `SystemTime` in a key is written in seconds since the beginning of 1970, in UTC:
/// `1764300000.5s`. A time before 1970 is negative: `-1s`.
impl CacheKey for SystemTime {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        match self.duration_since(Self::UNIX_EPOCH) {
            Ok(after) => out.display(&Seconds(after)),
            Err(before) => out.display(&format_args!("-{}", Seconds(before.duration()))),
        }
    }
}

macro_rules! addresses {
    ($($ty:ty)*) => {$(
        impl CacheKey for $ty {
            fn write_key(&self, out: &mut KeyWriter<'_>) {
                out.display(self);
            }
        }
    )*};
}
addresses!(IpAddr Ipv4Addr Ipv6Addr SocketAddrV4);

impl CacheKey for SocketAddr {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        match self {
            Self::V4(address) => address.write_key(out),
            Self::V6(address) => address.write_key(out),
        }
    }
}

impl CacheKey for SocketAddrV6 {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        // The `Display` of an IPv6 address does not contain the flow information.
        match self.flowinfo() {
            0 => out.display(self),
            flow => pair(out, |out| out.display(self), |out| flow.write_key(out)),
        }
    }
}

/// An `OsStr` in a key is written as its text or, if it is not Unicode, as a slice of its bytes.
impl CacheKey for OsStr {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        match self.to_str() {
            Some(text) => out.text(text),
            None => self.as_encoded_bytes().write_key(out),
        }
    }
}

impl CacheKey for OsString {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        self.as_os_str().write_key(out);
    }
}

impl CacheKey for Path {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        self.as_os_str().write_key(out);
    }
}

impl CacheKey for PathBuf {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        self.as_os_str().write_key(out);
    }
}

/// A `PhantomData` in a key is written as `()`, because its type has only one value.
impl<T: ?Sized> CacheKey for PhantomData<T> {
    fn write_key(&self, out: &mut KeyWriter<'_>) {
        ().write_key(out);
    }
}
