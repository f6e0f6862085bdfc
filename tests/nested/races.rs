//! Nodes over one store, whose messages and answers arrive when a test says so.

use std::time::Duration;

use cachekit::testing::{FakeStore, Fault, Op, Trouble, scope};
use cachekit::{Cache, cached, invalidates, write_through};
use cachekit_tests::{Source, settle};

use crate::levels::{ALL, By, page, site, user};
use crate::world::{over, quick};

/// An answer that takes so long that other things happen before.
const SLOW: Trouble = Trouble::Slow(Duration::from_millis(50));
/// A command that runs so late.
const LATE: Trouble = Trouble::Late(Duration::from_millis(50));

/// The second node that opened the store.
const SECOND_NODE: usize = 1;

/// Names the inner entry alone.
#[invalidates(user(_, id))]
async fn rename(source: &Source, id: u64) {
    source.write(1);
}

#[write_through(user(_, id))]
async fn store(source: &Source, id: u64) -> u64 {
    source.write(1);
    1
}

/// A site on `cache`, with everything stored.
async fn site_on(cache: &Cache, source: &Source) -> u64 {
    let got = scope(cache.clone(), async { site(source, 1).await }).await;
    settle().await;
    got
}

/// Has `cache` compute the site of another user, so that it knows of sites.
async fn another_site_on(cache: &Cache, source: &Source) {
    scope(cache.clone(), async { site(source, 2).await }).await;
    settle().await;
}

/// A page is computed on a node that has not heard that its user was invalidated. The site of each
/// node, and of one that comes later, when all have heard.
/// If `knows_levels`, that node has computed another site before.
pub(crate) async fn computed_unheard(by: By, knows_levels: bool, fault: Option<Fault>) -> [u64; 3] {
    let (store, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&store, fault).await, over(&store, fault).await);
    if knows_levels {
        another_site_on(&other, &source).await;
    }
    scope(other.clone(), async { user(&source, 1).await }).await;
    settle().await;
    store.hold_messages(SECOND_NODE);
    source.write(1);
    scope(writer.clone(), by.apply(&writer)).await;
    site_on(&other, &source).await;
    store.deliver_all(SECOND_NODE);
    settle().await;
    let late = over(&store, fault).await;
    [
        site_on(&writer, &source).await,
        site_on(&other, &source).await,
        site_on(&late, &source).await,
    ]
}

#[tokio::test(start_paused = true)]
async fn c2_what_is_computed_from_an_invalidated_value_is_not_stored() {
    let mut wrong = vec![];
    // A node knows a function's name once it has called that.
    for by in ALL.into_iter().filter(|by| *by != By::FunctionName) {
        for knows_levels in [false, true] {
            let got = computed_unheard(by, knows_levels, None).await;
            if got != [1; 3] {
                wrong.push((by, knows_levels, got));
            }
        }
    }
    assert_eq!(wrong, []);
}

/// The same where the versions were lost before the fill.
pub(crate) async fn computed_unheard_without_versions(
    knows_levels: bool,
    fault: Option<Fault>,
) -> [u64; 2] {
    let (store, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&store, fault).await, over(&store, fault).await);
    if knows_levels {
        another_site_on(&other, &source).await;
    }
    scope(other.clone(), async { user(&source, 1).await }).await;
    settle().await;
    store.hold_messages(SECOND_NODE);
    scope(writer.clone(), rename(&source, 1)).await;
    store.lose_versions();
    site_on(&other, &source).await;
    store.deliver_all(SECOND_NODE);
    settle().await;
    [
        site_on(&writer, &source).await,
        site_on(&other, &source).await,
    ]
}

#[tokio::test(start_paused = true)]
async fn c2_versions_that_are_lost_prove_nothing() {
    for knows_levels in [false, true] {
        let got = computed_unheard_without_versions(knows_levels, None).await;
        assert_eq!(got, [1; 2], "knows levels: {knows_levels}");
    }
}

