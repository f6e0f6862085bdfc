//! The queues of write-behind functions in a store that encrypts.
//!
//! The arguments of a write, and the reason of a dead write, are encrypted. With `hash_keys` the key
//! of a write is encrypted too, equal keys equally, so that the queue still finds the writes of a key.

use std::time::Duration;

use tokio::time::Instant;

use crate::base::fault::removed;
use crate::encoding::encryption::{Place, blob};
use crate::l2::encrypted_store::{EncryptedStore, no_random};
use crate::model::queue_spec::QueueKind;
use crate::store::write_queue::{
    Claim, ClaimRequest, Claimed, DeadItem, Enqueued, Failed, Finish, NewWrite, Part, Payload,
    QueueFuture, QueueState, QueuedItem, Retry, Taken, WriteQueue, Written,
};

/// The beginning of an encrypted reason, before its bytes in hexadecimal digits: a reason is text.
const SEALED_REASON: &str = "encrypted:";

/// The beginning of a key that did not open, before its bytes in the queue. It is not UTF-8, so no
/// key of an entry begins with it.
const UNOPENED_KEY: &[u8] = b"\xffunopened:";

/// The text that people see in place of one that no key opens.
const ENCRYPTED: &str = "(encrypted)";

/// The text that people see before one that is not encrypted, so that anybody may have written it.
const NOT_ENCRYPTED: &str = "(not encrypted) ";

impl EncryptedStore {
    /// Returns the key that the queue has in place of `key`.
    fn queue_key(&self, queue: &str, key: &[u8]) -> Vec<u8> {
        if let Some(found) = key.strip_prefix(UNOPENED_KEY) {
            return found.to_vec();
        }
        let parts = [queue.as_bytes()];
        let place = key_place(&parts);
        blob::seal_name(&self.sealer, place, key).unwrap_or_else(|| key.to_vec())
    }

    /// Returns the key whose place `key` has in the queue. With `hash_keys`, a key that does not open
    /// is returned in a form that [`queue_key`](Self::queue_key) turns back into the bytes in the
    /// queue, and for which no arguments open.
    fn opened_key(&self, queue: &str, key: Vec<u8>) -> Vec<u8> {
        if !self.sealer.hashes_names() {
            return key;
        }
        let parts = [queue.as_bytes()];
        let place = key_place(&parts);
        blob::open_name(&self.sealer, place, &key)
            .unwrap_or_else(|| [UNOPENED_KEY, &key[..]].concat())
    }

    fn queue_keys(&self, queue: &str, keys: &[Vec<u8>]) -> Vec<Vec<u8>> {
        keys.iter().map(|key| self.queue_key(queue, key)).collect()
    }

    fn written(&self, queue: &str, written: &Written) -> Written {
        Written {
            key: self.queue_key(queue, &written.key),
            version: written.version,
        }
    }

    fn all_written(&self, queue: &str, all: &[Written]) -> Vec<Written> {
        all.iter().map(|it| self.written(queue, it)).collect()
    }

    fn sealed_payload(&self, queue: &str, key: &[u8], payload: &Payload) -> Option<Payload> {
        let Payload::Encoded(bytes) = payload else {
            return Some(payload.clone());
        };
        let sealed = blob::seal(&self.sealer, write_place(&[queue.as_bytes(), key]), bytes);
        sealed.map(Payload::Encoded)
    }

    /// Returns the arguments in `payload`. Arguments in clear, and arguments that no key opens, become
    /// bytes that nobody can read, so that the worker puts the write aside.
    fn opened_payload(&self, queue: &str, key: &[u8], payload: Payload) -> Payload {
        let Payload::Encoded(bytes) = payload else {
            return payload;
        };
        let opened = blob::open(&self.sealer, write_place(&[queue.as_bytes(), key]), &bytes);
        Payload::Encoded(match opened {
            Some(opened) => opened,
            None if blob::is_sealed(&bytes) || removed!(self, TrustClearWrite) => bytes,
            None => blob::in_clear(),
        })
    }

    fn opened_item(&self, queue: &str, key: &[u8], item: QueuedItem) -> QueuedItem {
        QueuedItem {
            payload: self.opened_payload(queue, key, item.payload),
            ..item
        }
    }

