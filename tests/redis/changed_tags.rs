//! A program whose functions name other tags than its previous version.

use crate::world::upgrade;

macro_rules! deploy {
    ($test:ident, $name:literal, $before:tt, $after:tt) => {
        #[tokio::test]
        async fn $test() {
            mod before {
                #[cachekit::cached(key = "deployed:{id}", name = $name, tags = $before)]
                pub(super) async fn get(id: u64) -> u64 {
                    id
                }
            }
            mod after {
                #[cachekit::cached(key = "deployed:{id}", name = $name, tags = $after)]
                pub(super) async fn get(id: u64) -> u64 {
                    id
                }
            }
            let upgrade = upgrade(|| before::get(1), || after::get(1)).await;
            assert!(upgrade.ran, "{:?}", upgrade.misses);
        }
    };
}

deploy!(
    m4_an_entry_that_lacks_a_new_tag_is_not_used,
    "one_more",
    ["old"],
    ["old", "new"]
);
deploy!(
    m4_an_entry_with_another_tag_is_not_used,
    "another",
    ["old"],
    ["new"]
);

// Tags made from values are not known when an entry is read, so it says of which set it is.
deploy!(
    m4_an_entry_that_lacks_a_new_tag_of_its_value_is_not_used,
    "of_value",
    ["old"],
    ["old", "of:{ret}"]
);
deploy!(
    m4_an_entry_with_another_tag_of_its_value_is_not_used,
    "of_value_too",
    ["of:{ret}"],
    ["by:{ret}"]
);
