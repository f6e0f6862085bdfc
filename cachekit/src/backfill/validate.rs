//! The validation of entries that were read from L2: an entry is served as fresh, served as stale,
//! or rejected.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::backfill::found_entry::life;
use crate::backfill::lookup::{L2Lookup, LookupStart};
use crate::base::fault::{Point, guard, removed};
use crate::core::build_entry::Value;
use crate::encoding::envelope::read::{Envelope, Reject};
use crate::encoding::envelope::{IMPLICIT, Token, Version};
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;
use crate::model::miss_cause::MissCause;
use crate::model::miss_reason::MissReason;
use crate::return_type::erased_ops::ValueOps;
use crate::store::failure::Failure;
use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::port::{Found, MadeBy};

/// The limit in bytes of an envelope without the encoded value. Real envelopes are much smaller.
const OVERHEAD: usize = 64 << 10;

/// The result of the validation of an entry from L2: a fresh entry, a stale entry, or none.
pub(crate) enum Validated {
    /// A fresh entry to serve, with the entry's fencing token in L2.
    Fresh(Arc<MemoryEntry>, Token),
    /// A stale entry, with the entry's fencing token in L2. The entry is otherwise valid, and still
    /// within the window for which the call's options allow a stale value.
    Stale(Arc<MemoryEntry>, Token),
    /// No usable entry was found in L2. The token belongs to the rejected entry, so that L2 does
    /// not offer that entry again. `None` if L2 had no entry.
    Rejected(Option<Token>),
}

/// The worst state of the versions that an entry depends on. The variants are in the order from the
/// best state to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum VersionStatus {
    /// No version that the entry depends on was invalidated.
    Current,
    /// At least one version was softly invalidated, and no version was invalidated in hard mode.
    SoftInvalidated,
    Invalid,
}

