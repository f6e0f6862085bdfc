//! What `#[write_behind]` refuses: the queue must know the key, and a worker must be able to run the function.
#![allow(unused_variables)]

use cachekit::{QueueError, QueuedWrite, cached, write_behind};

#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Cart {
    pub user: u64,
}

pub struct Carts;

type Done = Result<(), QueueError>;

#[cached(key = "cart:{user}")]
async fn get_cart(user: u64) -> Cart {
    Cart { user }
}

#[write_behind(value = cart)] //~ say which writes belong together: `get_cart(_, user)`
async fn no_key(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(get_cart(cart.user), key = "cart:{cart.user}", value = cart)] //~ the entry names the key too; take it or `key` out
async fn two_keys(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(get_cart(cart.user), get_cart(1), value = cart)] //~ one function writes one entry; take the others out
async fn two_entries(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(get_cart(..), value = cart)] //~ `..` is every entry; name the one that the function writes
async fn every_entry(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(get_cart(cart.user), each, value = cart)] //~ with `each` no queued write alone is the value of an entry
async fn each_with_entry(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(key = "{cart.user}", each, newest)] //~ a queued write either counts (`each`) or is replaced
async fn two_kinds(cart: Cart) -> Done {
    Ok(())
}

impl Carts {
    #[write_behind(key = "{user}")]
    async fn method(&self, user: u64) -> Done { //~ `#[write_behind]` stands on a free function
        Ok(())
    }

    #[cached(key = "{user}", skip(self))]
    async fn get(&self, user: u64) -> Cart {
        Cart { user }
    }
}

#[write_behind(self.get(cart.user), value = cart)] //~ a worker has no such value; name the method by its type
async fn of_a_receiver(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(key = "{user}")]
fn synchronous(user: u64) -> Done { //~ `#[write_behind]` stands on an `async fn`
    Ok(())
}

#[write_behind(key = "1")]
async fn generic<T: Clone>(value: T) -> Done { //~ a worker runs the function later and must know its types
    Ok(())
}

#[write_behind(key = "1")]
async fn pattern((a, b): (u64, u64)) -> Done { //~ name this argument, and take it apart in the body
    Ok(())
}

#[write_behind(key = "1")]
async fn exclusive(text: &mut String) -> Done { //~ a queued argument cannot be changed for the caller
    Ok(())
}

#[write_behind(key = "{user}", skip(pol))] //~ unused skip: there is no argument `pol`; did you mean `pool`?
async fn unknown_skip(pool: &u64, user: u64) -> Done {
    Ok(())
}

#[write_behind(get_cart(cart.user))] //~ say what the value of the entry is from now on: `value = cart`
async fn no_value(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(key = "{cart.user}", value = cart)] //~ `value` is the value of an entry; name the entry in place of `key`
async fn value_without_entry(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(get_cart(cart.user), value = ret)] //~ the function has not run when its call is queued
async fn value_of_ret(cart: Cart) -> Done {
    Ok(())
}

#[write_behind(get_cart(user), value = Cart { user: 1 }, skip(user))] //~ `user` is not queued
async fn key_of_skipped(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "1")]
async fn many_numbers(cart: Cart, writes: Vec<QueuedWrite>) -> Done { //~ one run gets one write; write `QueuedWrite`
    Ok(())
}

#[write_behind(key = "{cart.user}", newest(cart in carts))]
async fn one_number(carts: Vec<Cart>, write: QueuedWrite) -> Done { //~ one run gets many items, each with its number; write `Vec<QueuedWrite>`
    Ok(())
}

#[write_behind(key = "{cart.user}", each(cart in carts))]
async fn beside_the_items(carts: Vec<Cart>, by: u64) -> Done { //~ one run gets items of many calls, which may differ in `by`
    Ok(())
}

#[write_behind(key = "{cart.user}", each(cart in carts))]
async fn no_vec(carts: &[Cart]) -> Done { //~ the function gets many items at once; write `carts: Vec<..>`
    Ok(())
}

#[write_behind(key = "{cart.user}", each(cart in basket))] //~ there is no argument `basket`
async fn no_such_items(carts: Vec<Cart>) -> Done {
    Ok(())
}

#[write_behind(key = "1", each(carts))] //~ expected one item and the argument with all items: `each(item in items)`
async fn wrong_items(carts: Vec<Cart>) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", when_full = drop)] //~ unknown when_full `drop`; expected `wait`, `fail` or `write`
async fn wrong_word(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", when_full = "wait")] //~ write `when_full = wait`, without quotes
async fn quoted_word(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", when_full = write)] //~ a call that writes itself may be overtaken by a later write of its key
async fn full_without_version(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", skip(log))]
async fn exclusive_value(log: &mut Vec<u64>, user: u64) -> Done { //~ the runs of a worker share what it is given
    Ok(())
}

#[write_behind(key = "{user}")]
async fn borrowed_items(user: u64, names: Vec<&str>) -> Done { //~ the queue keeps this argument for longer than the call
    Ok(())
}

#[write_behind(key = "{user}")]
async fn borrowed_option(user: u64, name: &Option<&'_ str>) -> Done { //~ the queue keeps this argument for longer than the call
    Ok(())
}

#[write_behind(key = "{user}")]
async fn borrowed_or_owned(user: u64, name: std::borrow::Cow<'_, str>) -> Done { //~ the queue keeps this argument for longer than the call
    Ok(())
}

#[write_behind(key = "{user}", batch = 0)] //~ `batch = 0` takes nothing from the queue
async fn no_batch(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", capacity = 0)] //~ `capacity = 0` queues nothing
async fn no_capacity(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", every = 0)] //~ write `every = "20ms"` for writes at once
async fn no_time(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", batch = "many")] //~ expected a whole number, like `100`
async fn no_number(user: u64) -> Done {
    Ok(())
}

#[write_behind(key = "{user}", ttl = 60)] //~ unknown option `ttl`
async fn unknown_option(user: u64) -> Done {
    Ok(())
}

// Calls get no error of their own.
async fn callers() -> Done {
    many_numbers(Cart { user: 1 }).await?;
    one_number(vec![Cart { user: 1 }]).await
}

fn main() {}
