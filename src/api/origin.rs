//! Whether a browser was made to send a request by a page that may.
//!
//! A browser sends what any site's page tells it to: with the Studio's cookies, and from inside the
//! user's network. What no page can change tells who it was: `Origin`, `Referer`, `Sec-Fetch-Site`,
//! and `Host`, which is the page's own name where that was made to resolve to this machine (DNS
//! rebinding). So both must fit: the page to the host, and the host to names that are the Studio's.
//!
//! A request without a `Host` is no browser's, but the program's own.

use url::{Host, Url};

use super::http::Request;
use crate::config::origin;
use crate::error::{Code, Error, Result};

/// Refuses what a page of another site may have caused. `allowed` are the configured origins;
/// `opens_socket` requests have effects whatever their method.
pub(super) fn admit(request: &Request, allowed: &[String], opens_socket: bool) -> Result<()> {
    let own: Vec<String> = request.allowed_origins.iter().filter_map(|text| origin(text)).collect();
    let visit = Visit { request, allowed: [allowed, &own].concat(), opens_socket };
    visit.host()?;
    visit.page()
}

struct Visit<'r> {
    request: &'r Request,
    allowed: Vec<String>,
    opens_socket: bool,
}

impl Visit<'_> {
    /// The host must be one whose name nobody else can have.
    fn host(&self) -> Result<()> {
        let Some(host) = self.request.host() else { return Ok(()) };
        let url = authority("http", host);
        let known = match url.as_ref().and_then(Url::host) {
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            Some(Host::Domain(name)) => self.is_known(name.trim_end_matches('.')),
            None => false,
        };
        if known || self.origin().is_some_and(|page| self.is_allowed(&page)) {
            return Ok(());
        }
        Err(refused(format!(
            "this Studio does not know the host name {host:?}; if it is its own, name it in \
             MULTIDB_ALLOWED_ORIGINS, such as `https://studio.example.com`"
        )))
    }

    fn is_known(&self, name: &str) -> bool {
        let listed =
            |allowed: &String| Url::parse(allowed).is_ok_and(|url| url.host_str() == Some(name));
        name == "localhost"
            || name.ends_with(".localhost")
            || self.allowed.iter().any(listed)
            || self.is_logged_in()
    }

    /// Cookies and tokens belong to a name: who brings good ones is no page of another.
    fn is_logged_in(&self) -> bool {
        let brought = ["authorization", "cookie"].map(|name| self.request.header(name));
        self.request.user.is_some() && brought.iter().any(Option::is_some)
    }

    /// The page must be of the host, or of an allowed origin.
    fn page(&self) -> Result<()> {
        let has_effects = self.opens_socket || self.request.method != "GET";
        let site = self.request.header("sec-fetch-site");
        let from = match self.request.header("origin") {
            Some(origin) => Some(origin),
            None if has_effects => self.request.header("referer"),
            None => None,
        };
        if let Some(from) = from {
            let page = page_origin(from);
            if page.as_ref().is_some_and(|page| self.is_allowed(page)) {
                return Ok(());
            }
            if !page.is_some_and(|page| self.is_own(&page)) {
                return Err(self.foreign(from));
            }
        } else if self.opens_socket && self.brings_what_browsers_add() {
            // Browsers name the origin in every handshake.
            return Err(self.foreign("no origin"));
        }
        match site {
            None | Some("same-origin" | "none") => Ok(()),
            Some(_) if !has_effects && self.is_link() => Ok(()),
            Some(_) => Err(self.foreign("another site")),
        }
    }

    /// The origin of the page, where the browser names it.
    fn origin(&self) -> Option<Url> {
        page_origin(self.request.header("origin")?)
    }

    fn is_allowed(&self, page: &Url) -> bool {
        self.allowed.contains(&page.origin().ascii_serialization())
    }

    /// A proxy may have ended TLS, so the host alone can be compared: as if it were of the page's
    /// scheme, whose usual port is left out.
    fn is_own(&self, page: &Url) -> bool {
        let own = self.request.host().and_then(|host| authority(page.scheme(), host));
        own.is_some_and(|own| own.origin() == page.origin())
    }

    /// Somebody followed a link: the answer is shown as a page, and the other site can't read it.
    fn is_link(&self) -> bool {
        let header = |name: &str| self.request.header(name);
        header("sec-fetch-mode") == Some("navigate") && header("sec-fetch-dest") == Some("document")
    }

    fn brings_what_browsers_add(&self) -> bool {
        let header = |name: &str| self.request.header(name);
        match header("authorization") {
            // Browsers never add a token by themselves.
            Some(kind) if is_bearer(kind) => false,
            Some(_) => true,
            None => header("cookie").is_some() || header("sec-fetch-site").is_some(),
        }
    }

    fn foreign(&self, from: &str) -> Error {
        let what = if self.opens_socket {
            "open sockets here"
        } else if self.request.method == "GET" {
            "read here"
        } else {
            "write here"
        };
        let from: String = from.chars().take(200).collect();
        refused(format!(
            "a page of {from:?} may not {what}; send it from the Studio, or name the origin that the \
             browser shows for the Studio in MULTIDB_ALLOWED_ORIGINS"
        ))
    }
}

