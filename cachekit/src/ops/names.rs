//! Names of entries and versions in Redis, as tools for operators show them.

use crate::model::inspection::DependencyKind;
use crate::store::key_name::StoreKey;
use crate::store::message::NodeId;

/// Returns the kind and the text of `name`.
pub(crate) fn named(name: &StoreKey) -> (DependencyKind, String) {
    let (kind, text) = name.parts().unwrap_or(("", name.as_bytes()));
    let kind = match kind {
        "all" => DependencyKind::Namespace,
        "f" => DependencyKind::Function,
        "e" => DependencyKind::Event,
        "g" => DependencyKind::TagPrefix,
        "t" => DependencyKind::Tag,
        // The entry itself, a replica of it, or the version of its key.
        _ => DependencyKind::Entry,
    };
    (kind, String::from_utf8_lossy(text).into_owned())
}

/// Returns the identity of `node` in hexadecimal digits.
pub(crate) fn shown_node(node: NodeId) -> String {
    node.channel().trim_start_matches("node:").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_name_is_told() {
        let names = [
            "all",
            "f:shop::get",
            "t:org:7",
            "e:sold",
            "v:user:7",
            "k:user:7",
            "g:org:",
        ];
        let told = names.map(|name| {
            let (kind, text) = named(&StoreKey::read(name.as_bytes()));
            format!("{kind} {text}")
        });
        assert_eq!(
            told,
            [
                "namespace ",
                "function shop::get",
                "tag org:7",
                "event sold",
                "entry user:7",
                "entry user:7",
                "tag prefix org:"
            ]
        );
    }
}