    fn opened_dead(&self, queue: &str, item: DeadItem) -> DeadItem {
        let key = self.opened_key(queue, item.key);
        DeadItem {
            payload: self.opened_payload(queue, &key, item.payload),
            reason: self.opened_reason(queue, &key, &item.reason),
            key: shown_key(key),
            ..item
        }
    }

    fn sealed_reason(&self, queue: &str, key: &[u8], reason: &str) -> Option<String> {
        let parts = [queue.as_bytes(), key];
        let place = reason_place(&parts);
        let sealed = blob::seal(&self.sealer, place, reason.as_bytes())?;
        let mut text = SEALED_REASON.to_owned();
        for byte in sealed {
            text.extend([byte >> 4, byte & 15].map(digit));
        }
        Some(text)
    }

    fn opened_reason(&self, queue: &str, key: &[u8], reason: &str) -> String {
        let Some(digits) = reason.strip_prefix(SEALED_REASON) else {
            return format!("{NOT_ENCRYPTED}{reason}");
        };
        let bytes = digits.as_bytes().chunks(2).map(|pair| {
            let pair = str::from_utf8(pair).ok()?;
            u8::from_str_radix(pair, 16).ok()
        });
        let opened = bytes.collect::<Option<Vec<u8>>>().and_then(|bytes| {
            let parts = [queue.as_bytes(), key];
            let place = reason_place(&parts);
            blob::open(&self.sealer, place, &bytes)
        });
        match opened {
            Some(text) => String::from_utf8_lossy(&text).into_owned(),
            None => ENCRYPTED.to_owned(),
        }
    }
}

/// Returns `key` of a dead write as people see it.
fn shown_key(key: Vec<u8>) -> Vec<u8> {
    match key.strip_prefix(UNOPENED_KEY) {
        None => key,
        Some(found) if blob::is_sealed_name(found) => ENCRYPTED.into(),
        Some(found) => [NOT_ENCRYPTED.as_bytes(), found].concat(),
    }
}

fn digit(half: u8) -> char {
    char::from_digit(u32::from(half), 16).unwrap_or('0')
}

fn key_place<'a>(parts: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        kind: "queue key",
        parts,
    }
}

fn write_place<'a>(parts: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        kind: "queued write",
        parts,
    }
}