fn is_bearer(authorization: &str) -> bool {
    let scheme = authorization.split_whitespace().next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("bearer")
}

/// `null` is what a page without an origin of its own says.
fn page_origin(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// A `Host` header as a URL. Whatever is more than a host and a port is refused.
fn authority(scheme: &str, host: &str) -> Option<Url> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if !host.bytes().all(plain) {
        return None;
    }
    Url::parse(&format!("{scheme}://{host}")).ok().filter(Url::has_host)
}

fn refused(message: String) -> Error {
    Error::new(Code::OperationNotAllowed, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::User;

    const LISTED: &str = "https://studio.example";

    fn judge(method: &str, headers: &[(&str, &str)], user: bool, socket: bool) -> bool {
        let request = Request {
            method: method.to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            user: user.then(|| User { id: "anna".into() }),
            ..Request::default()
        };
        admit(&request, &[LISTED.to_owned()], socket).is_ok()
    }

    /// Every combination of what browsers and others send, against the rule in one sentence each.
    #[test]
    fn the_whole_matrix_of_headers_keeps_the_rule() {
        let hosts = [
            "localhost:3000",
            "127.0.0.1",
            "[::1]:3000",
            "app.localhost",
            "studio.example",
            "studio.example:3000",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example@localhost",
            "",
            "localhost/evil",
            "localhost,evil.example",
        ];
        let pages = [
            None,
            Some("null"),
            Some(""),
            Some("https://studio.example"),
            Some("http://evil.example"),
            Some("http://localhost:3000"),
            Some("http://localhost:3001"),
            Some("https://127.0.0.1"),
            Some("http://127.0.0.1"),
            Some("file:///etc"),
            Some("http://[::1]:3000"),
            Some("http://app.localhost"),
            Some("http://localhost:3000.evil.example"),
        ];
        let sites =
            [None, Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none")];
        let credentials = [None, Some(("authorization", "Bearer")), Some(("cookie", "withheld"))];
        let mut counts = [0, 0];
        for host in hosts {
            for page in pages {
                for page_header in ["origin", "referer"] {
                    for site in sites {
                        for credential in credentials {
                            for (user, method, socket) in [
                                (false, "POST", false),
                                (true, "DELETE", false),
                                (false, "GET", false),
                                (true, "GET", true),
                                (false, "GET", true),
                            ] {
                                let mut headers = vec![("host", host)];
                                headers.extend(page.map(|page| (page_header, page)));
                                headers.extend(site.map(|site| ("sec-fetch-site", site)));
                                headers.extend(credential);
                                let passed = judge(method, &headers, user, socket);
                                counts[usize::from(passed)] += 1;
                                let told =
                                    format!("{method} {headers:?} user={user} socket={socket}");
                                let effects = socket || method != "GET";
                                let named = page.filter(|_| page_header == "origin" || effects);
                                let listed = named == Some(LISTED);
                                if passed && !listed {
                                    let safe = [
                                        "localhost:3000",
                                        "127.0.0.1",
                                        "[::1]:3000",
                                        "app.localhost",
                                        "studio.example",
                                        "studio.example:3000",
                                    ];
                                    let known = safe.contains(&host)
                                        || user
                                            && credential.is_some()
                                            && host.ends_with(".evil.example")
                                        || user && credential.is_some() && host == "evil.example";
                                    assert!(known, "{told}");
                                    assert!(
                                        !matches!(site, Some("cross-site" | "same-site")),
                                        "{told}"
                                    );
                                    if let Some(page) = named {
                                        let own = page.split("://").nth(1);
                                        assert_eq!(own, Some(host), "{told}");
                                    }
                                }
                                // And it refuses nobody who has done nothing wrong.
                                let own_page =
                                    named.is_none_or(|page| page.split("://").nth(1) == Some(host));
                                let plain = ["localhost:3000", "127.0.0.1", "[::1]:3000"]
                                    .contains(&host)
                                    && own_page
                                    && site.is_none_or(|site| site == "same-origin")
                                    && (!socket
                                        || named.is_some()
                                        || (site.is_none() && credential.is_none()));
                                assert!(passed || !plain, "{told}");
                            }
                        }
                    }
                }
            }
        }
        assert!(counts.iter().all(|&count| count > 100), "{counts:?}");
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
            judge(method, &headers, false, false)
        };
        assert!(link("document", "GET"));
        assert!(!link("iframe", "GET"));
        assert!(!link("document", "POST"));
    }

    #[test]
    fn the_programs_own_requests_have_no_host_and_are_not_asked() {
        assert!(judge("POST", &[], false, false));
        assert!(judge("POST", &[("cache-control", "no-cache")], false, false));
        assert!(!judge("POST", &[("origin", "http://evil.example")], false, false));
        assert!(!judge("POST", &[("sec-fetch-site", "cross-site")], false, false));
    }
}
