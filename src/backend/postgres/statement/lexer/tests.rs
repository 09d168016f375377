//! What is a word, a string and a comment is what the server takes for one.

use super::*;
use proptest::prelude::*;

fn words(sql: &str) -> Vec<String> {
    let tokens = tokens(sql).unwrap();
    let word = |token| match token {
        Token::Word(word) => Some(word.to_owned()),
        Token::Quoted(name) => Some(format!("\"{name}\"")),
        _ => None,
    };
    tokens.into_iter().filter_map(word).collect()
}

#[test]
fn nothing_inside_strings_and_comments_is_a_word() {
    assert_eq!(words("a 'b''c' d"), ["a", "d"]);
    assert_eq!(words(r"a 'b\' c"), ["a", "c"]);
    assert_eq!(words(r"a E'b\' c' d"), ["a", "d"]);
    assert_eq!(words("a $$b $c$ d$$ e $x$ f $$ g $x$ h"), ["a", "e", "h"]);
    assert_eq!(words("a /* b /* c */ d */ e -- f\ng"), ["a", "e", "g"]);
    assert_eq!(words("a -- b\rc"), ["a", "c"]);
    assert_eq!(words("1+--c\n2 x"), ["x"]);
    assert_eq!(words("a$$b $1 c"), ["a$$b", "c"]);
    assert_eq!(words("\"a\"\"b\" U&'x' b'1' N'y'"), ["\"a\"b\""]);
}

#[test]
fn a_number_does_not_swallow_the_string_behind_it() {
    // Were the number 1e, the string behind it would be a plain one and end at its second quote.
    assert_eq!(words(r"select 1e'\' or x --'"), ["select"]);
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for sql in [
        "'a",
        "\"a",
        "E'a\\'",
        "/* a",
        "/* /* */",
        "$a$ b",
        "U&\"a\\\"",
        "U&\"a\" uescape a",
        "U&\"a\" uescape E'!'",
        "U&\"a\" uescape 'a'",
        "E'a' 'b\\''",
        "E'a' /* \n */ 'b\\''",
        "select $65536",
        "select $99999999999999999999999",
    ] {
        assert!(tokens(sql).is_err(), "{sql}");
    }
}

#[test]
fn an_escape_string_goes_on_behind_a_line_break() {
    assert_eq!(words("a E'b'\n'c\\' d' e"), ["a", "e"]);
    assert_eq!(words("a E'b' -- c\n  -- d\r'e\\' f' \n 'g' h"), ["a", "h"]);
    assert_eq!(words("a 'b'\n'c\\' d"), ["a", "d"]);
}

#[test]
fn a_name_is_what_the_server_takes_it_for() {
    let name = |sql: &str| tokens(sql).unwrap()[0].name().unwrap();
    assert_eq!(name("PG_Read_File"), "pg_read_file");
    assert_eq!(name("\"PG_Read\"\"File\""), "PG_Read\"File");
    assert_eq!(name("u&\"pg\\005fread!\" /* a */ UESCAPE -- b\n '?' c"), "pg\\005fread!");
    assert_eq!(name("U&\"pg\\005fread\""), "pg_read");
    assert_eq!(name(&"ä".repeat(40)), "ä".repeat(31));
    assert_eq!(words("U&\"a\" b UESCAPE '!'"), ["\"a\"", "b", "UESCAPE"]);
}

#[test]
fn a_point_behind_a_whole_number_is_not_part_of_it_twice() {
    assert_eq!(tokens("1.5.a").unwrap()[1..], [Token::Symbol('.'), Token::Word("a")]);
    assert_eq!(tokens("1..a").unwrap()[2..], [Token::Symbol('.'), Token::Word("a")]);
    assert_eq!(tokens("$1.a").unwrap()[1..], [Token::Symbol('.'), Token::Word("a")]);
}

#[test]
fn what_the_server_would_read_again_and_again_is_refused() {
    for sql in [
        format!("{}{} select 1", "/*".repeat(20_000), "*/".repeat(20_000)),
        format!("select 1{}1", "+-+".repeat(10_000)),
        format!("do $$begin {} {} end$$", "/*".repeat(20_000), "*/".repeat(20_000)),
        format!("create function f() returns int as '{}'", "+-+".repeat(10_000)),
        format!("create function f() returns int as E'{}'", "/*/".repeat(10_000)),
        format!("select 1{}", " /*/*/*/*/*/*/*/*/*/**/*/*/*/*/*/*/*/*/*/*/".repeat(200_000)),
    ] {
        assert!(tokens(&sql).is_err(), "{}", &sql[..40]);
    }
    for sql in [
        format!("/{0}/ select 1 /{0}/", "*".repeat(4_000_000)),
        format!("--{}\nselect 1", "-".repeat(4_000_000)),
        format!("{}{} select 1", "/* ".repeat(400_000), "*/ ".repeat(400_000)),
        format!("select '{0}', $${0}$$, \"{0}\"", "/*+".repeat(400_000)),
        "select a /* x */ + /* y */ b\n".repeat(100_000),
        format!("do $$begin /{}/ null; end 'ä$$", "*".repeat(1_000_000)),
    ] {
        assert!(tokens(&sql).is_ok(), "{}", &sql[..40]);
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(sql in any::<String>()) {
        let _ = tokens(&sql);
    }

    #[test]
    fn quoting_hides_any_text(text in any::<String>()) {
        let plain = format!("a '{}' b", text.replace('\'', "''"));
        prop_assert_eq!(words(&plain), ["a", "b"]);
        let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
        prop_assert_eq!(words(&format!("a E'{escaped}' b")), ["a", "b"]);
        let name = format!("a \"{}\" b", text.replace('"', "\"\""));
        prop_assert_eq!(words(&name).len(), 3);
    }
}
