//! Reads the fuzzer's corpus, and mutations of it, with an ordinary compiler: nothing panics, hangs
//! or allocates more than the input justifies.
//!
//! `CACHEKIT_BLESS=1 cargo test -p cachekit-tests --test corpus` writes the files that `files.rs`
//! makes. Other files in the folder, such as the fuzzer's findings, are read too.

mod files;
mod http;
mod measured;
mod mutations;
mod payloads;

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use cachekit::testing::read_anything;
use cachekit_tests::entry::PACKED;

/// Only a hang takes so long.
const HANG: Duration = Duration::from_secs(5);

const MUTATIONS: usize = 20_000;

/// The largest single allocation while `length` bytes are read: room for as many elements as there
/// are bytes, of the widest type that is read in a list; and a little for its own sake. A compressed
/// payload is read up to four times its length.
fn most(bytes: &[u8]) -> usize {
    let is_packed = bytes.get(4).is_some_and(|codec| codec & PACKED != 0);
    let times = if is_packed { 4 } else { 1 };
    (16 << 10) + 64 * times * bytes.len()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/entry")
}

/// All files, by name.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder()).expect("the corpus can be read");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry of the corpus").path();
            let name = path.file_name().expect("it has a name").to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

/// Reads each of `inputs` in a thread that is watched.
fn read_each(inputs: impl Iterator<Item = (String, Vec<u8>)> + Send + 'static) {
    let (sender, began) = mpsc::channel();
    let reader = thread::spawn(move || {
        // What is made once for each type.
        read_anything(&[]);
        for (name, bytes) in inputs {
            let shown = format!("{name}: \"{}\"", bytes.escape_ascii());
            sender.send(shown.clone()).expect("somebody watches");
            let largest = measured::largest(|| read_anything(&bytes));
            let most = most(&bytes);
            assert!(
                largest <= most,
                "{largest} bytes at once, at most {most}: {shown}"
            );
        }
    });
    let mut current = String::from("the first one");
    loop {
        match began.recv_timeout(HANG) {
            Ok(next) => current = next,
            Err(RecvTimeoutError::Timeout) => panic!("it hangs: {current}"),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    assert!(reader.join().is_ok(), "{current}");
}

#[test]
fn every_file_is_as_it_is_made() {
    let made = files::all();
    assert!(made.len() >= 40, "{}", made.len());
    for (name, bytes) in &made {
        let path = folder().join(name);
        if std::env::var_os("CACHEKIT_BLESS").is_some() {
            fs::write(&path, bytes).expect("it can be written");
        }
        let file = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(&file, bytes, "{name}");
    }
}

#[test]
fn the_corpus_is_read() {
    read_each(corpus().into_iter());
}

#[test]
fn mutations_of_the_corpus_are_read() {
    let mutations = mutations::of(corpus(), 0x5eed);
    read_each(mutations.take(MUTATIONS));
}

/// The measure measures: what the bound is for would be seen.
#[test]
fn an_allocation_is_seen() {
    let largest = measured::largest(|| drop(std::hint::black_box(vec![0_u8; 1 << 20])));
    assert_eq!(largest, 1 << 20);
}
