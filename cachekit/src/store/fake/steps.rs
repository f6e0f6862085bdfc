//! The atomic steps of the fake store: the Redis scripts, in Rust.

use std::time::Duration;

use crate::encoding::envelope::head::Head;
use crate::encoding::envelope::{HEAD, IMPLICIT, Token, VERSIONS, Version};
use crate::store::fake::data::Data;
use crate::store::fencing_token::FencingToken;
use crate::store::fill::{Fill, Filled};
use crate::store::key_name::StoreKey;
use crate::store::lease_grant::LeaseGrant;
use crate::store::port::{AcquireRequest, Acquired, Found, LeaseTimes, TokenKind};

/// The largest number of bytes in which the names of an entry's value tags are looked for.
const VALUE_TAGS: usize = 8192;

/// The fencing token of an entry, with the versions of its value tags. Only the entry itself
/// contains the names of these tags.
type Late = (Token, Vec<Option<Version>>);

impl Data {
    pub(crate) fn find(
        &self,
        entry: &StoreKey,
        (versions, beside): (&[StoreKey], &[StoreKey]),
        value_tags: bool,
    ) -> Found {
        Found {
            bytes: self.get(entry).map(<[u8]>::to_vec),
            left: self.left(entry),
            versions: self.versions(versions),
            value_tags: value_tags
                .then(|| self.value_tags(entry, versions.len()))
                .flatten(),
            beside: self.versions(beside),
        }
    }

    fn value_tags(&self, entry: &StoreKey, known: usize) -> Option<Late> {
        let bytes = self.get(entry)?;
        let head = Head::read(bytes).filter(|head| head.is_filled)?;
        let count = count(bytes)?;
        let start = VERSIONS + count * Version::LEN;
        let mut text = bytes.get(start..).unwrap_or_default();
        text = &text[..text.len().min(VALUE_TAGS)];
        let mut names = vec![];
        for index in IMPLICIT..count {
            let (length, rest) = text.split_first_chunk()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (name, rest) = rest.split_at_checked(length)?;
            if name.is_empty() {
                // An encrypted entry hides its names.
                return None;
            }
            if index >= known {
                names.push(StoreKey::read(name));
            }
            text = rest;
        }
        Some((head.token, self.versions(&names)))
    }

    /// Returns the head of `entry`, if the entry has not expired.
    fn head(&self, entry: &StoreKey) -> Option<Head> {
        let is_alive = !self.left(entry).is_zero();
        is_alive.then(|| Head::read(self.get(entry)?)).flatten()
    }

    fn change_head(&mut self, entry: &StoreKey, head: Head) {
        if let Some(bytes) = self.get_mut(entry) {
            head.write(bytes);
        }
    }

    pub(crate) fn acquire(
        &mut self,
        entry: &StoreKey,
        names: &[StoreKey],
        request: &AcquireRequest,
    ) -> Acquired {
        let mut head = self.head(entry);
        let left = self.left(entry);
        let versions = self.make_versions(names, &request.guards, request.version_life);
        let (versions, guards) = versions.split_at(names.len());
        if let Some(head) = &mut head {
            if !request.force && self.is_good(entry, head, left, versions, request.rejected_token) {
                return Acquired::Filled;
            }
            if request.ends_rejected && request.rejected_token == Some(head.token) {
                head.grace = head.grace.max(left);
                self.change_head(entry, *head);
            }
            let other = head.holder.filter(|_| request.holder.is_some());
            if other.is_some() && other != request.holder && left > head.floor {
                let longest = left.saturating_sub(head.floor);
                let is_awaited = true;
                self.change_head(
                    entry,
                    Head {
                        is_awaited,
                        ..*head
                    },
                );
                return Acquired::Held(longest);
            }
        }
        let token = self.take(entry, head, left, request);
        Acquired::Granted(LeaseGrant {
            token,
            versions: versions.to_vec(),
            guards: guards.to_vec(),
            origin: self.origin(),
        })
    }

    /// Returns every version, and makes those that are missing.
    pub(crate) fn make_versions(
        &mut self,
        names: &[StoreKey],
        guards: &[StoreKey],
        life: Duration,
    ) -> Vec<Version> {
        let make = |name: &StoreKey| {
            self.version(name).unwrap_or_else(|| {
                let version = self.new_version();
                let life = (!name.never_expires()).then_some(life);
                self.set(name, version.0.to_vec(), life);
                version
            })
        };
        names.iter().chain(guards).map(make).collect()
    }