impl L2Lookup<'_> {
    /// Validates the entry that L2 returned. Reads the versions of value tags from L2 if the
    /// question to L2 did not ask for them.
    ///
    /// If memory has an unconfirmed entry, that entry is evicted unless the entry from L2 is fresh.
    /// If memory kept the unconfirmed entry, memory would serve that entry when the next question
    /// to L2 gets no answer.
    pub(crate) async fn validate(
        &self,
        ops: &ValueOps,
        found: &Found,
        mut start: LookupStart,
    ) -> Result<Validated, Failure> {
        let unconfirmed = start.unconfirmed.take();
        let validated = self.validate_found(ops, found, start).await?;
        if !matches!(validated, Validated::Fresh(..)) {
            unconfirmed.inspect(|stored| stored.evict());
        }
        Ok(validated)
    }

    async fn validate_found(
        &self,
        ops: &ValueOps,
        found: &Found,
        start: LookupStart,
    ) -> Result<Validated, Failure> {
        let envelope = match self.open(found) {
            Ok(envelope) => envelope,
            Err((reason, token)) => {
                if reason == MissReason::Key && !self.may_collide(found) {
                    self.l2.store.discard_connection(&self.keys.entry);
                }
                return Ok(self.reject(reason, token));
            }
        };
        let fill = Some(envelope.fill);
        let (status, cause) = self.version_status(&envelope, found, start.until).await?;
        let is_old = status == VersionStatus::SoftInvalidated;
        if status == VersionStatus::Invalid || (is_old && self.options.window().is_zero()) {
            self.cause.set(cause);
            return Ok(self.reject(MissReason::Invalidated, fill));
        }
        let wire = ops.wire;
        Ok(match self.value(ops, &envelope) {
            Ok(content) => {
                // L2 reported the remaining life before its answer travelled to this node.
                let passed = self.core.clock.now().saturating_sub(start.at);
                let life = life(&envelope, found, passed, is_old);
                let value = Value {
                    heap: self
                        .core
                        .heap(|| wire.map_or(0, |wire| (wire.weigh)(&*content))),
                    content,
                    is_present: !envelope.is_absent,
                    size: ops.size,
                    order: envelope.order,
                    took: envelope.delta,
                    age: envelope.life.saturating_sub(life.left) + life.over,
                };
                self.core.faults.at(Point::BeforeEntry);
                let stored = self.build_entry(&envelope, found, life, value);
                if is_old || found.left <= envelope.grace {
                    self.cause
                        .set(if is_old { cause } else { MissCause::EXPIRED });
                    Validated::Stale(stored, envelope.fill)
                } else {
                    Validated::Fresh(stored, envelope.fill)
                }
            }
            Err(reason) => self.reject(reason, fill),
        })
    }

    /// Returns the remaining time for which the entry that L2 returned is fresh. Returns `None` if
    /// the entry may not be served as fresh.
    pub(crate) async fn life(
        &self,
        found: &Found,
        start: LookupStart,
    ) -> Result<Option<Duration>, Failure> {
        let Ok(envelope) = self.open(found) else {
            return Ok(None);
        };
        if found.left <= envelope.grace {
            return Ok(None);
        }
        let (status, _) = self.version_status(&envelope, found, start.until).await?;
        let is_fresh = status == VersionStatus::Current;
        Ok(is_fresh.then(|| life(&envelope, found, Duration::ZERO, false).left))
    }

    fn reject(&self, reason: MissReason, token: Option<Token>) -> Validated {
        self.l2.counts.reasons.count(reason);
        match reason {
            // The cause is that of the version that was invalidated.
            MissReason::Invalidated => {}
            MissReason::Absent => self.cause.set(MissCause::ABSENT),
            MissReason::Expired => self.cause.set(MissCause::EXPIRED),
            _ => self.cause.set(MissCause::CHANGED),
        }
        Validated::Rejected(token)
    }

    /// Returns `true` if the found entry may belong to another key that has the same name in L2.
    /// Names of long keys end with a hash, which two keys may share.
    fn may_collide(&self, found: &Found) -> bool {
        let bytes = found.bytes.as_deref().unwrap_or_default();
        Envelope::parse(bytes).is_ok_and(|it| {
            let entry = &self.keys.entry;
            entry.may_meet(it.key) || removed!(self.core, OneHash) && entry.is_long()
        })
    }

    /// Opens the envelope of the entry that L2 returned. Returns the reason, and the entry's token
    /// if it has one, if the entry is absent, damaged or too old, or belongs to another key,
    /// function or type.
    fn open<'f>(&self, found: &'f Found) -> Result<Envelope<'f>, (MissReason, Option<Token>)> {
        let bytes = found.bytes.as_deref().ok_or((MissReason::Absent, None))?;
        let most = self.l2.settings.max_value;
        if bytes.len() > most.saturating_add(OVERHEAD) {
            return Err((MissReason::TooLarge, Token::of(bytes)));
        }
        // The scripts of L2 check only the head and the versions, so an entry that was cut short
        // may look good to them.
        let envelope =
            Envelope::parse(bytes).map_err(|reject| (reason(reject), Token::of(bytes)))?;
        let wrong = [
            (
                !guard!(self.core, TrustName: envelope.key == self.key.as_bytes()),
                MissReason::Key,
            ),
            (
                envelope.function != self.owner.name.as_bytes(),
                MissReason::Function,
            ),
            (envelope.codec != self.codec.id(), MissReason::Codec),
            (!envelope.payload.is_readable(), MissReason::Codec),
            (envelope.fingerprint != self.fingerprint, MissReason::Schema),
            (self.is_past_grace(&envelope, found), MissReason::Expired),
            // The size is checked before a buffer is allocated for the value.
            (envelope.payload.length() > most, MissReason::TooLarge),
        ];
        match wrong.iter().find(|(is_wrong, _)| *is_wrong) {
            Some((_, reason)) if *reason == MissReason::Function => {
                self.core
                    .note_key_collision_with(self.owner, envelope.function);
                Err((*reason, Some(envelope.fill)))
            }
            Some((_, reason)) => Err((*reason, Some(envelope.fill))),
            None => Ok(envelope),
        }
    }

    /// Returns `true` if the entry is too old to be served to this call, even as a stale value.
    fn is_past_grace(&self, envelope: &Envelope<'_>, found: &Found) -> bool {
        let over = envelope.grace.checked_sub(found.left);
        over.is_some_and(|over| over >= self.options.window())
    }

    /// Compares the versions with which the entry was stored with the current versions. Reads the
    /// current versions of value tags from L2 if the question to L2 did not ask for them. Returns
    /// the worst status, and the cause of the miss if the entry cannot be used because of it.
    async fn version_status(
        &self,
        envelope: &Envelope<'_>,
        found: &Found,
        until: Instant,
    ) -> Result<(VersionStatus, MissCause), Failure> {
        let names = &self.keys.versions;
        let changed = (VersionStatus::Invalid, MissCause::CHANGED);
        if envelope.versions.len() < names.len() || found.versions.len() != names.len() {
            // Another version of the function's code, which had fewer tags, wrote the entry.
            return Ok(changed);
        }
        let (known, value_tags) = envelope.tags.split_at(names.len() - IMPLICIT);
        let (recorded, value_tag_versions) = envelope.versions.split_at(names.len());
        if !known
            .iter()
            .copied()
            .eq(names[IMPLICIT..].iter().map(StoreKey::as_bytes))
        {
            return Ok(changed);
        }
        let known = self.compare(names, recorded, &found.versions);
        if known.0 == VersionStatus::Invalid {
            return Ok(known);
        }
        let value_tags: Vec<StoreKey> = value_tags.iter().map(|tag| StoreKey::read(tag)).collect();
        let made = MadeBy {
            entry: &self.keys.entry,
            origin: envelope.origin,
            names: [names, &value_tags],
            versions: &envelope.versions,
        };
        if !self.is_of_this_origin(made, until).await? {
            return Ok((VersionStatus::Invalid, MissCause::OTHER));
        }
        if !self.learn_value_tags(&value_tags) {
            return Ok((VersionStatus::Invalid, MissCause::OTHER));
        }
        if value_tags.is_empty() {
            return Ok(known);
        }
        let now = match &found.value_tags {
            Some((token, now)) if *token == envelope.fill && now.len() == value_tags.len() => now,
            _ => &self.l2.store.versions(&value_tags, until).await?,
        };
        let late = self.compare(&value_tags, value_tag_versions, now);
        Ok(if late.0 > known.0 { late } else { known })
    }

    /// Records which of `value_tags`, the names after those that the call knew, the entries of the
    /// owner have. Returns `false` if the entry was computed from another entry, whose invalidation
    /// may still wait in the outbox.
    fn learn_value_tags(&self, value_tags: &[StoreKey]) -> bool {
        // From the first version of a key on, the names are those of entries that this entry was
        // computed from.
        let is_own = |name: &&StoreKey| !name.is_key_version();
        let own = value_tags.iter().take_while(is_own).count();
        if own == 0 && self.knows_call {
            self.owner.tag_prefixes.record_none();
        }
        if own < value_tags.len() {
            self.owner.set_composed();
            // The entry may have been computed from an entry whose invalidation L2 does not have yet.
            if !guard!(self.core, IgnoreQueued: self.l2.bus.outbox.is_clear()) {
                return false;
            }
        }
        // Without a call, tags that every call knows are among the names.
        let learned = if self.knows_call { own } else { 0 };
        for name in value_tags[..learned].iter().filter(|name| name.is_tag()) {
            self.owner.tag_prefixes.record(tag_prefix(name));
        }
        true
    }

    /// Compares the versions `recorded` in the entry with the current versions `now`, which have
    /// the same order as their `names`. Returns the worst status of all versions, and the cause of a
    /// miss that the first version with this status makes.
    fn compare(
        &self,
        names: &[StoreKey],
        recorded: &[Version],
        now: &[Option<Version>],
    ) -> (VersionStatus, MissCause) {
        if recorded.len() != now.len() {
            return (VersionStatus::Invalid, MissCause::CHANGED);
        }
        let zero = removed!(self.core, MissingTagIsZero);
        let missing = zero.then_some(Version([0; Version::LEN]));
        let one = |(was, is): (&Version, &Option<Version>)| match is.or(missing) {
            Some(is) if is == *was => VersionStatus::Current,
            Some(is) if is.is_same_generation(*was) && removed!(self.core, IgnoreSoftHalf) => {
                VersionStatus::Current
            }
            Some(is) if is.is_same_generation(*was) => VersionStatus::SoftInvalidated,
            _ => VersionStatus::Invalid,
        };
        let worst = || recorded.iter().zip(now).map(one);
        let status = worst().max().unwrap_or(VersionStatus::Current);
        if status == VersionStatus::Current {
            return (status, MissCause::OTHER);
        }
        let name = worst().position(|it| it == status);
        let name = name.and_then(|index| names.get(index));
        (
            status,
            name.map_or(MissCause::OTHER, |name| self.moved(name)),
        )
    }

    /// Returns the cause of a miss that an invalidation of the version `name` makes.
    fn moved(&self, name: &StoreKey) -> MissCause {
        let Some((kind, text)) = name.parts() else {
            return MissCause::OTHER;
        };
        match kind {
            "all" => MissCause::CLEARED,
            "f" if text == self.owner.name.as_bytes() => MissCause::FUNCTION,
            "v" if text == self.key.as_bytes() => MissCause::KEY,
            "f" | "v" => MissCause::SOURCE,
            "e" => MissCause::EVENT,
            "t" => {
                let tag = str::from_utf8(text);
                tag.map_or(MissCause::OTHER_TAG, |tag| self.owner.moved_tag(tag))
            }
            _ => MissCause::OTHER,
        }
    }

    /// Returns `true` if an entry was made in the data set that the store holds now, or if the cache
    /// accepts any data set. A server that came back with an older data set may have versions that
    /// were invalidated in the newer data set.
    async fn is_of_this_origin(&self, made: MadeBy<'_>, until: Instant) -> Result<bool, Failure> {
        let l2 = self.l2;
        if l2.accepts_any_origin() || l2.store.is_of_data_set(made) {
            return Ok(true);
        }
        if removed!(self.core, MissingTagIsZero) {
            return Ok(true);
        }
        // The server's data set may have changed since this process last asked for its origin.
        l2.store.ask_origin(made, until).await
    }

    /// Decodes the value from the envelope, or makes the absence that the envelope stands for.
    /// Returns the reason as the error if decompressing or decoding fails.
    fn value(&self, ops: &ValueOps, envelope: &Envelope<'_>) -> Result<AnyShared, MissReason> {
        if envelope.is_absent {
            return Ok((ops.absence)());
        }
        let payload = envelope.payload.open().ok_or(MissReason::Compression)?;
        let decode = ops.wire.ok_or(MissReason::Undecodable)?.decode;
        decode(self.codec, &payload).map_err(|_| MissReason::Undecodable)
    }
}

fn reason(reject: Reject) -> MissReason {
    match reject {
        Reject::NotOurs => MissReason::Foreign,
        Reject::Format => MissReason::Format,
        Reject::Vacant => MissReason::Absent,
        Reject::Damaged => MissReason::Damaged,
        Reject::Sealed => MissReason::Encryption,
    }
}
