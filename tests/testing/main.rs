//! The tools of `cachekit::testing`, as the test of an application uses them.

mod fake_redis;
mod page;
mod page_served;
mod recorder;
mod served;
