//! Network faults between a node and the server.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use cachekit_tests::proxy::{Direction, Proxy, Sent};

use super::World;
use super::disruption::Disruption;
use crate::node::BUS_TIMEOUT;

/// How often each is drawn.
const AMONG: &[Disruption] = &[
    Disruption::Delay,
    Disruption::Delay,
    Disruption::Hole,
    Disruption::Swallow,
    Disruption::Swallow,
    Disruption::Swallow,
    Disruption::Repeat,
    Disruption::Repeat,
    Disruption::Repeat,
    Disruption::Close,
    Disruption::LoseAck,
    Disruption::Deafen,
    Disruption::Unversioned,
];

/// So many commands are kept to be run again.
const COPIES: usize = 120;

/// One node's link, with how many commands something is yet to happen to.
struct Link<'a> {
    proxy: &'a Proxy,
    swallowed: Arc<AtomicU32>,
    repeated: Arc<AtomicU32>,
    lost: Arc<AtomicU32>,
    refusing: Arc<AtomicBool>,
    unversioned: Arc<AtomicBool>,
}

impl<'a> Link<'a> {
    fn new(proxy: &'a Proxy) -> Self {
        let link = Self {
            proxy,
            swallowed: Arc::default(),
            repeated: Arc::default(),
            lost: Arc::default(),
            refusing: Arc::default(),
            unversioned: Arc::default(),
        };
        let swallowed = Arc::clone(&link.swallowed);
        proxy.swallow_reply_if(move |sent| !sent.is_set_up() && takes_one(&swallowed));
        let repeated = Arc::clone(&link.repeated);
        proxy.repeat_if(move |sent| {
            sent.name() != "UNLINK" && !sent.is_set_up() && takes_one(&repeated)
        });
        let lost = Arc::clone(&link.lost);
        proxy.lose_if(move |sent| is_acknowledgement(sent) && takes_one(&lost));
        let refusing = Arc::clone(&link.refusing);
        proxy.refuse_if(move |sent| refusing.load(Ordering::SeqCst) && asks_to_compute(sent));
        let unversioned = Arc::clone(&link.unversioned);
        proxy.refuse_if(move |sent| unversioned.load(Ordering::SeqCst) && asks_for_versions(sent));
        link
    }
}

/// Whether a node says by it that it has applied an invalidation.
fn is_acknowledgement(sent: &Sent) -> bool {
    sent.name() == "PUBLISH" && sent.args.get(1).is_some_and(|to| is_one_node_s(to))
}

fn is_one_node_s(channel: &[u8]) -> bool {
    channel.windows(6).any(|part| part == b":node:")
}

/// Whether a node asks by it for the right to compute: the one script of ten arguments.
fn asks_to_compute(sent: &Sent) -> bool {
    is_script(sent, 10)
}

/// Whether a node asks by it for versions: of the scripts of five arguments the one that is not about
/// one entry.
fn asks_for_versions(sent: &Sent) -> bool {
    let is_entry = |name: &Vec<u8>| name.windows(3).any(|part| part == b":k:");
    is_script(sent, 5) && !sent.args.get(3).is_some_and(is_entry)
}

fn is_script(sent: &Sent, arguments: usize) -> bool {
    let keys = sent.args.get(2).and_then(|keys| str::from_utf8(keys).ok());
    let keys = keys.and_then(|keys| keys.parse::<usize>().ok());
    let is_so_long = |keys: usize| sent.args.len() == 3 + keys + arguments;
    sent.name().starts_with("EVAL") && keys.is_some_and(is_so_long)
}

/// Takes one from what is left, now and then.
fn takes_one(left: &AtomicU32) -> bool {
    let less = |left: u32| left.checked_sub(1);
    fastrand::bool()
        && left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
}

/// Injects faults until the end.
pub(super) fn injure(world: &World, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed.wrapping_add(1));
    let links: Vec<_> = world.proxies.iter().map(Link::new).collect();
    if links.is_empty() {
        return;
    }
    if world.disruptions.has(Disruption::RepeatAll) {
        return repeat_all(world, &links, &mut random);
    }
    while !world.is_stopped() {
        world.sleep(Duration::from_millis(random.u64(10..200)));
        let Some(disruption) = world.disruptions.draw(AMONG, &mut random) else {
            return;
        };
        let number = random.usize(..links.len());
        let what = inject(disruption, world, &links[number], &mut random);
        world
            .disruptions
            .note(disruption, format!("at node {number} {what}"));
    }
}

