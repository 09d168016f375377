//! What a variable asks for of TLS, by the words of its name and of its value.

/// What would have to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// What holds anyway.
    Nothing,
    /// TLS, whose certificates are checked.
    Tls,
    /// Something that a URL's TLS does not bring: certificates, files, no checks.
    More,
}

/// A value that says yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    On,
    Off,
}

impl Switch {
    pub(super) fn of(value: &str) -> Option<Self> {
        match value {
            "true" | "1" | "yes" | "y" | "t" | "on" | "enable" | "enabled" | "require"
            | "required" | "always" | "verify-full" | "verify-ca" | "verify_peer"
            | "mongodb+srv" => Some(Self::On),
            "false" | "0" | "no" | "n" | "f" | "off" | "none" | "null" | "never" | "disable"
            | "disabled" | "plain" | "plaintext" | "tcp" | "redis" | "valkey" | "mongodb"
            | "verify_none" | "cert_none" => Some(Self::Off),
            _ if is_tls(value) => Some(Self::On),
            _ => None,
        }
    }
}

/// What a name about TLS has in it, its words joined.
const PARTS_OF_TLS: &str = "\
    CLIENTKEY PRIVATEKEY KEYFILE KEYPATH KEYPEM SELFSIGNED SERVERNAME ROOTCA CABUNDLE CAFILE \
    CAPATH CADATA CLIENTCA TRUSTSTORE KEYSTORE PKCS CHECKHOSTNAME VERIFYHOST VERIFYPEER STUNNEL \
    UNAUTHORIZED";

/// Words of a name about TLS.
const WORDS_OF_TLS: &str = "\
    CA CAS PEM CRL SNI PFX P12 JKS HTTPS SCHEME ALPN CIPHERS CIPHERSUITES VERIFY VERIFIED \
    UNVERIFIED NOVERIFY";

/// Words of a name about how contents are encrypted. The key by which an application encrypts what it
/// stores is none of the connection's.
const OF_CONTENTS: &str = "KEY KEYS SECRET SALT ALGORITHM FIELD FIELDS IV PASSPHRASE";

/// Words of a name whose value may be any word, and mean nothing by it.
const OF_TEXTS: &str = "\
    PREFIX NAMESPACE NAME PASSWORD PASS SECRET TOKEN KEY USER USERNAME HOST CHANNEL QUEUE STREAM \
    GROUP DATABASE DB COLLECTION";

fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

fn has_any(words: &str, name: &str) -> bool {
    name.split('_').any(|word| has(words, word))
}

/// A value as it is compared.
pub(super) fn bare(value: &str) -> String {
    value.trim().trim_matches(['"', '\'']).trim().to_ascii_lowercase()
}

/// What a variable asks for. The name is in capitals and without its prefix.
pub(super) fn asked(name: &str, value: &str) -> Asks {
    let value = bare(value);
    // What Kubernetes tells every container of a service that happens to be called so.
    let of_kubernetes = ["_SERVICE_HOST", "_SERVICE_PORT", "_TCP"];
    if value.is_empty() || of_kubernetes.iter().any(|part| name.contains(part)) {
        return Asks::Nothing;
    }
    if ["rediss:", "valkeys:"].iter().any(|scheme| value.starts_with(scheme)) {
        return Asks::Tls;
    }
    if !speaks_of_tls(name) {
        return if has_any(OF_TEXTS, name) { Asks::Nothing } else { said_in(&value) };
    }
    let Some(switch) = Switch::of(&value) else { return Asks::More };
    let is_on = switch == Switch::On;
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let weakens = has(&["INSECURE", "SKIP", "ALLOW", "INVALID", "IGNORE", "BYPASS", "SELF_SIGNED"])
        || has(&["SELFSIGNED", "UNVERIFIED", "UNSECURE"]);
    let checks = has(&["VALID", "VERIF", "REJECT", "CHECK", "REQS", "STRICT"]);
    if weakens || checks {
        return match (is_on, weakens || negates(name)) {
            (true, false) => Asks::Tls,
            (false, true) => Asks::Nothing,
            (true, true) | (false, false) => Asks::More,
        };
    }
    if is_on == negates(name) { Asks::Nothing } else { Asks::Tls }
}

fn negates(name: &str) -> bool {
    name.split('_').any(|word| {
        matches!(word, "NO" | "NOT" | "WITHOUT" | "OFF" | "UNENCRYPTED")
            || word.starts_with("DISABL")
            || word.strip_prefix("NO").is_some_and(speaks_of_tls)
    })
}

fn speaks_of_tls(name: &str) -> bool {
    let joined: String = name.chars().filter(|c| *c != '_').collect();
    PARTS_OF_TLS.split(' ').any(|part| joined.contains(part))
        || (joined.contains("ENCRYPT") && !has_any(OF_CONTENTS, name))
        || name.split('_').any(is_word_of_tls)
}

fn is_word_of_tls(word: &str) -> bool {
    has(WORDS_OF_TLS, word)
        || ["CERT", "X509", "SECURE", "SECURITY"].iter().any(|part| word.contains(part))
        || ["TLS", "SSL"].iter().any(|part| word.starts_with(part) || word.ends_with(part))
            && word != "TTLS"
}

/// What a value says whose name is not about TLS: a word for it, or options.
fn said_in(value: &str) -> Asks {
    if is_tls(value) {
        return Asks::Tls;
    }
    let is_list = value.starts_with(['{', '[', '?']) || value.contains('=');
    if !is_list || value.contains("://") {
        return Asks::Nothing;
    }
    let words: Vec<String> = value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_uppercase)
        .collect();
    let mut asks = Asks::Nothing;
    for (at, word) in words.iter().enumerate() {
        if word == "TLS" || word == "SSL" {
            let next = words.get(at + 1).and_then(|next| Switch::of(&next.to_lowercase()));
            if next != Some(Switch::Off) {
                asks = Asks::Tls;
            }
        } else if speaks_of_tls(word) {
            return Asks::More;
        }
    }
    asks
}

fn is_tls(value: &str) -> bool {
    matches!(value, "tls" | "ssl" | "mtls" | "starttls" | "rediss" | "valkeys" | "encrypted")
        || ["tlsv1", "tls1", "tls_", "tls-", "ssl_"].iter().any(|part| value.starts_with(part))
}
