//! Calls every function twice: what it does is done once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bare::c32::{Db, Invoice, Status};
use bare::c33::{InMemory, Mailer, Product, ProductId, ProductRepo, ProductService};
use bare::c35::{BlobId, Store};
use bare::c39::{NativeRates, Rates};
use bare::{c29, c30, c32, c34, c37, c38};
use bytes::Bytes;
use chrono::{NaiveDate, TimeZone as _, Utc};
use futures::StreamExt as _;
use rust_decimal::Decimal;
use uuid::Uuid;

#[tokio::test]
async fn a_token() {
    let account = || "usdc.near".parse().expect("an account");
    for _ in 0..2 {
        let metadata = c29::get_ft_metadata(account()).await.expect("a symbol");
        assert_eq!(metadata.symbol, "USDC");
    }
    assert_eq!(c29::get_ft_metadata::stats().misses, 1);
    let other = "near".parse().expect("an account");
    c29::get_ft_metadata(other).await.expect_err("no symbol");
}

#[test]
fn a_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a picture.png");
    std::fs::write(&path, b"abc").expect("a file");
    let mut session = c30::Session { runs: 0 };
    let first = c30::compute_quality_raw(&path, &mut session).expect("a file");
    let second = c30::compute_quality_raw(path.as_path(), &mut session).expect("a file");
    assert_eq!((first, session.runs), (second, 1));
    c30::compute_quality_raw(folder.path().join("none"), &mut session).expect_err("no file");
}

#[tokio::test]
async fn a_filter() {
    let customer = Uuid::from_u128(7);
    let due = NaiveDate::from_ymd_opt(2026, 1, 31);
    let invoice = Invoice {
        customer,
        issued: Utc.timestamp_opt(1_000, 0).unwrap(),
        due: due.expect("a date"),
        total: Decimal::new(1_050, 2),
        status: Status::Open,
    };
    let full = Db {
        rows: Arc::new([invoice]),
    };
    let empty = Db { rows: Arc::new([]) };
    let until = Utc.timestamp_opt(2_000, 0).unwrap();
    let count = async |db: &Db, customers: &[Uuid], until, due, at_least, status| {
        let found = c32::invoices(db, customers, until, due, at_least, status).await;
        found.expect("a customer").len()
    };
    let open = Some(Status::Open);
    let ten = Decimal::TEN;
    assert_eq!(count(&full, &[customer], until, due, ten, open).await, 1);
    assert_eq!(count(&empty, &[customer], until, due, ten, open).await, 1);
    // Each argument is in the key: none of these was asked for before.
    let two = [customer, Uuid::nil()];
    let later = Utc.timestamp_opt(3_000, 0).unwrap();
    assert_eq!(count(&empty, &two, until, due, ten, open).await, 0);
    assert_eq!(count(&empty, &[customer], later, due, ten, open).await, 0);
    assert_eq!(count(&empty, &[customer], until, None, ten, open).await, 0);
    assert_eq!(
        count(&empty, &[customer], until, due, Decimal::ONE, open).await,
        0
    );
    assert_eq!(count(&empty, &[customer], until, due, ten, None).await, 0);
}

struct Outbox(Mutex<Vec<String>>);

impl Mailer for Outbox {
    fn send(&self, text: &str) {
        self.0.lock().expect("not poisoned").push(text.to_owned());
    }
}

async fn shop<R: ProductRepo>(repo: R, rows: &InMemory) {
    let outbox = Arc::new(Outbox(Mutex::default()));
    let id = ProductId(7);
    rows.rename(id, "pot").await.expect("a product");
    let service = ProductService {
        repo,
        mailer: Arc::clone(&outbox) as Arc<dyn Mailer>,
    };
    let name = async || -> String {
        let product: Arc<Product> = service.product(id).await.expect("a product");
        product.name.clone()
    };
    assert_eq!((name().await, name().await), ("pot".into(), "pot".into()));
    assert_eq!(*rows.reads.lock().expect("not poisoned"), 1);
    service.rename(id, "kettle").await.expect("a product");
    assert_eq!(name().await, "kettle");
    assert_eq!(outbox.0.lock().expect("not poisoned").len(), 1);
}