/// A value is written through on a node, while a call there reads an entry from the store that was
/// made of the one before: the writer's next call.
/// If `knows_levels`, the writer has computed another site before.
pub(crate) async fn read_while_the_write_is_stored(
    knows_levels: bool,
    fault: Option<Fault>,
) -> u64 {
    let (shared, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&shared, fault).await, over(&shared, fault).await);
    if knows_levels {
        another_site_on(&writer, &source).await;
    }
    site_on(&other, &source).await;
    shared.once(Op::Fill, LATE);
    let write = tokio::spawn(scope(writer.clone(), {
        let source = source.clone();
        async move { store(&source, 1).await }
    }));
    settle().await;
    // Good until the write is stored.
    site_on(&writer, &source).await;
    write.await.expect("no panic");
    site_on(&writer, &source).await
}

#[tokio::test(start_paused = true)]
async fn r2_an_entry_read_while_a_write_is_stored_does_not_outlive_it() {
    for knows_levels in [false, true] {
        let got = read_while_the_write_is_stored(knows_levels, None).await;
        assert_eq!(got, 1, "knows levels: {knows_levels}");
    }
}

/// A node reads a site from the store, of whose user it has never heard, and while the answer is on
/// its way that user is invalidated: what the node serves then. If `knows_levels`, it has computed
/// another site before.
pub(crate) async fn read_on_the_way(knows_levels: bool, fault: Option<Fault>) -> u64 {
    let (store, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&store, fault).await, over(&store, fault).await);
    if knows_levels {
        another_site_on(&other, &source).await;
    }
    site_on(&writer, &source).await;
    for op in [Op::Read, Op::Versions, Op::ReadOrAcquire] {
        store.once(op, SLOW);
    }
    let reading = tokio::spawn({
        let source = source.clone();
        scope(other.clone(), async move { site(&source, 1).await })
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    scope(writer.clone(), rename(&source, 1)).await;
    settle().await;
    reading.await.expect("no panic");
    store.heal();
    site_on(&other, &source).await
}

#[tokio::test(start_paused = true)]
async fn c4_a_name_first_learnt_from_an_answer_may_have_been_invalidated_meanwhile() {
    for knows_levels in [false, true] {
        let got = read_on_the_way(knows_levels, None).await;
        assert_eq!(got, 1, "knows levels: {knows_levels}");
    }
}

/// An absence that no entry keeps, and what is made of it.
#[cached(name = "races_find", key = "races:find:{id}", skip(source))]
async fn find(source: &Source, id: u64) -> Option<u64> {
    match source.read().await {
        0 => None,
        row => Some(row),
    }
}

#[cached(name = "races_found", key = "races:found:{id}", skip(source))]
async fn found(source: &Source, id: u64) -> u64 {
    find(source, id).await.unwrap_or_default()
}

#[invalidates(find(_, id))]
async fn create(source: &Source, id: u64) {
    source.write(1);
}

/// The row is created elsewhere, after its absence went into an entry.
pub(crate) async fn made_of_what_is_not_kept(fault: Option<Fault>) -> [u64; 2] {
    let (store, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&store, fault).await, over(&store, fault).await);
    let read = async |cache: &Cache| {
        let got = scope(cache.clone(), async { found(&source, 1).await }).await;
        settle().await;
        got
    };
    assert_eq!(read(&other).await, 0);
    scope(writer.clone(), create(&source, 1)).await;
    settle().await;
    [read(&writer).await, read(&other).await]
}

#[tokio::test(start_paused = true)]
async fn c4_an_absence_that_is_not_kept_counts() {
    assert_eq!(made_of_what_is_not_kept(None).await, [1; 2]);
}

/// The inner value did not get into the store, or was refused there: the outer one depends on its
/// version all the same.
#[tokio::test(start_paused = true)]
async fn c4_an_inner_value_that_is_not_stored_counts() {
    for trouble in [Trouble::Lost, Trouble::Rejected("OOM")] {
        let (store, source) = (FakeStore::new(), quick());
        let (writer, other) = (over(&store, None).await, over(&store, None).await);
        store.once(Op::Fill, trouble);
        scope(other.clone(), async { page(&source, 1).await }).await;
        settle().await;
        store.heal();
        scope(writer.clone(), rename(&source, 1)).await;
        settle().await;
        assert_eq!(site_on(&writer, &source).await, 1, "{trouble:?}");
        assert_eq!(site_on(&other, &source).await, 1, "{trouble:?}");
    }
}

