//! A reference is checked like a call.

use cachekit::{cached, invalidates, write_through};

pub struct Pool;

#[cached(key = "user:{id}")]
async fn get_user(pool: &Pool, id: u64) -> u64 {
    let _ = pool;
    id
}

pub struct Repo;

impl cachekit::Shared for Repo {}

impl Repo {
    #[cached(key = "repo:{id}")]
    pub async fn get(&self, id: u64) -> u64 {
        id
    }

    pub async fn plain(&self, id: u64) -> u64 {
        id
    }

    #[invalidates(self.gett(id))] //~ no method named `__key_of_gett__needs_companion_Self_or_a_key_or_tag`
    pub async fn unknown_method(&self, id: u64) {
        let _ = id;
    }

    #[invalidates(self.plain(id))] //~ no method named `__key_of_plain__needs_companion_Self_or_a_key_or_tag`
    pub async fn method_that_is_not_cached(&self, id: u64) {
        let _ = id;
    }

    /// Without `pub` and without `companion` it cannot be referred to.
    #[cached]
    async fn private(&self, id: u64) -> u64 {
        id
    }

    #[invalidates(self.private(id))] //~ no method named `__key_of_private__needs_companion_Self_or_a_key_or_tag`
    pub async fn private_method(&self, id: u64) {
        let _ = id;
    }

    #[write_through(self.private(id))] //~ no method named `__entry_of_private__needs_companion_Self`
    pub async fn private_method_to_write(&self, id: u64) -> u64 {
        id
    }

    #[invalidates(self.private(..))] //~ no associated item named `__all_of_private__needs_companion_Self`
    pub async fn all_of_a_private_method(&self) {}

    #[cached(companion = false)]
    pub async fn alone(id: u64) -> u64 {
        id
    }

    #[invalidates(Self::alone(id))] //~ `__key_of_alone__needs_companion_Self_or_a_key_or_tag`
    pub async fn associated(id: u64) {
        let _ = id;
    }

    #[invalidates(self.by_trait(id))] //~ no method named `__key_of_by_trait__needs_companion_Self_or_a_key_or_tag`
    pub async fn method_of_a_trait(&self, id: u64) {
        let _ = id;
    }

    #[invalidates(self.get(id, id))] //~ takes 1 argument but 2 arguments were supplied
    pub async fn too_many_for_a_method(&self, id: u64) {
        let _ = id;
    }
}

pub trait Load {
    fn by_trait(&self, id: u64) -> u64;
}

impl Load for Repo {
    #[cached(tier = memory)]
    fn by_trait(&self, id: u64) -> u64 {
        id
    }
}

#[invalidates(get_user(id))] //~ takes 2 arguments but 1 argument was supplied
async fn too_few(id: u64) {
    let _ = id;
}

#[invalidates(get_user(_, id, id))] //~ takes 2 arguments but 3 arguments were supplied
async fn too_many(id: u64) {
    let _ = id;
}

#[invalidates(get_user(_, _))] //~ mismatched types
async fn underscore_for_what_is_in_the_key(id: u64) {
    let _ = id;
}

#[invalidates(get_user(pool, id))] //~ mismatched types
async fn a_value_for_what_is_not_in_the_key(pool: &Pool, id: u64) {
    let _ = (pool, id);
}

#[invalidates(get_user::entry(id))] //~ `get_user::entry` is for code; name the function and all its arguments
async fn an_entry(id: u64) {
    let _ = id;
}

#[invalidates(get_user(_, name))] //~ mismatched types
async fn wrong_type(name: &str) {
    let _ = name;
}

#[invalidates(get_user(_, *id))] //~ cannot be dereferenced
async fn needless_dereference(id: u64) {
    let _ = id;
}

#[invalidates(get_user)] //~ say which entries: `get_user(_, id)` for one
async fn without_parentheses(id: u64) {
    let _ = id;
}

#[invalidates("user:{id}")] //~ expected a function reference like `get_user(_, id)`
async fn a_template(id: u64) {
    let _ = id;
}

#[invalidates(get_user(_, ..))] //~ `..` stands alone: all entries
async fn dots_beside_others(id: u64) {
    let _ = id;
}

#[invalidates(repo.get(..))] //~ write the type: `Type::get(..)` is every entry of the method
async fn all_of_a_method(repo: &Repo) {
    let _ = repo;
}

fn main() {}
