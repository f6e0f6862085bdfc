//! The macro that makes tests of conformance cases.

/// Makes tests of each conformance case: one for Redis, one for the fake store, and one for a Redis
/// Cluster unless the case needs the knowledge of who listens.
macro_rules! cases {
    ($($case:ident)* $(; not_in_cluster: $($alone:ident)*)?) => {
        mod fake {
            $(#[tokio::test(start_paused = true)]
            async fn $case() {
                super::$case(&crate::store::tests::conformance::fake()).await;
            })*
            $($(#[tokio::test(start_paused = true)]
            async fn $alone() {
                super::$alone(&crate::store::tests::conformance::fake()).await;
            })*)?
        }
        mod redis {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&crate::store::tests::conformance::redis().await).await;
            })*
            $($(#[tokio::test]
            async fn $alone() {
                super::$alone(&crate::store::tests::conformance::redis().await).await;
            })*)?
        }
        mod in_cluster {
            $(#[tokio::test]
            async fn $case() {
                super::$case(&crate::store::tests::conformance::in_cluster::redis_cluster().await).await;
            })*
        }
    };
}
pub(crate) use cases;