fn reason_place<'a>(parts: &'a [&'a [u8]]) -> Place<'a> {
    Place {
        kind: "reason",
        parts,
    }
}

impl WriteQueue for EncryptedStore {
    fn enqueue<'a>(&'a self, write: &'a NewWrite<'a>, until: Instant) -> QueueFuture<'a, Enqueued> {
        Box::pin(async move {
            let payload = self.sealed_payload(write.queue, write.key, &write.payload);
            let write = NewWrite {
                key: &self.queue_key(write.queue, write.key),
                payload: payload.ok_or_else(no_random)?,
                ..*write
            };
            self.inner.write_queue().enqueue(&write, until).await
        })
    }

    fn newest<'a>(
        &'a self,
        queue: &'a str,
        key: &'a [u8],
        until: Instant,
    ) -> QueueFuture<'a, Option<QueuedItem>> {
        Box::pin(async move {
            let hidden = self.queue_key(queue, key);
            let found = self
                .inner
                .write_queue()
                .newest(queue, &hidden, until)
                .await?;
            Ok(found.map(|item| self.opened_item(queue, key, item)))
        })
    }

    fn claim<'a>(
        &'a self,
        request: &'a ClaimRequest<'a>,
        until: Instant,
    ) -> QueueFuture<'a, Claimed> {
        Box::pin(async move {
            let queue = request.claim.queue;
            let mut claimed = self.inner.write_queue().claim(request, until).await?;
            for key in &mut claimed.keys {
                key.key = self.opened_key(queue, std::mem::take(&mut key.key));
                let items = std::mem::take(&mut key.items).into_iter();
                let opened = items.map(|item| self.opened_item(queue, &key.key, item));
                key.items = opened.collect();
            }
            Ok(claimed)
        })
    }

    fn begin<'a>(
        &'a self,
        claim: Claim<'a>,
        first: &'a [Written],
        until: Instant,
    ) -> QueueFuture<'a, Vec<usize>> {
        Box::pin(async move {
            let first = self.all_written(claim.queue, first);
            self.inner.write_queue().begin(claim, &first, until).await
        })
    }

    fn outlive<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        Box::pin(async move {
            let keys = self.queue_keys(claim.queue, keys);
            self.inner.write_queue().outlive(claim, &keys, until).await
        })
    }

    fn renew<'a>(
        &'a self,
        claim: Claim<'a>,
        keys: &'a [Vec<u8>],
        lease: Duration,
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        Box::pin(async move {
            let keys = self.queue_keys(claim.queue, keys);
            let queues = self.inner.write_queue();
            queues.renew(claim, &keys, lease, until).await
        })
    }

    fn finish<'a>(
        &'a self,
        claim: Claim<'a>,
        finish: Finish<'a>,
        until: Instant,
    ) -> QueueFuture<'a, bool> {
        Box::pin(async move {
            let written = self.all_written(claim.queue, finish.written);
            let finish = Finish {
                written: &written,
                ..finish
            };
            self.inner.write_queue().finish(claim, finish, until).await
        })
    }

    fn retry<'a>(
        &'a self,
        claim: Claim<'a>,
        retry: Retry<'a>,
        until: Instant,
    ) -> QueueFuture<'a, ()> {
        Box::pin(async move {
            let write = self.written(claim.queue, retry.write);
            let retry = Retry {
                write: &write,
                ..retry
            };
            self.inner.write_queue().retry(claim, retry, until).await
        })
    }

    fn hide<'a>(
        &'a self,
        claim: Claim<'a>,
        write: &'a Written,
        until: Instant,
    ) -> QueueFuture<'a, bool> {
        Box::pin(async move {
            let write = self.written(claim.queue, write);
            self.inner.write_queue().hide(claim, &write, until).await
        })
    }

    fn bury<'a>(
        &'a self,
        claim: Claim<'a>,
        failed: Failed<'a>,
        until: Instant,
    ) -> QueueFuture<'a, bool> {
        Box::pin(async move {
            let reason = self.sealed_reason(claim.queue, &failed.write.key, failed.reason);
            let (reason, write) = (
                reason.ok_or_else(no_random)?,
                self.written(claim.queue, failed.write),
            );
            let failed = Failed {
                write: &write,
                reason: &reason,
                ..failed
            };
            self.inner.write_queue().bury(claim, failed, until).await
        })
    }

    fn state<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        until: Instant,
    ) -> QueueFuture<'a, QueueState> {
        self.inner.write_queue().state(queue, until)
    }

    fn hasten<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        part: Part,
        until: Instant,
    ) -> QueueFuture<'a, Option<u64>> {
        self.inner.write_queue().hasten(queue, part, until)
    }

    fn dead<'a>(
        &'a self,
        queue: &'a str,
        after: &'a str,
        most: usize,
        until: Instant,
    ) -> QueueFuture<'a, Vec<DeadItem>> {
        Box::pin(async move {
            let queues = self.inner.write_queue();
            let dead = queues.dead(queue, after, most, until).await?;
            let opened = dead.into_iter().map(|item| self.opened_dead(queue, item));
            Ok(opened.collect())
        })
    }

    fn dead_one<'a>(
        &'a self,
        queue: &'a str,
        id: &'a str,
        until: Instant,
    ) -> QueueFuture<'a, Option<DeadItem>> {
        Box::pin(async move {
            let found = self.inner.write_queue().dead_one(queue, id, until).await?;
            Ok(found.map(|item| self.opened_dead(queue, item)))
        })
    }

    fn with_dead(&self, position: u64, until: Instant) -> QueueFuture<'_, (u64, Vec<String>)> {
        self.inner.write_queue().with_dead(position, until)
    }

    fn take_dead<'a>(
        &'a self,
        queue: (&'a str, QueueKind),
        id: &'a str,
        revives: bool,
        until: Instant,
    ) -> QueueFuture<'a, Taken> {
        Box::pin(async move {
            let queues = self.inner.write_queue();
            Ok(match queues.take_dead(queue, id, revives, until).await? {
                Taken::Key(key) => Taken::Key(self.opened_key(queue.0, key)),
                other => other,
            })
        })
    }
}
