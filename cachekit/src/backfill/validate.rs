//! Validates entries from L2: whether they may be served, and as which value.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::{guard, removed};
use crate::core::build_entry::Value;
use crate::core::state::Core;
use crate::encoding::codec::Codec;
use crate::encoding::envelope::read::{Envelope, Reject};
use crate::encoding::envelope::{IMPLICIT, Token, Version};
use crate::key::Key;
use crate::l2::entry_keys::EntryKeys;
use crate::l2::tier::SharedTier;
use crate::model::deferred_drop::AnyShared;
use crate::model::entry::MemoryEntry;
use crate::model::entry_options::EntryOptions;
use crate::model::epoch::{Epochs, SequenceNumber};
use crate::model::freshness::Life;
use crate::model::miss_reason::MissReason;
use crate::model::owner::Owner;
use crate::model::tags::{EntryTags, Tag};
use crate::return_type::erased_ops::ValueOps;
use crate::store::key_name::{StoreKey, tag_prefix};
use crate::store::port::{Failure, Found, UNKNOWN_ORIGIN};

/// The room for an envelope's bytes besides its payload, a generous bound.
const OVERHEAD: usize = 64 << 10;

/// A look-up of one entry in L2.
pub(crate) struct L2Lookup<'a> {
    pub(crate) core: &'a Core,
    pub(crate) l2: &'a Arc<SharedTier>,
    pub(crate) owner: &'a Arc<Owner>,
    pub(crate) key: &'a Key,
    pub(crate) keys: EntryKeys,
    pub(crate) options: &'a EntryOptions,
    pub(crate) codec: Codec,
    pub(crate) fingerprint: u64,
    /// The position in this node's sequence of invalidations before the look-up.
    pub(crate) began: SequenceNumber,
    /// The epochs of the entry's tags, if the caller has them.
    pub(crate) epochs: Option<&'a Epochs>,
}

/// The start of a look-up, and its deadline.
#[derive(Debug, Clone)]
pub(crate) struct LookupStart {
    pub(crate) until: Instant,
    at: Duration,
    /// The entry in memory at that time, if it was not confirmed. The answer replaces it in any
    /// case.
    unconfirmed: Option<Arc<MemoryEntry>>,
}

/// The result of a validation.
pub(crate) enum Validated {
    /// A fresh entry, with the token in L2.
    Fresh(Arc<MemoryEntry>, Token),
    /// A stale entry that is otherwise good, within the time for which the call's options keep it.
    Stale(Arc<MemoryEntry>, Token),
    /// No entry. Has the token in L2, so that the store does not offer the same entry again.
    Rejected(Option<Token>),
}

/// The state of an entry's versions, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum VersionStatus {
    /// No version was invalidated.
    Current,
    /// At least one version was softly invalidated, and none in hard mode.
    SoftInvalidated,
    Invalid,
}