/// Injects one, and says what it was in words.
fn inject(
    disruption: Disruption,
    world: &World,
    link: &Link<'_>,
    random: &mut fastrand::Rng,
) -> String {
    let proxy = link.proxy;
    match disruption {
        Disruption::Delay => {
            let by = Duration::from_millis(random.u64(1..60));
            let length = Duration::from_millis(random.u64(100..1_000));
            proxy.delay(by);
            world.sleep(length);
            proxy.delay(Duration::ZERO);
            format!("until now, by {by:?} for {length:?}")
        }
        Disruption::Hole => {
            let both = [Direction::ToServer, Direction::ToClient];
            let directions = [&both[..], &both[..1], &both[1..]][random.usize(..3)];
            let length = Duration::from_millis(random.u64(50..2_000));
            for way in directions {
                proxy.black_hole(*way);
            }
            world.sleep(length);
            for way in directions {
                proxy.lift(*way);
            }
            format!("until now, {directions:?} for {length:?}")
        }
        Disruption::Swallow => {
            let count = random.u32(1..4);
            link.swallowed.store(count, Ordering::SeqCst);
            format!("{count}")
        }
        Disruption::LoseAck => lose_ack(world, link),
        Disruption::Deafen => deafen(
            world,
            link,
            BUS_TIMEOUT + Duration::from_millis(random.u64(0..1_000)),
        ),
        Disruption::Unversioned => {
            let length = Duration::from_millis(random.u64(20..300));
            link.unversioned.store(true, Ordering::SeqCst);
            world.sleep(length);
            link.unversioned.store(false, Ordering::SeqCst);
            format!("until now, for {length:?}")
        }
        Disruption::Repeat => {
            link.repeated.store(random.u32(1..20), Ordering::SeqCst);
            world.sleep(Duration::from_millis(random.u64(5..300)));
            format!("{}", repeat(world, link))
        }
        _ => {
            // Long enough for others to say something that this node does not hear.
            let length = Duration::from_millis(random.u64(0..400));
            proxy.refuse();
            if random.bool() {
                proxy.close_clients();
            } else {
                proxy.close_clients_keep_server();
            }
            world.sleep(length);
            proxy.accept();
            format!("until now, for {length:?}")
        }
    }
}

/// Loses a node's word, and lets it hear nothing right after others have waited for it.
fn lose_ack(world: &World, link: &Link<'_>) -> String {
    let waited = BUS_TIMEOUT.mul_f64(1.02);
    link.lost.store(1, Ordering::SeqCst);
    world.sleep(waited);
    link.proxy.black_hole(Direction::ToClient);
    world.sleep(BUS_TIMEOUT);
    link.proxy.lift(Direction::ToClient);
    let is_lost = link.lost.swap(0, Ordering::SeqCst) == 0;
    format!("until now, {waited:?} before a hole: {is_lost}")
}

/// Lets a node hear nothing, and compute nothing with a right to it.
fn deafen(world: &World, link: &Link<'_>, length: Duration) -> String {
    link.refusing.store(true, Ordering::SeqCst);
    link.proxy.silence(true);
    world.sleep(length);
    link.proxy.silence(false);
    link.refusing.store(false, Ordering::SeqCst);
    format!("until now, for {length:?}")
}

/// Runs the copies of a link's commands, and counts those that are answered: another fault may
/// cut their connection.
fn repeat(world: &World, link: &Link<'_>) -> usize {
    let _answering = world.disruptions.answering();
    let answers = link.proxy.try_repeat_now();
    answers.iter().filter(|answer| answer.is_ok()).count()
}

/// Runs what passed a while ago again and again, and loses a reply now and then.
fn repeat_all(world: &World, links: &[Link<'_>], random: &mut fastrand::Rng) {
    let mut copies = VecDeque::new();
    let mut client = world.servers.master().client();
    while !world.is_stopped() {
        world.sleep(Duration::from_millis(2));
        for (number, link) in links.iter().enumerate() {
            link.repeated.store(1_000, Ordering::SeqCst);
            copies.extend(link.proxy.take_copies());
            if world.disruptions.has(Disruption::Swallow) && random.u32(..3_000) == 0 {
                link.swallowed.store(1, Ordering::SeqCst);
                let what = format!("at node {number} 1");
                world.disruptions.note(Disruption::Swallow, what);
            }
        }
        copies.drain(..copies.len().saturating_sub(COPIES));
        let again: Vec<&Vec<Vec<u8>>> = copies.iter().filter(|_| random.u32(..8) == 0).collect();
        for command in &again {
            client.run(command);
        }
        world
            .disruptions
            .note(Disruption::RepeatAll, format!("{}", again.len()));
    }
}

/// Forgets what the proxies noted: nobody looks at it.
pub(super) fn tidy(world: &World) {
    while !world.is_stopped() {
        thread::sleep(Duration::from_millis(100));
        world.proxies.iter().for_each(Proxy::clear);
    }
}
