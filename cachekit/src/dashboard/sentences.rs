//! Sentences about events of a key: what happened, and the reason of a miss.

use std::time::Duration;

use crate::model::inspection::DependencyKind;
use crate::model::invalidation_mode::InvalidationMode;
use crate::model::key_event::{KeyEvent, PastEvent};
use crate::model::miss_cause::MissCause;
use crate::model::seen_invalidation::SeenTarget;

/// Returns a sentence about `event`, which came after the events `before`.
pub(crate) fn sentence(before: &[PastEvent], event: &PastEvent) -> String {
    match &event.event {
        KeyEvent::Computes => "The function began to run.".to_owned(),
        KeyEvent::Stores => "The value was stored.".to_owned(),
        KeyEvent::Refuses => {
            "The value was not stored, because the key was invalidated or written \
             after its computation began."
                .to_owned()
        }
        KeyEvent::Misses(cause) => format!("Miss: {}.", reason(before, event, *cause)),
        KeyEvent::Outdated(name) => {
            format!(
                "Memory had an entry, which an invalidation of {} had made unusable.",
                quoted(name)
            )
        }
        KeyEvent::Invalidated {
            name,
            mode,
            is_heard,
        } => {
            let how = match mode {
                InvalidationMode::Hard => "invalidated",
                InvalidationMode::Soft => "softly invalidated",
            };
            let by = if *is_heard { " by another process" } else { "" };
            format!("{} was {how}{by}.", capitalized(&quoted(name)))
        }
    }
}

/// Returns the reason of the last miss among `events`.
pub(crate) fn why(events: &[PastEvent]) -> Option<String> {
    let is_miss = |event: &PastEvent| matches!(event.event, KeyEvent::Misses(_));
    let last = events.iter().rposition(is_miss)?;
    Some(sentence(&events[..last], &events[last]))
}

fn quoted(name: &SeenTarget) -> String {
    if name.kind == DependencyKind::Namespace {
        "the whole cache".to_owned()
    } else {
        format!("the {} `{}`", name.kind, name.name)
    }
}

fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(rest).collect()
}

fn reason(before: &[PastEvent], miss: &PastEvent, cause: MissCause) -> String {
    if cause == MissCause::ABSENT {
        return absent(before, miss);
    }
    // Several names may have been invalidated. The last outdated entry belongs to this miss, unless an
    // earlier miss or a store is between them.
    let mut since = before
        .iter()
        .rev()
        .take_while(|event| !matches!(event.event, KeyEvent::Misses(_) | KeyEvent::Stores));
    let outdated = since.find_map(|event| match &event.event {
        KeyEvent::Outdated(name) => Some(name),
        _ => None,
    });
    match outdated.filter(|_| is_of_name(cause)) {
        Some(name) => format!(
            "{} was invalidated, on which the entry depended",
            quoted(name)
        ),
        None => meaning(cause).to_owned(),
    }
}

/// Returns `true` for a cause that is an invalidation of a name other than the key.
fn is_of_name(cause: MissCause) -> bool {
    let of_names = [
        "tags",
        "other_tags",
        "event",
        "function",
        "cleared",
        "source",
    ];
    of_names.contains(&cause.name())
}

/// Returns the reason of a miss of an entry of which no tier has anything left.
fn absent(before: &[PastEvent], miss: &PastEvent) -> String {
    let ended = before.iter().rev().find(|event| match &event.event {
        KeyEvent::Stores | KeyEvent::Refuses => true,
        KeyEvent::Invalidated { mode, .. } => *mode == InvalidationMode::Hard,
        KeyEvent::Computes | KeyEvent::Misses(_) | KeyEvent::Outdated(_) => false,
    });
    let Some(event) = ended else {
        return "no tier had an entry: it was never stored, or before the events that are kept here"
            .to_owned();
    };
    let ago = length(miss.at.since(event.at));
    match &event.event {
        KeyEvent::Refuses => "no tier had an entry: the last value was not stored".to_owned(),
        KeyEvent::Invalidated { name, .. } => {
            format!(
                "no tier had an entry: {} was invalidated {ago} before",
                quoted(name)
            )
        }
        _ => format!(
            "no tier had the entry any more, which was stored {ago} before: it was evicted, or its life \
             was over"
        ),
    }
}