    fn is_good(
        &self,
        entry: &StoreKey,
        head: &Head,
        left: Duration,
        versions: &[Version],
        rejected_token: Option<Token>,
    ) -> bool {
        let bytes = self.get(entry).unwrap_or_default();
        let is_fresh = head.is_filled && left > head.grace && Some(head.token) != rejected_token;
        let mut recorded = bytes
            .get(VERSIONS..)
            .unwrap_or_default()
            .chunks(Version::LEN);
        is_fresh
            && count(bytes).is_some_and(|count| count >= versions.len())
            && versions
                .iter()
                .all(|version| recorded.next() == Some(&version.0))
    }

    /// Grants the right to compute `entry` to `request`, and returns the fencing token.
    fn take(
        &mut self,
        entry: &StoreKey,
        head: Option<Head>,
        left: Duration,
        request: &AcquireRequest,
    ) -> Token {
        let there = head.map(|head| head.token);
        let token = match (there, request.token) {
            (Some(there), TokenKind::Shared) => there,
            (Some(there), TokenKind::SameGeneration) => self.new_token().same_generation_as(there),
            (None, _) | (_, TokenKind::New) => self.new_token(),
        };
        let vacant = Head {
            is_filled: false,
            is_awaited: false,
            token,
            holder: None,
            floor: Duration::ZERO,
            grace: Duration::ZERO,
        };
        let mut left = left;
        let mut new = Head {
            token,
            ..head.unwrap_or(vacant)
        };
        if head.is_some() {
            left = self.make_room(entry, &mut new, left, request.lease_times.room);
        } else {
            left = request.lease_times.room;
            self.set(entry, vacant.vacant(), Some(left));
        }
        if request.holder.is_some() {
            new.holder = request.holder;
            new.floor = left.saturating_sub(request.lease_times.lease);
        }
        self.change_head(entry, new);
        token
    }

    /// Keeps `entry` for at least `room`. If the end of the entry moves, the times in `head` that
    /// are measured from the end change too.
    fn make_room(
        &mut self,
        entry: &StoreKey,
        head: &mut Head,
        left: Duration,
        room: Duration,
    ) -> Duration {
        let more = room.saturating_sub(left);
        if more.is_zero() {
            return left;
        }
        self.keep(entry, room);
        head.floor += more;
        head.grace += more;
        room
    }

    pub(crate) fn fill(&mut self, fill: &Fill, copies: Option<&StoreKey>) -> Filled {
        let entry = &fill.fencing_token.entry;
        let head = self.get(entry).and_then(Head::read);
        let Some(head) = head else {
            return Filled::Fenced;
        };
        if let Err(why) = self.fence(fill, &head) {
            return why;
        }
        let names: Vec<StoreKey> = [&fill.versions[..], &fill.guards].concat();
        let recorded = fill.grant.versions.iter().chain(&fill.grant.guards);
        let now = self.versions(&names);
        if !recorded.map(|version| Some(*version)).eq(now) {
            return self.refuse(fill, Some(head), Filled::Invalidated);
        }
        let mut bytes = fill.bytes.clone();
        let start = VERSIONS + fill.versions.len() * Version::LEN;
        let value_tags = fill.value_tags.iter().enumerate();
        for (index, name) in value_tags {
            let version = self.value_tag_version(name, fill.version_life);
            let at = start + index * Version::LEN;
            bytes[at..at + Version::LEN].copy_from_slice(&version.0);
        }
        self.set(entry, bytes, Some(fill.kept));
        let kept = names.iter().chain(&fill.value_tags).skip(IMPLICIT);
        self.keep_at_least(kept, fill.version_life * 3 / 4, fill.version_life);
        self.remove(copies.map_or(&[], std::slice::from_ref));
        self.marks.unmark(fill.ended.as_slice());
        self.wake(entry, head.is_awaited);
        Filled::Stored
    }

