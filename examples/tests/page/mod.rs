//! Pages of `docs/` as the tests of their programs read them.

use std::fs;
use std::path::Path;

pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).expect("the page")
}

/// The blocks of code of a page with one of the `fences`, in their order, each with its fence.
pub(crate) fn blocks<'a>(page: &'a str, fences: &[&str]) -> Vec<(&'a str, &'a str)> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.split_once('\n'));
    blocks.filter(|(fence, _)| fences.contains(fence)).collect()
}

/// Checks that each listing is a part of one file of the program in `folder`. A listing may leave out
/// items, and leaves out nothing within an item.
pub(crate) fn assert_listings(page: &str, folder: &str) {
    let folder = root().join("examples/src/bin").join(folder);
    let files = fs::read_dir(folder).expect("a folder");
    let sources: Vec<_> = files
        .map(|file| fs::read_to_string(file.expect("a file").path()).expect("a source"))
        .collect();
    let listings = blocks(page, &["rust,ignore"]);
    assert!(listings.len() > 3, "{}", listings.len());
    for (_, listing) in listings {
        let is_in = |source: &String| {
            let mut items = listing.trim_end().split("\n\n");
            items.all(|item| source.contains(&format!("{item}\n")))
        };
        assert!(sources.iter().any(is_in), "in no source:\n{listing}");
    }
}
