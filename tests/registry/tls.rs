//! `TEST_PLATFORM_TLS_URL` is a server whose certificate is for the URL's host, with its authority
//! in `ca_pem` and a role that has a password:
//! `postgresql://tls:secret@127.0.0.1:5432/postgres?sslmode=verify-full&ca_pem=…`.

use std::time::Duration;

use studio_multidb::deadline::Deadline;
use studio_multidb::error::{Code, Result};
use url::Url;

use crate::fixtures::{config, given, open};

fn url() -> Option<Url> {
    given("TEST_PLATFORM_TLS_URL").map(|url| url.parse().expect("a URL"))
}

async fn check(url: &str) -> Result<Duration> {
    let (platform, _) = open(&config(&[("DATABASE_URL", url)]));
    let platform = platform.expect("a platform database");
    platform.check(Deadline::after(Duration::from_secs(5))).await
}

/// The URL with other query parameters.
fn with(url: &Url, keep: &[&str], more: &str) -> String {
    let mut query: Vec<String> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| keep.iter().any(|name| pair.starts_with(&format!("{name}="))))
        .map(str::to_owned)
        .collect();
    query.push(more.to_owned());
    let mut url = url.clone();
    url.set_query(Some(&query.join("&")));
    url.into()
}

#[tokio::test]
async fn the_platform_database_is_reached_over_verified_tls_with_channel_binding() {
    let Some(url) = url() else { return };
    check(url.as_str()).await.unwrap();
    check(&with(&url, &["ca_pem"], "sslmode=verify-full&channel_binding=require")).await.unwrap();
    check(&with(&url, &[], "sslmode=prefer")).await.unwrap();
}

#[tokio::test]
async fn an_unknown_authority_or_a_wrong_name_is_refused_before_the_password() {
    let Some(url) = url() else { return };
    let error = check(&with(&url, &[], "sslmode=require")).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError, "{error}");
    assert!(error.message().contains("platform database"), "{error}");
    let mut other = url.clone();
    other.set_host(Some("localhost")).unwrap();
    let error = check(other.as_str()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbTlsError, "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_told_without_showing_it() {
    let Some(mut url) = url() else { return };
    url.set_password(Some("canary")).unwrap();
    let error = check(url.as_str()).await.unwrap_err();
    assert_eq!(error.code(), Code::DbInvalidCredentials, "{error}");
    assert!(!error.message().contains("canary"), "{error}");
}
