//! Options that drivers know and that are refused here, with the reason.

use crate::error::Error;

/// Keys in lower case, without `_` and `-`, and what is wrong with them.
const REASONS: [(&str, &str); 9] = [
    (
        "tlscafile sslca sslrootcert sslcafile tlsca sslcacerts sslcrl sslcrldir tlscrlfile cafile",
        "files of the host are not read; give the authority's certificate as PEM text in \
         options.ca_pem",
    ),
    (
        "tlscertificatekeyfile tlscertificatekeyfilepassword tlscertificatefile sslcert sslkey \
         sslpassword sslcertfile sslkeyfile certfile keyfile sslclientcertificatekeyfile \
         sslpemkeyfile",
        "files of the host are not read; give certificate and key as PEM text in \
         options.client_pem",
    ),
    (
        "tlsinsecure tlsallowinvalidcertificates tlsallowinvalidhostnames sslcertreqs \
         sslcheckhostname rejectunauthorized insecure",
        "the server's certificate is always verified; give its authority in options.ca_pem (only a \
         self-hosted installation may set options.tls_verify to false)",
    ),
    (
        "proxyhost proxyport proxyusername proxypassword proxy",
        "connections are made directly, never through a proxy the user names",
    ),
    (
        "authmechanismproperties gssapiservicename gssencmode gsslib gssdelegation krbsrvname \
         requireauth service passfile servicefile",
        "the mechanisms that need it (OIDC, AWS, GSSAPI, LDAP files) take credentials from the host, \
         and are not supported",
    ),
    ("unixsocket unixsocketpath socket socketpath", "unix sockets are not supported"),
    ("hostaddr", "it would lead elsewhere than the host that is shown; give the address as host"),
    (
        "options",
        "start-up options could change any setting of the server; use options.statement_timeout",
    ),
    (
        "host port user username password dbname database",
        "put it before the path of the connection string, or in the field of that name",
    ),
];

/// `VALIDATION_ERROR` for an option that is not on the list.
pub(super) fn error(name: &str, key: &str) -> Error {
    // A piece of a password that was not encoded can end up here as a name.
    let is_name =
        name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let name = if is_name { name } else { "?" };
    let known = REASONS.iter().find(|(keys, _)| keys.split(' ').any(|known| known == key));
    let reason =
        known.map_or("it is not on the list of options for this database type", |(_, why)| why);
    Error::validation(format!("the option `{name}` is refused: {reason}")).detail("option", name)
}
