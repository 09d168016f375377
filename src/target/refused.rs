//! Options that drivers know and that are refused here, with the reason.

use crate::error::Error;

const CA_FILE: &str = "files of the host are not read; give the authority's certificate as PEM \
                       text in options.ca_pem";
const CLIENT_FILE: &str = "files of the host are not read; give certificate and key as PEM text in \
                           options.client_pem";
const UNVERIFIED: &str = "the server's certificate is always verified; give its authority in \
                          options.ca_pem (only a self-hosted installation may set \
                          options.tls_verify to false)";
const PROXY: &str = "connections are made directly, never through a proxy the user names";
const MECHANISM: &str = "the mechanisms that need it (OIDC, AWS, GSSAPI, LDAP files) take \
                         credentials from the host, and are not supported";
const SOCKET: &str = "unix sockets are not supported";
const AUTHORITY: &str = "put it before the path of the connection string, or in the field of that \
                         name";
const STARTUP: &str = "start-up options could change any setting of the server; use \
                       options.statement_timeout";

/// Keys are lower case, without `_` and `-`.
fn reason(key: &str) -> Option<&'static str> {
    Some(match key {
        "tlscafile" | "sslca" | "sslrootcert" | "sslcafile" | "tlsca" | "sslcacerts" | "sslcrl"
        | "sslcrldir" | "tlscrlfile" | "cafile" => CA_FILE,
        "tlscertificatekeyfile"
        | "tlscertificatekeyfilepassword"
        | "tlscertificatefile"
        | "sslcert"
        | "sslkey"
        | "sslpassword"
        | "sslcertfile"
        | "sslkeyfile"
        | "certfile"
        | "keyfile"
        | "sslclientcertificatekeyfile"
        | "sslpemkeyfile" => CLIENT_FILE,
        "tlsinsecure"
        | "tlsallowinvalidcertificates"
        | "tlsallowinvalidhostnames"
        | "sslcertreqs"
        | "sslcheckhostname"
        | "rejectunauthorized"
        | "insecure" => UNVERIFIED,
        "proxyhost" | "proxyport" | "proxyusername" | "proxypassword" | "proxy" => PROXY,
        "authmechanismproperties"
        | "gssapiservicename"
        | "gssencmode"
        | "gsslib"
        | "gssdelegation"
        | "krbsrvname"
        | "requireauth"
        | "service"
        | "passfile"
        | "servicefile" => MECHANISM,
        "unixsocket" | "unixsocketpath" | "socket" | "socketpath" => SOCKET,
        "hostaddr" => {
            "it would lead elsewhere than the host that is shown; give the address as host"
        }
        "options" => STARTUP,
        "host" | "port" | "user" | "username" | "password" | "dbname" | "database" => AUTHORITY,
        _ => return None,
    })
}

/// `VALIDATION_ERROR` for an option that is not on the list.
pub(super) fn error(name: &str, key: &str) -> Error {
    // A piece of a password that was not encoded can end up here as a name.
    let is_name =
        name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let name = if is_name { name } else { "?" };
    let reason = reason(key).unwrap_or("it is not on the list of options for this database type");
    Error::validation(format!("the option `{name}` is refused: {reason}")).detail("option", name)
}
