use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::access::User;
use crate::request::upload::Upload;

const LISTED: &str = "https://studio.example";

/// Names that nobody else can have, and one that is listed.
const KNOWN: &[&str] = &[
    "localhost:3000",
    "127.0.0.1",
    "[::1]:3000",
    "app.localhost",
    "studio.example",
    "studio.example:3000",
];

/// Names that others have, and no names.
const OTHERS: &[&str] = &[
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "studio.example.evil.example",
    "evil.example@localhost",
    "localhost/evil",
    "localhost,evil.example",
    "",
];

const PAGES: &[&str] = &[
    LISTED,
    "null",
    "",
    "http://evil.example",
    "http://localhost:3000",
    "http://localhost:3001",
    "http://127.0.0.1",
    "http://[::1]:3000",
    "http://app.localhost",
    "http://localhost:3000.evil.example",
    "http://localhost:3000@evil.example",
    "http://localhost:3000, http://evil.example",
    "file:///etc",
    "chrome-extension://abc",
];

const SITES: &[&str] =
    &["same-origin", "same-site", "cross-site", "none", "same-origin, cross-site"];

const CREDENTIALS: &[(&str, &str)] = &[("authorization", "Bearer"), ("cookie", "withheld")];

/// What a browser, or somebody else, sends.
#[derive(Debug)]
struct Sent {
    host: &'static str,
    page: Option<&'static str>,
    page_header: &'static str,
    site: Option<&'static str>,
    credential: Option<(&'static str, &'static str)>,
    user: bool,
    method: &'static str,
    socket: bool,
    authorization: Authorization,
    /// Whether names were listed at all.
    lists: bool,
}

impl Sent {
    fn passes(&self) -> bool {
        let mut headers = vec![("host", self.host)];
        headers.extend(self.page.map(|page| (self.page_header, page)));
        headers.extend(self.site.map(|site| ("sec-fetch-site", site)));
        headers.extend(self.credential);
        let allowed = if self.lists { vec![LISTED.to_owned()] } else { vec![] };
        let request = request(self.method, &headers, self.user, self.socket);
        admit(&request, &allowed, self.authorization).is_ok()
    }

    fn is_known(&self) -> bool {
        KNOWN.contains(&self.host) && (self.lists || !self.host.starts_with("studio.example"))
    }

    /// Nobody gets nothing where users must log in; who has logged in there may come by any name
    /// while none is listed.
    fn is_of_a_session(&self) -> bool {
        let is_session =
            self.credential.is_some() && !self.lists && authority("http", self.host).is_some();
        self.authorization == Authorization::Members && (!self.user || is_session)
    }

    fn has_effects(&self) -> bool {
        self.socket || self.method != "GET"
    }

    /// The page, where it counts.
    fn named(&self) -> Option<&'static str> {
        self.page.filter(|_| self.page_header == "origin" || self.has_effects())
    }

    fn is_own_page(&self) -> bool {
        self.named()
            .is_none_or(|page| page.split_once("://").map(|(_, host)| host) == Some(self.host))
    }
}

fn judge(method: &str, headers: &[(&str, &str)]) -> bool {
    let request = request(method, headers, false, false);
    admit(&request, &[LISTED.to_owned()], Authorization::Off).is_ok()
}

fn request(method: &str, headers: &[(&str, &str)], user: bool, socket: bool) -> Request {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut headers: Vec<(String, String)> = headers.iter().map(own).collect();
    if socket {
        headers.push(("upgrade".to_owned(), "websocket".to_owned()));
    }
    Request {
        method: method.to_owned(),
        headers,
        user: user.then(|| User { id: "anna".into() }),
        upload: socket.then(|| Upload::whole(b"")),
        ..Request::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn whatever_is_sent_the_page_fits_the_host_and_the_host_is_known(
        host in select([KNOWN, OTHERS].concat()),
        page in option::of(select(PAGES)),
        page_header in select(&["origin", "referer"][..]),
        site in option::of(select(SITES)),
        credential in option::of(select(CREDENTIALS)),
        user: bool,
        (method, socket) in select(&[("GET", false), ("GET", true), ("POST", false), ("DELETE", false)][..]),
        authorization in select(&[Authorization::Off, Authorization::Members][..]),
        lists: bool,
    ) {
        let sent = Sent {
            host, page, page_header, site, credential, user, method, socket, authorization, lists,
        };
        let passes = sent.passes();
        let is_listed = lists && sent.named() == Some(LISTED);
        if passes && !is_listed {
            prop_assert!(sent.is_known() || sent.is_of_a_session());
            prop_assert!(matches!(site, None | Some("same-origin" | "none")));
            prop_assert!(sent.is_own_page());
        }
        // And nobody is refused who has done nothing wrong.
        let is_plain = sent.is_known() && sent.is_own_page() && matches!(site, None | Some("same-origin"));
        let says_who = !socket || sent.named().is_some() || (site.is_none() && credential.is_none());
        prop_assert!(passes || !(is_plain && says_who));
        prop_assert!(passes || !(is_listed && page_header == "origin"));
    }
}

#[test]
fn a_link_may_be_followed_and_nothing_else_be_embedded() {
    let link = |dest, method| {
        let headers = [
            ("host", "localhost:3000"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", dest),
        ];
        judge(method, &headers)
    };
    assert!(link("document", "GET"));
    assert!(!link("iframe", "GET"));
    assert!(!link("document", "POST"));
}

#[test]
fn the_programs_own_requests_have_no_host_and_are_not_asked() {
    assert!(judge("POST", &[]));
    assert!(judge("POST", &[("cache-control", "no-cache")]));
    assert!(!judge("POST", &[("origin", "http://evil.example")]));
    assert!(!judge("POST", &[("sec-fetch-site", "cross-site")]));
}

#[test]
fn who_has_not_logged_in_where_that_is_needed_is_told_that_by_any_name() {
    let headers = vec![("host".to_owned(), "evil.example".to_owned())];
    let nobody = Request { method: "GET".to_owned(), headers, ..Request::default() };
    assert!(admit(&nobody, &[], Authorization::Members).is_ok());
    assert!(admit(&nobody, &[], Authorization::Off).is_err());
    let somebody = Request { user: Some(User { id: "anna".into() }), ..nobody };
    assert!(admit(&somebody, &[], Authorization::Members).is_err());
}

#[test]
fn a_made_up_credential_makes_no_name_known_where_nobody_has_to_log_in() {
    for (credential, value) in CREDENTIALS {
        let headers = [("host", "evil.example"), (*credential, *value)];
        let request = request("POST", &headers, true, false);
        assert!(admit(&request, &[], Authorization::Off).is_err());
        assert!(admit(&request, &[], Authorization::Members).is_ok());
        assert!(admit(&request, &[LISTED.to_owned()], Authorization::Members).is_err());
    }
}

#[test]
fn an_origin_that_is_none_is_refused_and_not_passed_over() {
    for bad in ["studio.example.com", "", "https://h/path", "ftp://h", "https://u@h", "*", "null"] {
        let allowed_origins = vec![LISTED.to_owned(), bad.to_owned()];
        let request = Request { allowed_origins, ..request("POST", &[], false, false) };
        let error = admit(&request, &[], Authorization::Off).unwrap_err();
        assert!(error.message().contains(&format!("{bad:?}")), "{}", error.message());
    }
}