fn length(length: Duration) -> String {
    if length < Duration::from_secs(1) {
        format!("{} ms", length.as_millis())
    } else {
        format!("{:.1} s", length.as_secs_f64())
    }
}

fn meaning(cause: MissCause) -> &'static str {
    match cause.name() {
        "expired" => "the life of the entry was over",
        "key" => "the key was invalidated",
        "event" => "an event of the entry was emitted",
        "function" => "all entries of the function were invalidated",
        "cleared" => "the whole cache was cleared",
        "source" => "an entry that this one was computed from was invalidated",
        "changed" => "the entry belongs to another function, type, codec or format, or was damaged",
        "unconfirmed" => {
            "this process may have missed invalidations, and Redis did not confirm the entry"
        }
        "unreachable" => "memory had no entry, and Redis could not be asked",
        "forced" => "the call asked for a new value (`refresh`)",
        "queued" => "no tier had an entry, and a queued write had the value",
        "tags" | "other_tags" => "a tag of the entry was invalidated",
        _ => "another cause, such as another data set in Redis",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Tick;

    fn at(seconds: u64, event: KeyEvent) -> PastEvent {
        PastEvent {
            at: Tick::from_nanos(seconds * 1_000_000_000),
            owner: None,
            event,
        }
    }

    fn told(events: &[KeyEvent]) -> String {
        let seconds = [0, 3, 6, 9];
        let events = events.iter().cloned().zip(seconds);
        let events: Vec<_> = events.map(|(event, second)| at(second, event)).collect();
        why(&events).unwrap_or_default()
    }

    #[test]
    fn a_missing_entry_has_the_reason_that_the_events_before_give() {
        let miss = || KeyEvent::Misses(MissCause::ABSENT);
        assert!(told(&[miss()]).contains("never stored"));
        let stored = told(&[KeyEvent::Stores, miss()]);
        assert!(
            stored.contains("stored 3.0 s before: it was evicted"),
            "{stored}"
        );
        let refused = told(&[KeyEvent::Stores, KeyEvent::Refuses, miss()]);
        assert!(
            refused.contains("the last value was not stored"),
            "{refused}"
        );
        assert_eq!(told(&[KeyEvent::Stores]), "");
        let cleared = KeyEvent::Invalidated {
            name: SeenTarget {
                kind: DependencyKind::Namespace,
                name: String::new(),
            },
            mode: InvalidationMode::Hard,
            is_heard: false,
        };
        let cleared = told(&[KeyEvent::Stores, cleared, miss()]);
        assert!(
            cleared.contains("the whole cache was invalidated 3.0 s before"),
            "{cleared}"
        );
    }

    #[test]
    fn an_invalidated_entry_names_what_was_invalidated() {
        let tag = SeenTarget {
            kind: DependencyKind::Tag,
            name: "org:7".to_owned(),
        };
        let events = [
            KeyEvent::Outdated(tag),
            KeyEvent::Misses(MissCause::OTHER_TAG),
        ];
        let told = super::tests::told(&events);
        assert_eq!(
            told,
            "Miss: the tag `org:7` was invalidated, on which the entry depended."
        );
    }

    #[test]
    fn every_cause_has_a_meaning() {
        let named = [
            MissCause::EXPIRED,
            MissCause::KEY,
            MissCause::EVENT,
            MissCause::FUNCTION,
            MissCause::CLEARED,
            MissCause::SOURCE,
            MissCause::CHANGED,
            MissCause::UNCONFIRMED,
            MissCause::UNREACHABLE,
            MissCause::FORCED,
            MissCause::QUEUED,
            MissCause::OTHER_TAG,
        ];
        for cause in named {
            let is_other = meaning(cause).starts_with("another cause");
            assert!(!is_other, "{cause:?}");
        }
    }
}
