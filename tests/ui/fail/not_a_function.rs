//! Where the attributes stand.

use cachekit::{cached, invalidates, write_through};

#[cached]
pub struct Struct { //~ `#[cached]` stands on a function; put it on the function that makes such a value
    pub id: u64,
}

#[invalidates(tags = ["a"])]
pub enum Enum { //~ `#[invalidates]` stands on a function; put it on the function that makes such a value
    A,
}

#[cached]
static STATIC: u64 = 1; //~ `#[cached]` stands on a function; make this a function

#[cached]
pub const CONST: u64 = 1; //~ `#[cached]` stands on a function; make this a function

#[write_through(get(id))]
pub type Alias = u64; //~ `#[write_through]` stands on a function

#[cached]
mod module {} //~ `#[cached]` stands on a function; put it on each function

#[cached]
pub trait Methods { //~ `#[cached]` stands on a function; put it on the methods of an `impl`
    fn get(&self) -> u64;
}

pub trait Repo {
    #[cached]
    async fn without_body(&self, id: u64) -> u64; //~ this function has no body; put the attribute on the `impl`
}

pub struct Sql;

#[cached]
impl Sql { //~ `#[cached]` stands on a function; put it on each method
    pub async fn get(&self) -> u64 {
        1
    }
}

#[invalidates(tags = ["a"])]
unsafe impl Send for Sql {} //~ `#[invalidates]` stands on a function; put it on each method

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
    let _ = Struct { id: STATIC + CONST + constant() + foreign() };
    let _ = Enum::A;
    let _ = Sql.get();
    let _ = unsafe { not_safe() };
    let _ = conditional(1);
    let _ = reserved(1);
}
