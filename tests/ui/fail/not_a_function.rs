//! Where the attributes stand.

use cachekit::{cached, invalidates};

#[cached]
pub struct Struct { //~ expected `fn`
    pub id: u64,
}

#[invalidates(tags = ["a"])]
pub enum Enum { //~ expected `fn`
    A,
}

#[cached]
static STATIC: u64 = 1; //~ expected `fn`

pub trait Repo {
    #[cached]
    async fn without_body(&self, id: u64) -> u64; //~ this function has no body; put the attribute on the `impl`
}

pub struct Sql;

#[cached]
impl Sql { //~ expected `fn`
    pub async fn get(&self) -> u64 {
        1
    }
}

#[cached]
const fn constant() -> u64 { //~ `#[cached]` cannot stand on a `const fn`
    1
}

#[cached]
async unsafe fn not_safe() -> u64 { //~ `#[cached]` cannot stand on an `unsafe fn`
    1
}

#[invalidates(tags = ["a"])]
async unsafe fn not_safe_write() -> u64 { //~ `#[invalidates]` cannot stand on an `unsafe fn`
    1
}

#[cached]
extern "C" fn foreign() -> u64 { //~ `#[cached]` cannot stand on an `extern` function
    1
}

#[cached]
async fn conditional(#[cfg(unix)] id: u64) -> u64 { //~ `#[cached]` cannot take an argument with `#[cfg]`
    id
}

#[cached]
async fn reserved(__cachekit_id: u64) -> u64 { //~ names that begin with `__cachekit` are reserved
    __cachekit_id
}

fn main() {
    // The mistakes above are the only ones: everything still exists.
    let _ = Struct { id: STATIC + constant() + foreign() };
    let _ = Enum::A;
    let _ = Sql.get();
    let _ = unsafe { not_safe() };
    let _ = conditional(1);
    let _ = reserved(1);
}
