//! `ret` is the value; an argument of that name would hide it.

use cachekit::{cached, invalidates, write_through};

#[cached(store_if = *ret > 1)]
async fn expression(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

#[cached(ttl = std::time::Duration::from_secs(*ret))]
async fn ttl(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

#[invalidates(tags = ["users"], if = *ret > 1)]
async fn condition(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

#[cached(key = "k:{ret}", tags = ["org:{ret}", "{ret}"])]
async fn template(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

#[cached(key = "k:{id}", events = ["org:{ret.id}"])]
async fn event((id, ret): (u64, Repo)) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    drop(ret);
    id
}

#[invalidates(tags = ["org:{ret}"])]
async fn invalidated(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

#[invalidates(template(ret))]
async fn reference(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

#[write_through(plain(1), value = ret + 1)]
async fn value(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

#[write_through(plain(1), order_by = *ret)]
async fn order(ret: u64) -> u64 { //~ an argument named `ret` hides the value that `ret` means here; rename it
    ret
}

/// Where there is no value yet, it is the argument.
#[cached(key = "plain:{ret}")]
async fn plain(ret: u64) -> u64 {
    ret
}

pub struct Repo {
    pub id: u64,
}

impl Repo {
    fn wants(&self, id: u64) -> bool {
        self.id == id
    }

    #[cached(skip(self), store_if = self.wants(*ret))] //~ `self` and `ret` cannot stand in one expression
    pub async fn get(&self, id: u64) -> u64 {
        id
    }
}

fn main() {}