impl L2Lookup<'_> {
    /// Starts a look-up. Called before each question to the store.
    pub(crate) fn started(&self, until: Instant) -> LookupStart {
        let core = self.core;
        LookupStart {
            until,
            at: core.clock.now(),
            unconfirmed: core
                .unconfirmed(self.key)
                .filter(|_| !removed!(core, ForgetAnswer)),
        }
    }

    /// Validates the found entry. Reads the versions of value tags if the look-up did not.
    ///
    /// An unconfirmed entry in memory is evicted unless the found entry is fresh. Otherwise it
    /// would be served if the next look-up got no answer.
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
                    self.l2.store.discard_connection();
                }
                return Ok(self.reject(reason, token));
            }
        };
        let fill = Some(envelope.fill);
        let status = self.version_status(&envelope, found, start.until).await?;
        let is_old = status == VersionStatus::SoftInvalidated;
        if status == VersionStatus::Invalid || (is_old && self.options.window().is_zero()) {
            return Ok(self.reject(MissReason::Invalidated, fill));
        }
        let wire = ops.wire;
        Ok(match self.value(ops, &envelope) {
            Ok(content) => {
                // The store reported the remaining life before its answer travelled.
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
                };
                let stored = self.build_entry(&envelope, life, value);
                if is_old || found.left <= envelope.grace {
                    Validated::Stale(stored, envelope.fill)
                } else {
                    Validated::Fresh(stored, envelope.fill)
                }
            }
            Err(reason) => self.reject(reason, fill),
        })
    }

    /// Returns the remaining life of the found entry, if it may be served as fresh.
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
        let status = self.version_status(&envelope, found, start.until).await?;
        let is_fresh = status == VersionStatus::Current;
        Ok(is_fresh.then(|| life(&envelope, found, Duration::ZERO, false).left))
    }

    fn reject(&self, reason: MissReason, token: Option<Token>) -> Validated {
        self.l2.counts.reasons.count(reason);
        Validated::Rejected(token)
    }

    /// Returns `true` if the entry of another key may have this name: names of long keys are
    /// hashes.
    fn may_collide(&self, found: &Found) -> bool {
        let bytes = found.bytes.as_deref().unwrap_or_default();
        Envelope::parse(bytes).is_ok_and(|it| {
            let entry = &self.keys.entry;
            entry.may_meet(it.key) || removed!(self.core, OneHash) && entry.is_long()
        })
    }

    /// Opens the found entry, if it belongs to this key, is alive and has the requested type.
    fn open<'f>(&self, found: &'f Found) -> Result<Envelope<'f>, (MissReason, Option<Token>)> {
        let bytes = found.bytes.as_deref().ok_or((MissReason::Absent, None))?;
        let most = self.l2.settings.max_value;
        if bytes.len() > most.saturating_add(OVERHEAD) {
            return Err((MissReason::TooLarge, Token::of(bytes)));
        }
        // The store's scripts check only the head and the versions, so an entry that was cut short
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
            // Checked before a buffer is allocated for it.
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

    /// Returns `true` if the entry is too old to be served even as a stale value.
    fn is_past_grace(&self, envelope: &Envelope<'_>, found: &Found) -> bool {
        let over = envelope.grace.checked_sub(found.left);
        over.is_some_and(|over| over >= self.options.window())
    }

    /// Compares all versions that the entry depends on with the current ones.
    async fn version_status(
        &self,
        envelope: &Envelope<'_>,
        found: &Found,
        until: Instant,
    ) -> Result<VersionStatus, Failure> {
        let names = &self.keys.versions;
        if envelope.versions.len() < names.len() || found.versions.len() != names.len() {
            // Written by code that knew fewer tags.
            return Ok(VersionStatus::Invalid);
        }
        let (known, value_tags) = envelope.tags.split_at(names.len() - IMPLICIT);
        let (recorded, value_tag_versions) = envelope.versions.split_at(names.len());
        if !known
            .iter()
            .copied()
            .eq(names[IMPLICIT..].iter().map(StoreKey::as_bytes))
        {
            return Ok(VersionStatus::Invalid);
        }
        let status = self.compare(recorded, &found.versions);
        if status == VersionStatus::Invalid
            || !self.is_of_this_origin(&envelope.versions, until).await?
        {
            return Ok(VersionStatus::Invalid);
        }
        if value_tags.is_empty() {
            self.owner.tag_prefixes.record_none();
            return Ok(status);
        }
        let value_tags: Vec<StoreKey> = value_tags.iter().map(|tag| StoreKey::read(tag)).collect();
        for name in value_tags.iter().filter(|name| name.is_tag()) {
            self.owner.tag_prefixes.record(tag_prefix(name));
        }
        if let Some((token, versions)) = &found.value_tags
            && *token == envelope.fill
            && versions.len() == value_tags.len()
        {
            return Ok(status.max(self.compare(value_tag_versions, versions)));
        }
        let versions = self.l2.store.versions(&value_tags, until).await?;
        Ok(status.max(self.compare(value_tag_versions, &versions)))
    }

    /// Compares recorded versions with the current ones, and returns the worst status.
    fn compare(&self, recorded: &[Version], now: &[Option<Version>]) -> VersionStatus {
        if recorded.len() != now.len() {
            return VersionStatus::Invalid;
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
        let all = recorded.iter().zip(now).map(one);
        all.max().unwrap_or(VersionStatus::Current)
    }

    /// Returns `true` if the versions were made in the data set that the server holds now. A server
    /// that came back with an older data set may have versions that were invalidated since.
    async fn is_of_this_origin(
        &self,
        versions: &[Version],
        until: Instant,
    ) -> Result<bool, Failure> {
        let is_of = |origin| {
            guard!(self.core, BelieveUnknown: origin != UNKNOWN_ORIGIN)
                && versions.iter().all(|version| version.origin() == origin)
        };
        let l2 = self.l2;
        if l2.accepts_any_origin() || is_of(l2.store.origin()) {
            return Ok(true);
        }
        if removed!(self.core, MissingTagIsZero) {
            return Ok(true);
        }
        // The origin may have changed since the server was last asked.
        Ok(is_of(l2.store.ask_origin(until).await?))
    }

    /// Decodes the entry's value, or its absence.
    fn value(&self, ops: &ValueOps, envelope: &Envelope<'_>) -> Result<AnyShared, MissReason> {
        if envelope.is_absent {
            return Ok((ops.absence)());
        }
        let payload = envelope.payload.open().ok_or(MissReason::Compression)?;
        let decode = ops.wire.ok_or(MissReason::Undecodable)?.decode;
        decode(self.codec, &payload).map_err(|_| MissReason::Undecodable)
    }

    /// Returns this node's epochs of all that the entry depends on.
    fn epochs_of(&self, envelope: &Envelope<'_>) -> Epochs {
        let has_value_tags = envelope.versions.len() > self.keys.versions.len();
        if let Some(epochs) = self.epochs.filter(|_| !has_value_tags) {
            // The tags were compared: these are the entry's epochs.
            return epochs.clone();
        }
        let tags = envelope.tags.iter();
        let entry_tags = EntryTags {
            tags: tags.filter_map(|name| Tag::named(name)).collect(),
            ..EntryTags::default()
        };
        self.core.epochs(self.owner, &entry_tags)
    }

    fn build_entry(&self, envelope: &Envelope<'_>, life: Life, value: Value) -> Arc<MemoryEntry> {
        self.core.build_entry(
            self.owner,
            self.key,
            self.began,
            self.epochs_of(envelope),
            *self.options,
            Some(life),
            value,
        )
    }
}

/// Returns the entry's position in its life, by the store's clock. It is fresh for at most the time
/// that it was stored for, and not at all if a version says that it `is_old`. The report is
/// `passed` old.
fn life(envelope: &Envelope<'_>, found: &Found, passed: Duration, is_old: bool) -> Life {
    let reported = if is_old {
        Duration::ZERO
    } else {
        found.left.saturating_sub(envelope.grace).min(envelope.life)
    };
    Life {
        left: reported.saturating_sub(passed),
        over: envelope.grace.saturating_sub(found.left) + passed.saturating_sub(reported),
    }
}

fn reason(reject: Reject) -> MissReason {
    match reject {
        Reject::NotOurs => MissReason::Foreign,
        Reject::Format => MissReason::Format,
        Reject::Vacant => MissReason::Absent,
        Reject::Damaged => MissReason::Damaged,
    }
}
