//! A reverse proxy with a shared cache (RFC 9111) in front of one origin.
//!
//! `scripts/http-conformance` runs the HTTP cache tests of <https://cache-tests.fyi> against this
//! proxy.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, HeaderName, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, Response, StatusCode, Uri, Version};
use cachekit::Cache;
use cachekit::http::{HttpCacheLayer, RuleError, RuleSet, SetCookie};
use cachekit_examples::program::{Fail, run, say};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use lexopt::{Arg, Parser, ValueExt};
use tokio::net::TcpListener;
use tower::{ServiceBuilder, service_fn};

const HELP: &str = "\
Forwards requests to one origin, and answers from a shared cache where RFC 9111 allows it.

Usage: reverse_proxy [OPTIONS]

  --origin URL      the origin, http://host[:port] (default: http://127.0.0.1:18000)
  --listen ADDR     address and port; with port 0 the system chooses one, and the first line of the
                    output names it (default: 127.0.0.1:18001)
  --profile NAME    default: the defaults of the library's shared mode; conformance: everything that
                    RFC 9111 permits a shared cache to do; none: no cache (default: default)
  --help            this text
";

/// The time for which an idle connection is kept. An origin closes its side after some seconds, and
/// a request that is on its way at that moment is lost.
const IDLE: Duration = Duration::from_secs(2);

/// The options of the cache.
#[derive(Debug, Clone, Copy)]
enum Profile {
    /// The defaults of the shared mode.
    Default,
    /// Settings with which the cache stores and serves all that RFC 9111 permits.
    Conformance,
    /// No cache, so that the tests show the behaviour of the proxy alone.
    None,
}

#[derive(Debug)]
struct Args {
    origin: Authority,
    listen: SocketAddr,
    profile: Profile,
}

#[tokio::main]
async fn main() -> ExitCode {
    run(args(std::env::args_os()), HELP, serve).await
}

/// Reads the command line; `None` if it asks for the help.
fn args(words: impl IntoIterator<Item = OsString>) -> Result<Option<Args>, Fail> {
    let mut args = Args {
        origin: Authority::from_static("127.0.0.1:18000"),
        listen: SocketAddr::from(([127, 0, 0, 1], 18_001)),
        profile: Profile::Default,
    };
    let mut parser = Parser::from_iter(words);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("origin") => args.origin = authority(&parser.value()?.string()?)?,
            Arg::Long("listen") => args.listen = parser.value()?.parse()?,
            Arg::Long("profile") => args.profile = profile(&parser.value()?.string()?)?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(format!("{}; see --help", other.unexpected()).into()),
        }
    }
    Ok(Some(args))
}

fn authority(url: &str) -> Result<Authority, Fail> {
    let uri: Uri = url.parse().map_err(|error| format!("--origin: {error}"))?;
    let has_path = !matches!(uri.path(), "" | "/");
    match uri.authority() {
        Some(authority) if uri.scheme() == Some(&Scheme::HTTP) && !has_path => {
            Ok(authority.clone())
        }
        _ => Err(format!("--origin: `{url}` is not of the form http://host[:port]").into()),
    }
}

fn profile(name: &str) -> Result<Profile, Fail> {
    match name {
        "default" => Ok(Profile::Default),
        "conformance" => Ok(Profile::Conformance),
        "none" => Ok(Profile::None),
        _ => Err(format!("--profile: `{name}` is none of default, conformance, none").into()),
    }
}

/// Returns the rules of the cache, or `None` if the profile has no cache.
fn rules(profile: Profile) -> Result<Option<RuleSet>, RuleError> {
    let rules = match profile {
        Profile::None => return Ok(None),
        Profile::Default => RuleSet::shared(),
        Profile::Conformance => RuleSet::shared()
            .heuristics(true)
            .stale_on_failure(Duration::from_secs(10))
            .defaults(|rule| rule.set_cookie(SetCookie::Rfc)),
    };
    rules.build().map(Some)
}

async fn serve(args: Args) -> Result<(), Fail> {
    let cache = Cache::builder().build().await?;
    let client = Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .build(HttpConnector::new());
    let origin = args.origin;
    let service = service_fn(move |request| forward(client.clone(), origin.clone(), request));
    // This layer is outside of the cache. The cache gets the origin's failures as errors, and may
    // answer them with a stale response.
    let errors = ServiceBuilder::new().layer(HandleErrorLayer::new(bad_gateway));
    let app = match rules(args.profile)? {
        Some(rules) => {
            let cached = errors.layer(HttpCacheLayer::new(&cache, rules));
            Router::new().fallback_service(cached.service(service))
        }
        None => Router::new().fallback_service(errors.service(service)),
    };
    let listener = TcpListener::bind(args.listen).await?;
    say(&format!("http://{}\n", listener.local_addr()?))?;
    Ok(axum::serve(listener, app).await?)
}

async fn bad_gateway(error: legacy::Error) -> (StatusCode, String) {
    (StatusCode::BAD_GATEWAY, format!("{error}\n"))
}

/// Forwards a request to the origin, as one hop on the way of the request (RFC 9110, section 7.6).
async fn forward(
    client: Client<HttpConnector, Body>,
    origin: Authority,
    mut request: Request,
) -> Result<Response<Body>, legacy::Error> {
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(origin);
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    *request.version_mut() = Version::HTTP_11;
    remove_hop_by_hop(request.headers_mut());
    let mut response = client.request(request).await?;
    remove_hop_by_hop(response.headers_mut());
    Ok(response.map(Body::new))
}

/// Removes the fields that concern one connection, including the fields that `Connection` lists.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let lines: Vec<_> = headers.get_all(CONNECTION).iter().cloned().collect();
    let listed = lines.iter().filter_map(|line| line.to_str().ok());
    for name in listed.flat_map(|line| line.split(',')) {
        headers.remove(name.trim());
    }
    let always = [
        CONNECTION,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        PROXY_AUTHENTICATE,
        PROXY_AUTHORIZATION,
        TE,
        TRAILER,
        TRANSFER_ENCODING,
        UPGRADE,
    ];
    for name in always {
        headers.remove(name);
    }
}