#[tokio::test]
async fn a_shop_with_each_kind_of_repository() {
    let rows = Arc::new(InMemory::default());
    shop(Arc::clone(&rows), &rows).await;
    let rows = Arc::new(InMemory::default());
    shop(Arc::clone(&rows) as Arc<dyn ProductRepo>, &rows).await;
    let rows = Arc::new(InMemory::default());
    shop(Lent(Arc::clone(&rows)), &rows).await;
}

/// A repository that wraps another.
struct Lent(Arc<InMemory>);

#[async_trait]
impl ProductRepo for Lent {
    async fn find(&self, id: ProductId) -> Result<Product, bare::c33::RepoError> {
        self.0.find(id).await
    }

    async fn rename(&self, id: ProductId, name: &str) -> Result<(), bare::c33::RepoError> {
        self.0.rename(id, name).await
    }
}

#[tokio::test]
async fn a_translation_and_an_embedding() {
    for text in ["house".into(), "house".to_owned().into()] {
        let said = c34::translate(text, "de", None).await;
        assert_eq!(said, "house in de");
    }
    assert_eq!(c34::translate::stats().misses, 1);
    let said = c34::translate("house".into(), "de", Some("music")).await;
    assert_eq!(said, "house (music) in de");

    let texts = ["a", "bc"];
    let two = c34::embed::<2>(&texts, ("small", 1)).await;
    let three = c34::embed::<3>(&texts, ("small", 1)).await;
    let lengths = [two, three].map(|vectors| vectors.expect("a length")[0].len());
    assert_eq!(lengths, [2, 3]);
}

#[tokio::test]
async fn a_blob() {
    let id = BlobId(7);
    let full = Arc::new(Store {
        blobs: HashMap::from([(id, b"one\ntwo".to_vec())]),
    });
    let empty = Arc::new(Store::default());
    let blob = full.blob(id).await.expect("a blob");
    assert_eq!(blob, Bytes::from_static(b"one\ntwo"));
    assert_eq!(empty.blob(id).await.expect("a kept blob"), blob);
    let rows = full.rows(id).await.expect("text");
    assert_eq!(rows.len(), 2);
    assert!(Arc::ptr_eq(&rows, &empty.rows(id).await.expect("text")));
    empty.blob(BlobId(8)).await.expect_err("no blob");
}

#[tokio::test]
async fn streams_and_boxes() {
    for _ in 0..2 {
        let events: Vec<String> = c37::events("sale").await.collect().await;
        assert_eq!(events, ["sale began", "sale ended"]);
        assert_eq!(c37::run("sweep").await.expect("a name"), "sweep is done");
    }
    c37::run("").await.expect_err("no name");
    assert_eq!(c37::walk(4).await, 15);
    // Each node once.
    assert_eq!(c37::walk::stats().misses, 5);
}

#[tokio::test]
async fn members_of_an_organisation() {
    let db = c38::Db::default();
    let admit = async |user| c38::admit(&db, c38::OrgId(1), c38::UserId(user)).await;
    assert_eq!(admit(1).await.len(), 1);
    let members = admit(2).await;
    let admins: Vec<bool> = members.iter().map(|member| member.admin).collect();
    assert_eq!(admins, [true, false]);
}

#[derive(Default)]
struct Counting(AtomicU32);

#[async_trait]
impl Rates for Counting {
    async fn fetch(&self, _: &str, _: &str) -> Result<f64, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(1.5)
    }
}

impl NativeRates for Counting {
    async fn fetch(&self, _: &str, _: &str) -> Result<f64, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(2.5)
    }
}

#[tokio::test]
async fn rates_of_both_kinds() {
    let counting = Counting::default();
    for _ in 0..2 {
        assert_eq!(Rates::rate(&counting, "EUR", "USD").await, Ok(1.5));
        assert_eq!(NativeRates::rate(&counting, "EUR", "USD").await, Ok(2.5));
    }
    assert_eq!(counting.0.into_inner(), 2);
}
