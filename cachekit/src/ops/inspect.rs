//! The look at one entry in Redis, without the function that stored it.

use std::time::Duration;

use crate::core::state::Cache;
use crate::encoding::codec::Codec;
use crate::encoding::compress::Payload;
use crate::encoding::envelope::Version;
use crate::encoding::envelope::read::{Envelope, Reject, lease};
use crate::key::Key;
use crate::l2::tier::SharedTier;
use crate::model::inspection::{Content, Dependency, DependencyState, Inspection, StoredValue};
use crate::model::policy::MOST_REPLICAS;
use crate::model::server_info::QueryError;
use crate::ops::names;
use crate::ops::server_info::no_answer;
use crate::store::failure::Failure;
use crate::store::key_name::StoreKey;
use crate::store::port::{EntryQuery, Found};

impl Cache {
    /// Reads the entry under `key` from Redis without the type of the entry's value. Returns the
    /// entry's function, codec, age and remaining life, and each name that the entry depends on,
    /// with the state of that name. Returns `None` if Redis has no entry under `key`.
    ///
    /// Of an entry with `replicas`, returns the first copy that has a value. Takes two round trips, and
    /// one for each further copy while none with a value is found. Changes nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the cache has no Redis, or if Redis does not answer in time or refuses the
    /// question.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future has no effect on the cache.
    pub async fn inspect(&self, key: &str) -> Result<Option<Inspection>, QueryError> {
        let l2 = self.core().l2.as_deref().ok_or(QueryError::NoServer)?;
        inspect(l2, key).await.map_err(no_answer)
    }
}

async fn inspect(l2: &SharedTier, key: &str) -> Result<Option<Inspection>, Failure> {
    let mut without_value = None;
    for copy in 0..MOST_REPLICAS {
        match inspect_copy(l2, key, copy).await? {
            Some(found) if matches!(found.content, Content::Value(_)) => return Ok(Some(found)),
            found => without_value = without_value.or(found),
        }
    }
    Ok(without_value)
}

async fn inspect_copy(l2: &SharedTier, key: &str, copy: u8) -> Result<Option<Inspection>, Failure> {
    let query = EntryQuery {
        entry: &StoreKey::copy(&Key::new(key.as_bytes()), copy),
        versions: &[],
        with_value_tags: false,
        beside: &[],
    };
    let until = SharedTier::background_deadline();
    let found = l2.store.read(query, until).await?;
    let Some(bytes) = &found.bytes else {
        return Ok(None);
    };
    let content = match Envelope::parse(bytes) {
        Ok(envelope) => {
            let names = names_of(&envelope);
            let now = l2.store.versions(&names, until).await?;
            Content::Value(Box::new(stored_value(&envelope, &found, &names, &now)))
        }
        Err(Reject::Vacant) => Content::Vacant,
        Err(reject) => Content::Unreadable(reason(reject).to_owned()),
    };
    Ok(Some(Inspection {
        key: key.to_owned(),
        copy,
        bytes: bytes.len(),
        left: found.left,
        lease: lease(bytes, found.left),
        content,
    }))
}

/// Returns the names of the versions in `envelope`, in the order of these versions.
fn names_of(envelope: &Envelope<'_>) -> Vec<StoreKey> {
    let function = String::from_utf8_lossy(envelope.function);
    let implicit = [StoreKey::everything(), StoreKey::function(&function)];
    let tags = envelope.tags.iter().map(|tag| StoreKey::read(tag));
    implicit.into_iter().chain(tags).collect()
}

fn stored_value(
    envelope: &Envelope<'_>,
    found: &Found,
    names: &[StoreKey],
    now: &[Option<Version>],
) -> StoredValue {
    let unspent = found.left.saturating_sub(envelope.grace);
    let over = envelope.grace.saturating_sub(found.left);
    let recorded = envelope.versions.iter();
    let dependencies: Vec<_> = names
        .iter()
        .zip(recorded.zip(now))
        .map(|(name, (recorded, now))| dependency(name, *recorded, *now))
        .collect();
    let (fresh_for, stale_for) = if is_softened(&dependencies) && !envelope.grace.is_zero() {
        (Duration::ZERO, found.left)
    } else {
        (unspent, envelope.grace.min(found.left))
    };
    StoredValue {
        function: String::from_utf8_lossy(envelope.function).into_owned(),
        codec: codec(envelope.codec),
        fingerprint: envelope.fingerprint,
        is_none: envelope.is_absent,
        is_compressed: matches!(envelope.payload, Payload::Packed { .. }),
        age: envelope.life.saturating_sub(unspent) + over,
        fresh_for,
        stale_for,
        computed_in: envelope.delta,
        order: envelope.order,
        dependencies,
        payload: envelope
            .payload
            .open()
            .map(|payload| payload.to_vec())
            .unwrap_or_default(),
    }
}

/// Returns `true` if a name was softly invalidated, and none was invalidated otherwise: the value is
/// served as a stale one until Redis drops it.
fn is_softened(dependencies: &[Dependency]) -> bool {
    let has = |state| dependencies.iter().any(|it| it.state == state);
    has(DependencyState::SoftInvalidated) && !has(DependencyState::Invalidated)
}

fn dependency(name: &StoreKey, recorded: Version, now: Option<Version>) -> Dependency {
    let (kind, name) = names::named(name);
    let state = match now {
        Some(now) if now == recorded => DependencyState::Current,
        Some(now) if now.is_same_generation(recorded) => DependencyState::SoftInvalidated,
        _ => DependencyState::Invalidated,
    };
    Dependency { kind, name, state }
}

/// Returns the name of the codec with the number `id`, or the number of an unknown codec.
fn codec(id: u8) -> String {
    let known = [Codec::Bincode, Codec::MsgPack, Codec::Json];
    let named = known.iter().find(|codec| codec.id() == id);
    named.map_or_else(|| id.to_string(), Codec::to_string)
}

fn reason(reject: Reject) -> &'static str {
    match reject {
        Reject::NotOurs => "the bytes were not written by cachekit",
        Reject::Format => "the entry was written by a version of cachekit with another format",
        Reject::Vacant => "the entry has no value yet",
        Reject::Damaged => "the bytes were cut short or changed after they were written",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_if_its_name_was_invalidated() {
        let recorded = Version([1; Version::LEN]);
        let mut soft = recorded;
        soft.0[23] = 2;
        let mut hard = recorded;
        hard.0[12] = 2;
        let name = StoreKey::read(b"t:org:7");
        let state = |now| dependency(&name, recorded, now).state;
        assert_eq!(state(Some(recorded)), DependencyState::Current);
        assert_eq!(state(Some(soft)), DependencyState::SoftInvalidated);
        assert_eq!(state(Some(hard)), DependencyState::Invalidated);
        assert_eq!(state(None), DependencyState::Invalidated);
    }
}