/// The inner value lives in the memory of the node alone.
#[cached(name = "races_near", key = "races:near:{id}", tier = memory, skip(source))]
async fn near(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(name = "races_far", key = "races:far:{id}", skip(source))]
async fn far(source: &Source, id: u64) -> u64 {
    near(source, id).await
}

#[invalidates(near(_, id))]
async fn rename_near(source: &Source, id: u64) {
    source.write(1);
}

#[tokio::test(start_paused = true)]
async fn c2c_what_is_computed_from_a_value_of_memory_alone_is_not_stored() {
    let (store, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&store, None).await, over(&store, None).await);
    let read = async |cache: &Cache| {
        let got = scope(cache.clone(), async { far(&source, 1).await }).await;
        settle().await;
        got
    };
    scope(other.clone(), async { near(&source, 1).await }).await;
    store.hold_messages(SECOND_NODE);
    scope(writer.clone(), rename_near(&source, 1)).await;
    read(&other).await;
    assert_eq!(read(&writer).await, 1);
    store.deliver_all(SECOND_NODE);
    settle().await;
    assert_eq!(read(&other).await, 1);
}

#[cached(name = "races_gated", key = "races:gated:{id}", skip(source, gate))]
async fn gated(source: &Source, gate: &Source, id: u64) -> u64 {
    let got = user(source, id).await;
    gate.read().await;
    got
}

/// The tag of an inner value is invalidated, unheard, after the inner value was computed and before
/// the outer computation ends: what the two nodes get then.
pub(crate) async fn invalidated_before_the_outer_ends(fault: Option<Fault>) -> [u64; 2] {
    let (store, source, gate) = (FakeStore::new(), quick(), Source::default());
    let (writer, other) = (over(&store, fault).await, over(&store, fault).await);
    // From now on the node guards the prefix of the tag, and knows that the outer entry has none.
    let open = quick();
    scope(other.clone(), async { gated(&source, &open, 2).await }).await;
    settle().await;
    store.hold_messages(SECOND_NODE);
    let running = tokio::spawn(scope(other.clone(), {
        let (source, gate) = (source.clone(), gate.clone());
        async move { gated(&source, &gate, 1).await }
    }));
    gate.gate.arrived().await;
    source.write(1);
    scope(writer.clone(), By::ValueTag.apply(&writer)).await;
    gate.gate.open_for_all();
    assert_eq!(running.await.expect("no panic"), 0, "it began before");
    settle().await;
    store.deliver_all(SECOND_NODE);
    settle().await;
    let get = async |cache: &Cache| {
        let call = async { gated(&source, &gate, 1).await };
        scope(cache.clone(), call).await
    };
    [get(&writer).await, get(&other).await]
}

#[tokio::test(start_paused = true)]
async fn c2_a_value_tag_that_is_invalidated_before_the_outer_ends_counts() {
    assert_eq!(invalidated_before_the_outer_ends(None).await, [1; 2]);
}

#[cached(name = "races_plain", key = "races:plain:{id}", skip(source))]
async fn plain(source: &Source, id: u64) -> u64 {
    source.read().await
}

#[cached(name = "races_plain_page", key = "races:plain-page:{id}", skip(source))]
async fn plain_page(source: &Source, id: u64) -> u64 {
    plain(source, id).await
}

/// [`computed_unheard`] with an inner entry whose tags do not come from its value.
pub(crate) async fn plain_computed_unheard(fault: Option<Fault>) -> [u64; 2] {
    let (store, source) = (FakeStore::new(), quick());
    let (writer, other) = (over(&store, fault).await, over(&store, fault).await);
    let page_on = async |cache: &Cache, id| {
        let got = scope(cache.clone(), async { plain_page(&source, id).await }).await;
        settle().await;
        got
    };
    page_on(&other, 2).await;
    scope(other.clone(), async { plain(&source, 1).await }).await;
    settle().await;
    store.hold_messages(SECOND_NODE);
    source.write(1);
    writer.invalidate("races:plain:1").await;
    page_on(&other, 1).await;
    store.deliver_all(SECOND_NODE);
    settle().await;
    [page_on(&writer, 1).await, page_on(&other, 1).await]
}

#[tokio::test(start_paused = true)]
async fn c2_what_is_computed_from_a_plain_invalidated_value_is_not_stored() {
    assert_eq!(plain_computed_unheard(None).await, [1; 2]);
}
