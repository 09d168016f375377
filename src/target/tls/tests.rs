use super::*;

#[test]
fn what_is_wrong_with_a_pem_text_is_told() {
    let with = |ca: &str| {
        let tls = Tls { ca_pem: Some(ca.to_owned()), ..Tls::default() };
        client_config(&tls).unwrap_err().message().to_owned()
    };
    assert!(with("/etc/ssl/ca.pem").contains("not a file name"));
    assert!(with("-----BEGIN CERTIFICATE-----\nAAAA\n").contains("END"));
    assert!(
        with("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").contains("Base64")
    );
    assert!(
        with("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .contains("cannot be used")
    );
}

#[test]
fn a_client_certificate_needs_its_key() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let tls = Tls { client_pem: Some(pem.into()), ..Tls::default() };
    assert!(client_config(&tls).unwrap_err().message().contains("no private key"));
}

#[test]
fn the_key_of_a_client_certificate_is_not_in_the_debug_output() {
    let tls = Tls { client_pem: Some("canary".into()), ..Tls::default() };
    assert!(!format!("{tls:?}").contains("canary"));
}
