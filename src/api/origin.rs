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
use crate::config::{Authorization, origin};
use crate::error::{Error, Result};

/// Refuses what a page of another site may have caused. `allowed` are the configured origins.
pub(super) fn admit(
    request: &Request,
    allowed: &[String],
    authorization: Authorization,
) -> Result<()> {
    let read = |text: &String| origin(text).ok_or_else(|| no_origin(text));
    let own: Vec<String> = request.allowed_origins.iter().map(read).collect::<Result<_>>()?;
    let opens_socket = request.wants_socket();
    let visit = Visit { request, allowed: [allowed, &own].concat(), authorization, opens_socket };
    // Who must log in and has not gets nothing by any name, and should be told so.
    if request.user.is_some() || authorization == Authorization::Off {
        visit.host()?;
    }
    visit.page()
}

struct Visit<'r> {
    request: &'r Request,
    allowed: Vec<String>,
    authorization: Authorization,
    /// Then it has effects, whatever its method.
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
            || self.is_session()
    }

    /// Cookies and tokens belong to a name: who brings good ones is no page of another. The core does
    /// not see whether they are good. So this holds only where users have to log in, and as long as
    /// nobody has said which names there are.
    fn is_session(&self) -> bool {
        let brought = ["authorization", "cookie"].map(|name| self.request.header(name));
        self.authorization == Authorization::Members
            && self.allowed.is_empty()
            && self.request.user.is_some()
            && brought.iter().any(Option::is_some)
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

/// `null` is what a page without an origin of its own says. Browsers name no user before a host.
fn page_origin(text: &str) -> Option<Url> {
    let is_page = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    };
    Url::parse(text).ok().filter(is_page)
}

/// A `Host` header as a URL. Whatever is more than a host and a port is refused.
fn authority(scheme: &str, host: &str) -> Option<Url> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    if !host.bytes().all(plain) {
        return None;
    }
    Url::parse(&format!("{scheme}://{host}")).ok().filter(Url::has_host)
}

/// Dropped silently it would be missing where it is needed.
fn no_origin(text: &str) -> Error {
    let text: String = text.chars().take(200).collect();
    Error::validation(format!(
        "`allowedOrigins` has {text:?}; an origin is such as `https://studio.example.com`, without a \
         path"
    ))
}

fn refused(message: String) -> Error {
    Error::not_allowed(message)
}

#[cfg(test)]
mod tests;
