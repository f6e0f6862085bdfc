//! `ret` is the value; an argument of that name would hide it.

use cachekit::{cached, invalidates};

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
