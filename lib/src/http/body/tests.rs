//! Bodies that are none, and what is said of each.

use super::*;
use proptest::prelude::*;
use serde_json::json;

/// What is said of a body.
#[track_caller]
fn said(body: impl AsRef<[u8]>) -> String {
    match object(body.as_ref(), None) {
        Err(Refusal::InvalidRequest(message)) => message,
        other => panic!("{other:?} of {}", String::from_utf8_lossy(body.as_ref())),
    }
}

#[test]
fn a_json_object_is_read_whatever_stands_around_it() {
    let good = json!({"prompt": "a 🦜 in a 👨‍👩‍👧", "n": [1, {"n": null}]});
    let text = good.to_string();
    let escaped = r#"{"prompt":"a \ud83e\udd9c","n":1e2}"#;
    assert_eq!(object(text.as_bytes(), None).map(Value::Object), Ok(good.clone()));
    for with in [format!(" \r\n\t{text}\n"), format!("\u{feff}{text}")] {
        assert_eq!(object(with.as_bytes(), None).map(Value::Object), Ok(good.clone()), "{with}");
    }
    assert_eq!(object(escaped.as_bytes(), None).unwrap()["prompt"], "a 🦜");
    for header in ["", "identity", "gzip"] {
        assert!(object(text.as_bytes(), Some(header)).is_ok(), "{header}: a plain body is plain");
    }
}

#[test]
fn a_body_of_64_kib_is_the_longest() {
    let padded = |bytes: usize| format!("{{{}}}", " ".repeat(bytes - 2));
    assert_eq!(object(padded(LONGEST).as_bytes(), None), Ok(Map::new()));
    let too_large = Err(Refusal::RequestTooLarge { limit_bytes: 65_536 });
    for long in [padded(LONGEST + 1).into_bytes(), vec![0xFF; LONGEST + 1], vec![b'['; LONGEST + 1]]
    {
        assert_eq!(object(&long, Some("gzip")), too_large);
    }
}

