//! `hitbox`, with its moka backend and bincode, the faster of its formats.

use std::time::Duration;

use hitbox_fn::prelude::*;
use hitbox_moka::MokaBackend;

use crate::candidate::Candidate;
use crate::memory::ROOM;
use crate::user::User;

#[cached]
async fn user(id: u64) -> User {
    User::load(id)
}

pub(in crate::memory) fn owned() -> Candidate {
    let backend = MokaBackend::builder()
        .max_entries(ROOM as u64)
        .value_format(hitbox_backend::format::BincodeFormat)
        .build();
    let ttl = Duration::from_secs(300);
    let cache = Cache::builder()
        .backend(backend)
        .policy(PolicyConfig::builder().ttl(ttl).build())
        .build();
    candidate!("hitbox, moka and bincode", cache, |cache, key| user(key.id)
        .cache(&cache)
        .await)
}
