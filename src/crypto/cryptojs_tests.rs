use super::*;

/// Passphrase, plaintext, and what crypto-js 4.2.0 made of them.
#[rustfmt::skip]
const CRYPTO_JS: &[(&str, &str, &str)] = &[
    ("correct horse", "postgresql://postgres:p@ss@db:5432/postgres", "U2FsdGVkX19tIPmA+kEBDPC1oE7NaLn+gkjX6N3snBp2pWS4bA56tHZYe4ZjVpwc/t+9zFapgEbvMXIkFrlE1Q=="),
    ("3b34c406cca1217f7762867a75bf89e8a14bf8adbd29bea4ff874990131b7521", "redis://default:geheim@redis.internal:6379/0", "U2FsdGVkX1+UuwIpeEkTJynAPT4SWAAAKUnnNTcz75OUcaNgOI4SjUUUjt626LxthdMsleoaMrnjRXtqYZSSoQ=="),
    ("pässwörd 🔑", "mongodb://u:пароль@m.example/日本?replicaSet=rs0", "U2FsdGVkX19qEhBIn9Qb/JraDAH1zuBzC/NDKrRtorxwR2rqNp2gqsrGhiIHV12mqrX+vyKV/MyAQxSc3+7a+koEtsEWAjw6xqtzIf63dtM="),
    ("k", "", "U2FsdGVkX19U/JVf7IY0p+PTmo2G7f+9mX0IscLDOug="),
    ("sixteen", "0123456789abcdef", "U2FsdGVkX19iF7Vhl6T7oLhRxp/0SfXjXM42Y5CFbEX5aY87Rby3xrg8Mm91kIX0"),
];

/// Passphrase, plaintext, and what `openssl enc -aes-256-cbc -md md5 -a -salt` made of them.
#[rustfmt::skip]
const OPENSSL: &[(&str, &str, &str)] = &[
    ("correct horse", "postgresql://postgres:p@ss@db:5432/postgres", "U2FsdGVkX1/sjRmJk7RyaNRjefmXiAnh/iGYmwRNbjsUXb0vyb8q47GdodHoBc4p\nAn509U7w0ShOVI4Nut8l9A==\n"),
    ("3b34c406cca1217f7762867a75bf89e8a14bf8adbd29bea4ff874990131b7521", "redis://default:geheim@redis.internal:6379/0", "U2FsdGVkX19U/PH5T0CrnwPmZinTszJpbkTnvWrEyOrjKTGiudlzM4LV9cXODt2L\nZukMNTnzTExeEOYwZ66aOw==\n"),
    ("pässwörd 🔑", "mongodb://u:пароль@m.example/日本?replicaSet=rs0", "U2FsdGVkX181UAsL460tUzNztPQnBxU0NEzQ/ko1v28vXjcP1O1IfbWwXiSeVkxk\nPv2IK7Km+yUnvVP83eS3873DazTaG+OLghaQLthE+kA=\n"),
    ("k", "", "U2FsdGVkX198li3AiY6tj5CBYS02PuB0egXyoAZBdHQ=\n"),
    ("sixteen", "0123456789abcdef", "U2FsdGVkX1/yfSTKBVCho+XADP8aj22BTiwA+FC/cPew6kVS4SNfSkD9v4jHxba0\n"),
];

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn decrypts_what_crypto_js_and_openssl_encrypted() {
    for (passphrase, plaintext, encrypted) in CRYPTO_JS.iter().chain(OPENSSL) {
        assert!(is_legacy(encrypted));
        let decrypted = decrypt(encrypted, &secret(passphrase)).unwrap();
        assert_eq!(decrypted.expose_secret(), *plaintext);
    }
}

#[test]
fn encrypts_as_they_do_with_the_same_salt() {
    for (passphrase, plaintext, encrypted) in CRYPTO_JS.iter().chain(OPENSSL) {
        let compact = encrypted.replace('\n', "");
        let salt: [u8; 8] = BASE64.decode(&compact).unwrap()[8..16].try_into().unwrap();
        let ours = encrypt_with_salt(plaintext, &secret(passphrase), salt).unwrap();
        assert_eq!(ours, compact);
    }
}

#[test]
fn salts_every_text_anew() {
    let passphrase = secret("correct horse");
    let first = encrypt("redis://h:6379", &passphrase).unwrap();
    let second = encrypt("redis://h:6379", &passphrase).unwrap();
    assert_ne!(first, second);
    assert_eq!(decrypt(&second, &passphrase).unwrap().expose_secret(), "redis://h:6379");
}

#[test]
fn a_wrong_passphrase_and_a_damaged_text_get_the_same_answer() {
    let (passphrase, plaintext, encrypted) = CRYPTO_JS[0];
    let mut answers = std::collections::HashSet::new();
    for wrong in 0..300 {
        // Some of these end in what looks like padding, most don't.
        if let Err(error) = decrypt(encrypted, &secret(&format!("wrong {wrong}"))) {
            assert!(!error.message().contains(plaintext));
            answers.insert(format!("{error} {:?}", error.details()));
        }
    }
    let raw = BASE64.decode(encrypted).unwrap();
    for at in raw.len() - 2 * BLOCK_LEN..raw.len() {
        let mut damaged = raw.clone();
        damaged[at] ^= 0xff;
        if let Err(error) = decrypt(&BASE64.encode(damaged), &secret(passphrase)) {
            answers.insert(format!("{error} {:?}", error.details()));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[test]
fn refuses_the_published_and_the_empty_passphrase() {
    for passphrase in ["", "  ", "SAMPLE_KEY", " SAMPLE_KEY\n"] {
        let passphrase = secret(passphrase);
        assert_eq!(encrypt("x", &passphrase).unwrap_err().code(), Code::ValidationError);
        let encrypted = CRYPTO_JS[0].2;
        assert_eq!(decrypt(encrypted, &passphrase).unwrap_err().code(), Code::ValidationError);
    }
}

#[test]
fn refuses_text_of_another_form_without_showing_it() {
    let passphrase = secret("correct horse");
    for text in [
        "",
        "redis://default:geheim@redis:6379",
        "mdb1:k:AAAA",
        "U2FsdGVkX18=",
        // A salt and nothing encrypted; half a block; no `Salted__`.
        "U2FsdGVkX18DK17d2h1SNQ==",
        "U2FsdGVkX18DK17d2h1SNXNyrun23zWq",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ] {
        let error = decrypt(text, &passphrase).unwrap_err();
        assert_eq!(error.code(), Code::ValidationError, "{text}");
        assert!(!error.message().contains("geheim"));
    }
    assert!(!is_legacy("redis://default:geheim@redis:6379"));
    assert!(!is_legacy("mdb1:k:AAAA"));
}

proptest::proptest! {
    #[test]
    fn decrypts_what_it_encrypted(plaintext: String, passphrase in "[^ ].{0,40}") {
        proptest::prop_assume!(check_passphrase(&passphrase).is_ok());
        let encrypted = encrypt(&plaintext, &secret(&passphrase)).unwrap();
        proptest::prop_assert!(is_legacy(&encrypted));
        let decrypted = decrypt(&encrypted, &secret(&passphrase)).unwrap();
        proptest::prop_assert_eq!(decrypted.expose_secret(), &plaintext);
    }

    #[test]
    fn refuses_any_text_without_panicking(text: String, body in "[A-Za-z0-9+/]{0,80}={0,2}") {
        let passphrase = secret("correct horse");
        let _ = decrypt(&text, &passphrase);
        let _ = decrypt(&format!("U2FsdGVkX1{body}"), &passphrase);
    }
}
