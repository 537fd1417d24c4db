use super::*;
use base64::engine::general_purpose::STANDARD;

fn taken(json: &str, piece: usize) -> Result<Vec<u8>, NoInlineVideo> {
    let mut reader = InlineVideo::default();
    let mut video = Vec::new();
    for chunk in json.as_bytes().chunks(piece) {
        video.extend(reader.pass(chunk)?);
    }
    reader.finish().map(|()| video)
}

#[test]
fn the_video_comes_out_whole_however_the_answer_is_cut_and_written() {
    let video: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    let text = STANDARD.encode(&video);
    let escaped = text.replace('/', "\\/");
    let unicode = text.replace('/', "\\u002f").replace('+', "\\u002B").replace('=', "\\u003d");
    for json in [
        format!(
            r#"{{"name":"x","done":true,"response":{{"videos":[{{"bytesBase64Encoded":"{text}","mimeType":"video/mp4"}}]}}}}"#
        ),
        format!(
            "{{\"response\" : {{\"videos\": [ {{\n \"mimeType\":\"video/mp4\",\n \"bytesBase64Encoded\" :\n \"{escaped}\" }} ]}},\"done\":true}}"
        ),
        format!(r#"{{"bytesBase64Encoded":"{unicode}"}}"#),
        format!(
            r#"{{"note":"\"bytesBase64Encoded\":\"AAAA\"","other":"bytesBase64Encoded","bytesBase64Encoded":"{text}"}}"#
        ),
    ] {
        for piece in [1, 2, 3, 5, 64, 100_000] {
            assert_eq!(
                taken(&json, piece).as_deref(),
                Ok(video.as_slice()),
                "in pieces of {piece}: {}",
                &json[..40]
            );
        }
    }
}

#[test]
fn every_base64_that_readers_must_take_is_taken() {
    let video: Vec<u8> = (0..=255).cycle().take(1_001).collect();
    let text = STANDARD.encode(&video);
    let broken: Vec<_> =
        text.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    for text in [
        text.clone(),
        text.trim_end_matches('=').to_owned(),
        text.replace('+', "-").replace('/', "_"),
        text.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned(),
        broken.join("\\n"),
        broken.join("\\r\\n"),
        broken.join("\n"),
        broken.join("\\u000a"),
        format!("  {text}  "),
        format!("data:video/mp4;base64,{text}"),
        format!("data:video\\/mp4;base64,{text}"),
    ] {
        for field in ["bytesBase64Encoded", "bytes_base64_encoded", "encodedVideo", "videoBytes"] {
            let json = format!(r#"{{"video":{{"{field}":"{text}"}}}}"#);
            for piece in [1, 3, 64, 100_000] {
                assert_eq!(
                    taken(&json, piece).as_deref(),
                    Ok(video.as_slice()),
                    "{field} {}",
                    &text[..40]
                );
            }
        }
    }
    assert_eq!(taken(r#"{"encodedVideo":"data"}"#, 1), Ok(STANDARD.decode("data").unwrap()));
}

/// As `google::reply` reads it: an empty text is absent, and an image is no video.
#[test]
fn the_first_video_is_taken_and_nothing_in_front_of_it() {
    let empty = [
        "\"\"",
        "\"  \"",
        "\"\\n\"",
        "null",
        "7",
        "[]",
        "{}",
        "\"data:video/mp4;base64,\"",
        "\"data:video/mp4\"",
    ];
    let empty = empty.map(|text| {
        format!("[{{\"bytesBase64Encoded\":{text}}},{{\"bytesBase64Encoded\":\"dmlkZW8=\"}}]")
    });
    let image = [
        r#"[{"image":{"bytesBase64Encoded":"aW1n"},"video":{"bytesBase64Encoded":"dmlkZW8="}}]"#,
        r#"[{"lastFrame" : {"x":[{"bytesBase64Encoded":"aW1n"}]},"bytesBase64Encoded":"dmlkZW8="}]"#,
        r#"[{"reference_images":[{"bytesBase64Encoded":"aW1n"},{}]},{"encodedVideo":"dmlkZW8="}]"#,
        r#"[{"image":"a","bytesBase64Encoded":"dmlkZW8="}]"#,
        r#"[{"image":null,"video":{"bytesBase64Encoded":"dmlkZW8="}}]"#,
    ];
    for videos in empty.into_iter().chain(image.map(str::to_owned)) {
        let json = format!(r#"{{"response":{{"videos":{videos}}},"done":true}}"#);
        for piece in [1, 2, 7, 100_000] {
            assert_eq!(taken(&json, piece).as_deref(), Ok(b"video".as_slice()), "{piece}: {json}");
        }
    }
    assert_eq!(
        taken(r#"{"videos":[{"image":{"bytesBase64Encoded":"aW1n"}}]}"#, 7),
        Err(NoInlineVideo::Ended)
    );
}

#[test]
fn an_answer_without_a_whole_video_is_an_error() {
    for json in [
        r#"{"name":"x","done":true}"#,
        r#"{"bytesBase64Encoded":"AAAA"#,
        r#"{"bytesBase64Encoded":null}"#,
        r#"{"a":"bytesBase64Encoded"}"#,
        "",
    ] {
        assert_eq!(taken(json, 7), Err(NoInlineVideo::Ended), "{json}");
    }
    assert_eq!(taken(r#"{"bytesBase64Encoded":"A*AA"}"#, 7), Err(NoInlineVideo::NotBase64));
    assert_eq!(taken(r#"{"bytesBase64Encoded":"A\u00zzAA"}"#, 7), Err(NoInlineVideo::NotBase64));
    assert_eq!(taken(r#"{"bytesBase64Encoded":"AAAAA"}"#, 7), Err(NoInlineVideo::NotBase64));
    assert_eq!(taken(r#"{"bytesBase64Encoded":"AA==AA"}"#, 7), Err(NoInlineVideo::NotBase64));
}
