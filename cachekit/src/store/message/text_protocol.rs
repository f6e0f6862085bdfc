//! The text messages by which other programs request invalidations over the bus.

use crate::model::invalidation_mode::InvalidationMode;

/// The target of an invalidation that another program requests: one line of its text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandTarget {
    Key(String),
    Tag(String),
    Function(String),
    Everything,
    /// The name of an event, and the event's arguments as pairs of name and value.
    Event(String, Vec<(String, String)>),
}

/// Parses a text message of another program into the mode of an invalidation (hard or soft) and its
/// targets (entries, tags, events, functions or everything). Returns `None` if any line has an
/// unknown form.
pub(crate) fn parse_command(text: &str) -> Option<(InvalidationMode, Vec<CommandTarget>)> {
    let mut lines = text.lines();
    let mode = match lines.next()?.trim_end() {
        "invalidate" => InvalidationMode::Hard,
        "invalidate soft" => InvalidationMode::Soft,
        _ => return None,
    };
    let targets = lines
        .filter(|line| !line.trim().is_empty())
        .map(parse_target)
        .collect::<Option<_>>()?;
    Some((mode, targets))
}

fn parse_target(line: &str) -> Option<CommandTarget> {
    if line.trim_end() == "all" {
        return Some(CommandTarget::Everything);
    }
    let (kind, what) = line.split_once(' ')?;
    let what = what.trim_end_matches('\r');
    Some(match kind {
        "key" => CommandTarget::Key(what.to_owned()),
        "tag" => CommandTarget::Tag(what.to_owned()),
        "function" => CommandTarget::Function(what.to_owned()),
        "event" => {
            let mut words = what.split(' ');
            let name = words.next()?.to_owned();
            let pair = |word: &str| {
                let (name, value) = word.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            };
            CommandTarget::Event(name, words.map(pair).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::message::BusMessage;

    #[test]
    fn other_programs_write_lines() {
        let lines =
            "\ntag org:7\nkey user:1\nfunction shop::get user\n\nevent sold id=7 shop=a\nall\n";
        let pairs = [("id", "7"), ("shop", "a")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let expected = vec![
            CommandTarget::Tag("org:7".to_owned()),
            CommandTarget::Key("user:1".to_owned()),
            CommandTarget::Function("shop::get user".to_owned()),
            CommandTarget::Event("sold".to_owned(), pairs.to_vec()),
            CommandTarget::Everything,
        ];
        for (first, mode) in [
            ("invalidate", InvalidationMode::Hard),
            ("invalidate soft", InvalidationMode::Soft),
        ] {
            let parse_command = BusMessage::ExternalCommand(mode, expected.clone());
            let text = format!("{first}{lines}");
            assert_eq!(BusMessage::read(text.as_bytes()), Some(parse_command));
        }
    }
}
