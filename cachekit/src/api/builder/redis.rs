//! The builder's settings of the Redis that processes share: its address, its logins and its
//! certificates.

use std::path::PathBuf;

use crate::api::builder::CacheBuilder;
use crate::model::config::secret::{Password, RedisUrl, User};

impl CacheBuilder {
    /// Sets the Redis that processes share (L2). A call that memory cannot answer looks into this
    /// Redis before it runs the function.
    ///
    /// | address | server |
    /// |---|---|
    /// | `redis://[user:password@]host[:port][/db]` | one server |
    /// | `rediss://..` | one server, by TLS; needs the feature `tls` |
    /// | `unix:///path` | one server, by its socket |
    /// | `redis+sentinel://[user:password@]host[:port],host2[:port]/master[/db]` | the master of this name, which the sentinels at these hosts know |
    /// | `redis+cluster://[user:password@]host[:port],host2[:port]` | the Redis Cluster of these nodes, of which one is enough to find the others |
    /// | `rediss+sentinel://..`, `rediss+cluster://..` | likewise, by TLS |
    ///
    /// If this Redis is unreachable when the cache is built, the cache logs a warning, and connects
    /// when Redis returns. The page `docs/topologies.md` describes Sentinel, Redis Cluster and TLS.
    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.config.redis = Some(RedisUrl(url.into()));
        self
    }

    /// Sets the Redis that processes share (L2): the master `master` that `sentinels` know, each
    /// given as `host` or `host:port`. The same as [`redis`](Self::redis) with
    /// `redis+sentinel://host:port,host2:port/master`, which can also name an account and a
    /// database.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder()
    ///     .redis_sentinel(["sentinel-1:26379", "sentinel-2:26379"], "mymaster")
    ///     .redis_password_file("/run/secrets/redis")
    ///     .build()
    ///     .await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn redis_sentinel<S: AsRef<str>>(
        mut self,
        sentinels: impl IntoIterator<Item = S>,
        master: impl AsRef<str>,
    ) -> Self {
        let url = format!("redis+sentinel://{}/{}", joined(sentinels), master.as_ref());
        self.config.redis = Some(RedisUrl(url));
        self
    }

    /// Sets the Redis that processes share (L2): the Redis Cluster of `nodes`, each given as `host` or
    /// `host:port`. One node that can be reached is enough to find the others. The same as
    /// [`redis`](Self::redis) with `redis+cluster://host:port,host2:port`, which can also name an
    /// account.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder()
    ///     .redis_cluster(["node-1:6379", "node-2:6379"])
    ///     .redis_password_file("/run/secrets/redis")
    ///     .build()
    ///     .await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn redis_cluster<S: AsRef<str>>(mut self, nodes: impl IntoIterator<Item = S>) -> Self {
        self.config.redis = Some(RedisUrl(format!("redis+cluster://{}", joined(nodes))));
        self
    }

    /// Sets the password for a Redis whose address, given to [`redis`](Self::redis), contains none.
    pub fn redis_password(mut self, password: impl Into<String>) -> Self {
        self.config.redis_password = Some(Password::Text(password.into()));
        self
    }

    /// Sets a file with the password for a Redis whose address, given to [`redis`](Self::redis),
    /// contains none, such as a secret that an orchestrator mounts. The file is read when the cache
    /// is built. A line break at the end of the file is not part of the password.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let cache = cachekit::Cache::builder()
    ///     .redis("redis://localhost")
    ///     .redis_password_file("/run/secrets/redis")
    ///     .build()
    ///     .await?;
    /// # Ok::<(), cachekit::BuildError>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn redis_password_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.redis_password = Some(Password::File(path.into()));
        self
    }

    /// Sets a file with the certificates, in PEM, of the authorities that sign the certificates of
    /// Redis and of the sentinels. The file is read when the cache is built. Default: the
    /// authorities that browsers accept. Needs an address with TLS, such as `rediss://`.
    pub fn redis_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.redis_ca_file = Some(path.into());
        self
    }

    /// Sets a file with the certificate, in PEM, that this process shows to Redis and to the
    /// sentinels. The file is read when the cache is built. Default: the process shows none. Needs
    /// [`redis_key_file`](Self::redis_key_file).
    pub fn redis_cert_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.redis_cert_file = Some(path.into());
        self
    }

    /// Sets a file with the private key, in PEM, of the certificate in
    /// [`redis_cert_file`](Self::redis_cert_file).
    pub fn redis_key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.redis_key_file = Some(path.into());
        self
    }

    /// Sets the account of the cache on the sentinels. Default: the default account. The account on
    /// Redis itself is in the address.
    pub fn sentinel_user(mut self, user: impl Into<String>) -> Self {
        self.config.sentinel_user = Some(User(user.into()));
        self
    }

    /// Sets the password of the account on the sentinels. Default: none. The password of Redis
    /// itself is never sent to a sentinel.
    pub fn sentinel_password(mut self, password: impl Into<String>) -> Self {
        self.config.sentinel_password = Some(Password::Text(password.into()));
        self
    }

    /// Sets a file with the password of the account on the sentinels. The file is read when the
    /// cache is built. A line break at the end of the file is not part of the password.
    pub fn sentinel_password_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.sentinel_password = Some(Password::File(path.into()));
        self
    }
}

/// Returns `hosts` with commas between them.
fn joined<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> String {
    let hosts: Vec<String> = hosts.into_iter().map(|it| it.as_ref().to_owned()).collect();
    hosts.join(",")
}