#[test]
fn what_is_no_object_is_called_what_it_is() {
    for (body, what) in [
        ("", "empty"),
        (" \r\n\t", "empty"),
        ("\u{feff}", "empty"),
        ("[]", "a list"),
        (r#"[{"model":"fal/kling-2"}]"#, "a list"),
        ("null", "null"),
        ("true", "true or false"),
        ("7", "a number"),
        ("-7", "a number"),
        ("1e3", "a number"),
        (r#""{}""#, "a string"),
        ("model=fal%2Fkling-2&prompt=x", "a form"),
        ("--x\r\nContent-Disposition: form-data", "multipart form data"),
        ("<html><body>", "XML or HTML"),
    ] {
        assert_eq!(said(body), format!("the body is {what}; {EXAMPLE}"), "{body}");
    }
}

/// A body that is no JSON, the line and column of the fault, and what is said of it.
type Fault = (&'static str, usize, usize, &'static str);

#[track_caller]
fn assert_told(faults: &[Fault]) {
    for (body, line, column, wrong) in faults {
        let place = format!("line {line}, column {column}");
        assert_eq!(said(body), format!("the body is not JSON at {place}: {wrong}"), "{body}");
    }
}

#[test]
fn a_sign_too_many_or_too_few_is_told_with_its_place() {
    let name = r#"names of fields stand in double quotes (")"#;
    assert_told(&[
        (r#"{"a":1,}"#, 1, 8, "remove the comma before it"),
        (r#"{"a":[1,]}"#, 1, 9, "remove the comma before it"),
        ("{\"a\":\"é\",\n \"b\":\"ñ\",\n}", 3, 1, "remove the comma before it"),
        ("{a:1}", 1, 2, name),
        (r#"{true:1}"#, 1, 2, name),
        (r#"{"a" 1}"#, 1, 6, "a colon is missing before it"),
        (r#"{"a"}"#, 1, 5, "a colon is missing before it"),
        (r#"{"a" null}"#, 1, 6, "a colon is missing before it"),
        (r#"{"a":1 "b":2}"#, 1, 8, "a comma is missing before it, or a quote, a } or a ]"),
        (r#"{"a":}"#, 1, 6, "a value is missing before it"),
        (r#"{"a":[ }"#, 1, 8, "a value is missing before it"),
        (r#"{"a":[1,2}"#, 1, 10, "a ] is missing before it"),
        (r#"{"a":{"b":1]}"#, 1, 12, "a } is missing before it"),
        (r#"{"a":1 ]"#, 1, 8, "a } is missing before it"),
        ("}", 1, 1, "nothing is open that it closes; remove it"),
        (" ]", 1, 2, "nothing is open that it closes; remove it"),
        (r#"{"a":,}"#, 1, 6, "a comma too many"),
    ]);
}

#[test]
fn what_other_languages_write_is_told_with_its_place() {
    let straight = r#"texts and names of fields stand in straight double quotes (")"#;
    let single = r#"texts and names of fields stand in double quotes ("), not in single ones"#;
    let number = "the number is not written as in JSON, such as 5 or 0.5";
    let not_a_number = "NaN and Infinity are no numbers in JSON; leave the field out";
    let comments = "JSON has no comments; remove it";
    let value = r#"a value is expected, such as 5, "text" or null"#;
    assert_told(&[
        (r#"{"a":NaN}"#, 1, 6, not_a_number),
        (r#"{"a":-Infinity}"#, 1, 7, not_a_number),
        (r#"{"a":Infinity}"#, 1, 6, not_a_number),
        (r#"{"a":nan}"#, 1, 6, not_a_number),
        (r#"{"a":True}"#, 1, 6, "write true or false in small letters"),
        (r#"{"a":None}"#, 1, 6, "write null, or leave the field out"),
        (r#"{"a":none}"#, 1, 6, "write null, or leave the field out"),
        (r#"{"a":undefined}"#, 1, 6, "write null, or leave the field out"),
        (r#"{"a":tru}"#, 1, 6, "write true"),
        (r#"{"a":[fals]}"#, 1, 7, "write false"),
        (r#"{"a":nul}"#, 1, 6, "write null"),
        (r#"{"a":no}"#, 1, 6, value),
        (r#"{"a":b}"#, 1, 6, value),
        ("{'a':1}", 1, 2, single),
        (r#"{"é":'b'}"#, 1, 6, single),
        ("{“a”:1}", 1, 2, straight),
        ("{\"a\":1 // a\n}", 1, 8, comments),
        ("{/* a */}", 1, 2, comments),
        ("{\n# a\n}", 2, 1, comments),
        (r#"{"a":05}"#, 1, 7, number),
        (r#"{"a":.5}"#, 1, 6, number),
        (r#"{"a":+5}"#, 1, 6, number),
        (r#"{"a":1e999}"#, 1, 10, "the number is too large"),
    ]);
}

#[test]
fn a_character_or_an_escape_that_may_not_be_there_is_told_with_its_place() {
    let surrogate =
        "an escape is half of a surrogate pair; write both halves, or the character itself";
    let hexadecimal = r"\u in a text needs four hexadecimal digits, such as \u00f1";
    let control =
        r"a line break or another control character is in a text; write \n, \t or \u00XX for it";
    let backslash = r"a backslash in a text begins no escape; write \\ for a backslash";
    assert_told(&[
        ("\u{200b}{}", 1, 1, "U+200B does not belong there; remove it"),
        ("\u{a0}{}", 1, 1, "U+00A0 does not belong there; remove it"),
        ("\u{feff}\u{feff}{}", 1, 1, "U+FEFF does not belong there; remove it"),
        (" \u{feff}{}", 1, 2, "U+FEFF does not belong there; remove it"),
        ("{\"a\":1\u{200b}}", 1, 7, "U+200B does not belong there; remove it"),
        ("{\"a\"：1}", 1, 5, "U+FF1A does not belong there; remove it"),
        ("{\"a\":\u{7f}1}", 1, 6, "U+007F does not belong there; remove it"),
        ("\0{}", 1, 1, "U+0000 does not belong there; remove it"),
        ("{\0}", 1, 2, "U+0000 does not belong there; remove it"),
        ("{\"a\":\"b\nc\"}", 1, 8, control),
        ("{\"a\":\"b\0\"}", 1, 8, control),
        (r#"{"a":"\x"}"#, 1, 8, backslash),
        (r#"{"a":"\u12"}"#, 1, 12, hexadecimal),
        (r#"{"a":"\u00g0"}"#, 1, 12, hexadecimal),
        (r#"{"a":"\ud83d"}"#, 1, 13, surrogate),
        (r#"{"a":"\ud83d "}"#, 1, 13, surrogate),
        (r#"{"a":"\udd9c"}"#, 1, 12, surrogate),
        (r#"{"a":"\ud83dA"}"#, 1, 13, surrogate),
        (r#"{"\ud83d":1}"#, 1, 9, surrogate),
    ]);
}

#[test]
fn what_ends_too_early_or_too_late_is_told() {
    let early = "the body ends too early: a text, a list or the object in it is not closed";
    for body in
        ["{", r#"{"a"#, r#"{"a":"#, r#"{"a":1"#, r#"{"a":[1"#, r#"{"a":"b\"#, r#"{"a":"\ud8"#]
    {
        assert_eq!(said(body), early, "{body}");
    }
    for (body, column) in [("{} {}", 4), ("{}{}", 3), (r#"{"a":1} and more"#, 9), ("{}]", 3)] {
        let told = format!(
            "the body goes on behind its JSON object, at line 1, column {column}; send one object and nothing else"
        );
        assert_eq!(said(body), told, "{body}");
    }
}

#[test]
fn what_stands_too_deep_is_told() {
    let deep = "lists and objects stand in each other more than 127 deep";
    for open in ["[", r#"{"a":"#, r#"[{"a":"#] {
        let body = format!(r#"{{"a":{}"#, open.repeat(5_000));
        assert!(said(&body).ends_with(deep), "{open}: {}", said(&body));
    }
}

#[test]
fn a_field_that_stands_twice_is_named() {
    let twice = |name: &str| {
        format!("{name:?} stands twice in the body, and each could be meant; send it once")
    };
    assert_eq!(said(r#"{"duration":5,"model":"x","duration":10}"#), twice("duration"));
    assert_eq!(said(r#"{"a":1,"\u0061":1}"#), twice("a"));
    assert!(said(format!(r#"{{"{0}":1,"{0}":1}}"#, "n".repeat(9_000))).len() < 200);
    assert!(object(br#"{"a":{"b":1,"b":2}}"#, None).is_ok(), "no field of ours has fields");
}

#[test]
fn other_encodings_are_called_by_their_names() {
    let text = r#"{"prompt":"a piñata"}"#;
    let utf16 =
        |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let utf32 =
        |order: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| order(c.into())).collect::<Vec<u8>>();
    let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
    for body in [
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        marked(b"\xff\xfe", utf16(u16::to_le_bytes)),
        marked(b"\xfe\xff", utf16(u16::to_be_bytes)),
        b"\xff\xfe".to_vec(),
        b"{\0".to_vec(),
    ] {
        assert_eq!(said(&body), "the body is UTF-16; send UTF-8", "{body:?}");
    }
    for body in [
        utf32(u32::to_le_bytes),
        utf32(u32::to_be_bytes),
        marked(b"\xff\xfe\0\0", utf32(u32::to_le_bytes)),
    ] {
        assert_eq!(said(&body), "the body is UTF-32; send UTF-8", "{body:?}");
    }
    let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let looks = "the body is not UTF-8 at line 1, column 16: byte 0xF1 looks like Latin-1 (ISO 8859-1); send UTF-8";
    assert_eq!(said(latin1), looks);
    assert_eq!(
        said(b"{\"a\":\n\"\xff\xff\"}"),
        "the body is not UTF-8 at line 2, column 2: byte 0xFF; send UTF-8"
    );
    let half = "the body is not UTF-8 at line 1, column 7: half of a surrogate pair; send whole characters";
    assert_eq!(said(b"{\"a\":\"\xed\xa0\xbd\"}"), half);
    assert_eq!(
        said(b"{\"a\":\"\xf0\x9f"),
        "the body ends in the middle of a character; send all of it, as UTF-8"
    );
    assert_eq!(
        said("{\"a\":\u{fffd}"),
        "the body is not UTF-8, or not all of it; send UTF-8, not compressed"
    );
}

#[test]
fn a_compressed_body_is_told_from_its_header_or_its_beginning() {
    let gzip = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00";
    assert_eq!(said(gzip), "the body is compressed (gzip); send it plain");
    assert_eq!(said(b"\x28\xb5\x2f\xfd\x04\x58"), "the body is compressed (zstd); send it plain");
    assert_eq!(said(b"BZh91AY&SY"), "the body is compressed (bzip2); send it plain");
    assert_eq!(said(b"PK\x03\x04\x14\0\0\0"), "the body is compressed (zip); send it plain");
    assert_eq!(said(b"\x04\x22\x4d\x18\x64\x40"), "the body is compressed (lz4); send it plain");
    assert_eq!(said(b"\xfd7zXZ\0\0\x04"), "the body is compressed (xz); send it plain");
    assert_eq!(
        said("x^2=1"),
        r#"the body is not JSON at line 1, column 1: a value is expected, such as 5, "text" or null"#
    );
    assert_eq!(
        said(b"\x78\x9c\xab\xae\x05\x00"),
        "the body is compressed (deflate); send it plain"
    );
    for (header, body) in [
        ("gzip", gzip.as_slice()),
        ("br", b"\x0b\x02\x80{}\x03"),
        ("zstd", b"("),
        ("gzip, br", b""),
    ] {
        let Err(told) = object(body, Some(header)) else { panic!("{header}") };
        assert_eq!(
            told.to_string(),
            format!("the body is compressed (Content-Encoding: {header}); send it plain")
        );
    }
    let Err(told) = object(b"", Some(&"x".repeat(9_000))) else { panic!() };
    assert!(told.to_string().len() < 200);
}

proptest! {
    #[test]
    fn whatever_comes_is_an_object_or_told_in_a_sentence(body in prop::collection::vec(any::<u8>(), 0..64), text in ".{0,40}") {
        for body in [body, text.clone().into_bytes(), format!("{{\"a\":{text}}}").into_bytes(), text.into_bytes()] {
            if let Err(refusal) = object(&body, None) {
                let told = refusal.to_string();
                prop_assert!(told.len() < 250, "{}", told);
            }
        }
    }
}
