use proptest::prelude::*;
use redis::VerbatimFormat;

use super::element::MAX_LINE;
use super::*;

fn bytes(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

fn all(input: &[u8], piece: usize) -> Result<Vec<Value>, Malformed> {
    let (mut decoder, mut buffer, mut values) = (Decoder::default(), BytesMut::new(), vec![]);
    for piece in input.chunks(piece) {
        buffer.extend_from_slice(piece);
        while let Some(value) = decoder.decode(&mut buffer)? {
            values.push(value);
        }
    }
    Ok(values)
}

#[test]
fn every_kind_of_reply_is_read() {
    let cases: [(&[u8], Value); 15] = [
        (b"+OK\r\n", Value::Okay),
        (b"+PONG\r\n", Value::SimpleString("PONG".into())),
        (b":-9223372036854775808\r\n", Value::Int(i64::MIN)),
        (b":9223372036854775807\r\n", Value::Int(i64::MAX)),
        (b"$-1\r\n", Value::Nil),
        (b"*-1\r\n", Value::Nil),
        (b"_\r\n", Value::Nil),
        (b"$0\r\n\r\n", bytes("")),
        (b"$4\r\na\r\nb\r\n", bytes("a\r\nb")),
        (b"*0\r\n", Value::Array(vec![])),
        (b"*2\r\n*1\r\n:1\r\n$1\r\na\r\n", {
            Value::Array(vec![Value::Array(vec![Value::Int(1)]), bytes("a")])
        }),
        (b"%1\r\n+a\r\n#t\r\n", {
            Value::Map(vec![(Value::SimpleString("a".into()), Value::Boolean(true))])
        }),
        (b",-inf\r\n", Value::Double(f64::NEG_INFINITY)),
        (b"=7\r\ntxt:abc\r\n", {
            Value::VerbatimString { format: VerbatimFormat::Text, text: "abc".into() }
        }),
        (b"(12345678901234567890\r\n", Value::BigNumber(b"12345678901234567890".to_vec())),
    ];
    for (input, expected) in cases {
        assert_eq!(decoded(input), expected);
    }
}

#[test]
fn pushes_and_attributes_are_skipped() {
    let input = b">2\r\n+invalidate\r\n*1\r\n+k\r\n|1\r\n+ttl\r\n:1\r\n*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n";
    let expected = Value::Array(vec![Value::Int(1), Value::Int(2)]);
    assert_eq!(all(input, 7).unwrap(), [expected]);
}

#[test]
fn an_error_may_quote_bytes_that_are_no_text() {
    let Value::ServerError(error) = decoded(b"-ERR unknown command '\xff'\r\n") else {
        panic!("not an error")
    };
    assert_eq!(error.code(), "ERR");
}

#[test]
fn what_is_not_resp_is_refused_at_once() {
    let deep = b"*1\r\n".repeat(MAX_DEPTH + 1);
    let long = vec![b'+'; MAX_LINE];
    let cases: [&[u8]; 10] = [
        b"HTTP/1.1 400 Bad Request\r\n",
        b":x\r\n",
        b":9223372036854775808\r\n",
        b"$-2\r\n",
        b"$1\r\nabc\r\n",
        b"*-5\r\n",
        b"$99999999999\r\n",
        b"%9223372036854775807\r\n",
        &deep,
        &long,
    ];
    for input in cases {
        assert_eq!(all(input, usize::MAX), Err(Malformed), "{:?}", input.get(..8));
    }
}

#[test]
fn announced_elements_take_no_room_before_they_come() {
    let input = b"*2000000000\r\n:1\r\n";
    assert_eq!(all(input, usize::MAX), Ok(vec![]));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::Int),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::BulkString),
        Just(Value::Nil),
        Just(Value::Okay),
        any::<bool>().prop_map(Value::Boolean),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            proptest::collection::vec((inner.clone(), inner), 0..3).prop_map(Value::Map),
        ]
    })
}

fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Int(number) => out.extend(format!(":{number}\r\n").bytes()),
        Value::BulkString(bytes) => {
            out.extend(format!("${}\r\n", bytes.len()).bytes());
            out.extend(bytes);
            out.extend(b"\r\n");
        }
        Value::Okay => out.extend(b"+OK\r\n"),
        Value::Boolean(yes) => out.extend(if *yes { b"#t\r\n" } else { b"#f\r\n" }),
        Value::Array(elements) => {
            out.extend(format!("*{}\r\n", elements.len()).bytes());
            for element in elements {
                encode(element, out);
            }
        }
        Value::Map(pairs) => {
            out.extend(format!("%{}\r\n", pairs.len()).bytes());
            for (name, value) in pairs {
                encode(name, out);
                encode(value, out);
            }
        }
        _ => out.extend(b"_\r\n"),
    }
}

proptest! {
    #[test]
    fn what_is_too_long_for_a_listener_is_passed_over_and_nothing_else(
        lengths in proptest::collection::vec(0_usize..200, 1..8), piece in 1_usize..50
    ) {
        let mut wire = Vec::new();
        for length in &lengths {
            let message = vec![bytes("message"), bytes(&"x".repeat(*length))];
            encode(&Value::Array(message), &mut wire);
        }
        let (mut decoder, mut buffer, mut read) = (Decoder::listening(99), BytesMut::new(), vec![]);
        for piece in wire.chunks(piece) {
            buffer.extend_from_slice(piece);
            while let Some(value) = decoder.decode(&mut buffer).unwrap() {
                read.push(value);
            }
            prop_assert!(buffer.len() < 99 + "$99".len() + 2 * "\r\n".len());
        }
        // One that is there at once need not be passed over.
        let whole = |length: usize| length <= 99 || length + "$100".len() + 4 <= piece;
        for (value, length) in read.iter().zip(&lengths) {
            let Value::Array(parts) = value else { panic!("{value:?}") };
            match &parts[1] {
                Value::Nil => prop_assert!(*length > 99),
                text => {
                    prop_assert_eq!(text, &bytes(&"x".repeat(*length)));
                    prop_assert!(whole(*length));
                }
            }
        }
        prop_assert_eq!(read.len(), lengths.len());
    }

    #[test]
    fn replies_are_the_same_in_whatever_pieces_they_come(
        values in proptest::collection::vec(value(), 1..5), piece in 1_usize..20
    ) {
        let mut wire = Vec::new();
        for value in &values {
            encode(value, &mut wire);
        }
        prop_assert_eq!(all(&wire, piece), Ok(values));
    }

    #[test]
    fn garbage_never_panics(garbage: Vec<u8>, piece in 1_usize..20) {
        let _ = all(&garbage, piece);
    }
}