    /// Checks that the entry still has the token of `fill` (for a write with an order, the
    /// generation of the token), and that no write with a greater order has stored its value.
    fn fence(&mut self, fill: &Fill, head: &Head) -> Result<(), Filled> {
        let is_own = head.token == fill.fencing_token.token;
        let order = fill
            .order
            .filter(|_| head.token.is_same_generation(fill.fencing_token.token));
        let Some(order) = order else {
            let fenced = |data: &mut Self| data.refuse(fill, Some(*head), Filled::Fenced);
            return if is_own { Ok(()) } else { Err(fenced(self)) };
        };
        match self.get(&fill.fencing_token.entry).and_then(Head::order) {
            Some(there) if there > order => Err(Filled::Older),
            Some(there) if there == order && !is_own => {
                Err(self.refuse(fill, Some(*head), Filled::Fenced))
            }
            _ => Ok(()),
        }
    }

    fn value_tag_version(&mut self, name: &StoreKey, life: Duration) -> Version {
        self.version(name).unwrap_or_else(|| {
            let version = self.new_version();
            self.set(name, version.0.to_vec(), Some(life));
            version
        })
    }

    /// Rejects `fill` for the reason `why`, and ends the lease of the fill's holder.
    fn refuse(&mut self, fill: &Fill, head: Option<Head>, why: Filled) -> Filled {
        if let (Some(head), Some(holder)) = (head, fill.fencing_token.holder)
            && head.holder == Some(holder)
        {
            self.end_lease(&fill.fencing_token.entry, head);
        }
        why
    }

    fn end_lease(&mut self, entry: &StoreKey, head: Head) {
        let ended = Head {
            holder: None,
            is_awaited: false,
            ..head
        };
        self.change_head(entry, ended);
        self.wake(entry, head.is_awaited);
    }

    fn wake(&mut self, entry: &StoreKey, is_awaited: bool) {
        if is_awaited {
            self.woken.push(entry.clone());
        }
    }

    pub(crate) fn renew(
        &mut self,
        fencing_token: &FencingToken,
        lease_times: LeaseTimes,
        needed: (&[StoreKey], Duration),
    ) {
        let left = self.left(&fencing_token.entry);
        let head = self.head(&fencing_token.entry);
        let Some(mut head) = head.filter(|head| head.token == fencing_token.token) else {
            return;
        };
        let left = self.make_room(&fencing_token.entry, &mut head, left, lease_times.room);
        if !lease_times.lease.is_zero()
            && fencing_token.holder.is_some()
            && head.holder == fencing_token.holder
        {
            head.floor = left.saturating_sub(lease_times.lease);
        }
        self.change_head(&fencing_token.entry, head);
        self.keep_at_least(needed.0, needed.1, needed.1);
    }

    /// Extends the lifetime of each version under `names` to `life` from now, if less than `least` of it
    /// is left.
    fn keep_at_least<'a>(
        &mut self,
        names: impl IntoIterator<Item = &'a StoreKey>,
        least: Duration,
        life: Duration,
    ) {
        for name in names {
            if self.left(name) < least {
                self.keep(name, life);
            }
        }
    }

    pub(crate) fn release(&mut self, fencing_token: &FencingToken) {
        let head = self.get(&fencing_token.entry).and_then(Head::read);
        if let Some(head) =
            head.filter(|head| head.holder.is_some() && head.holder == fencing_token.holder)
        {
            self.end_lease(&fencing_token.entry, head);
        }
    }

    pub(crate) fn invalidate_softly(&mut self, names: &[StoreKey]) {
        for name in names {
            if name.is_entry() {
                self.invalidate_entry_softly(name);
            } else if let Some(version) = self.version(name) {
                let soft = self.new_half();
                if let Some(bytes) = self.get_mut(name) {
                    *bytes = version.softened(soft).0.to_vec();
                }
            }
        }
    }

    fn invalidate_entry_softly(&mut self, entry: &StoreKey) {
        let head = self.head(entry).filter(|head| head.is_filled);
        let Some(head) = head.filter(|head| !head.grace.is_zero()) else {
            return self.remove(std::slice::from_ref(entry));
        };
        if self.left(entry) > head.grace {
            self.keep(entry, head.grace);
        }
        let void = Head {
            is_awaited: false,
            token: self.new_token(),
            holder: None,
            floor: Duration::ZERO,
            ..head
        };
        self.change_head(entry, void);
    }
}

/// Returns the number of versions in the entry `bytes`.
fn count(bytes: &[u8]) -> Option<usize> {
    let count = bytes.get(VERSIONS - 2..VERSIONS)?.try_into().ok()?;
    debug_assert!(bytes.len() >= HEAD, "it has a head");
    Some(usize::from(u16::from_le_bytes(count)))
}
