mod log;

use super::*;

/// Texts with something that callers must not read, each with that something.
const HOSTILE: [(&str, &str); 120] = [
    ("see https://v3.fal.media/files/x.mp4?token=abc for the prompt", "token=abc"),
    ("see HTTPS://EVIL.EXAMPLE/x for the prompt", "EVIL"),
    ("see www.evil.example for the prompt", "evil"),
    ("see evil.example/login for the prompt", "login"),
    ("see Evil.COM for the long prompt", "Evil"),
    ("see (storage.googleapis.com) for the prompt", "googleapis"),
    ("see https%3A%2F%2Fevil.example%2Fx for the prompt", "evil"),
    ("the prompt went to 10.0.3.17 and failed", "10.0.3.17"),
    ("the prompt went to 10.0.3.17:8443 and failed", "10.0.3.17"),
    ("the prompt went to 10.0.0.0/8 and failed", "10.0.0"),
    ("the prompt went to [fe80::1%eth0]:80 and failed", "fe80"),
    ("the prompt went to ::1 and failed", "::1"),
    ("the prompt went to 2001:db8:85a3:0:0:8a2e:370:7334 and failed", "8a2e"),
    ("the prompt went to 0x7f000001 and failed", "7f00"),
    ("the prompt went to localhost:9000 and failed", "localhost"),
    ("the prompt went to ip-10-0-3-17.ec2.internal and failed", "ip-10"),
    ("the prompt went to worker-7f9c-x2 and node gpu-17 failed", "gpu-17"),
    ("ask ops@acme.example about the prompt", "acme"),
    ("ask \"Ops\" <ops@acme.example> about the prompt", "acme"),
    ("ask root@db about the prompt today", "root"),
    ("ask ops%40acme.example about the prompt", "acme"),
    ("Permission denied on resource gs://acme-private/x for the prompt", "acme"),
    ("Permission denied for service-1@gcp-sa-x.iam.gserviceaccount.com on the prompt", "service-1"),
    ("Permission denied on the prompt in project acme-prod today", "acme"),
    ("Permission denied on the prompt in project 'acme' today", "acme"),
    ("Permission denied on the prompt, project id: acme", "acme"),
    ("Permission denied on the prompt, project number 123456789012", "123456789012"),
    ("Permission denied on projects/acme/locations/global for the prompt", "acme"),
    ("Permission denied on projects/acme for the prompt", "acme"),
    ("the bucket generated-videos is not there for the prompt", "generated-videos"),
    ("the bucket named acme is not there for the prompt", "acme"),
    ("arn:aws:s3:::acme is not there for the prompt", "acme"),
    ("account 123456789012 may not send the prompt", "123456789012"),
    ("the key ghub_sk_live_PPL8gI2Q710cKhplJKeC6FNVQ5GjJdFJ may not send the prompt", "PPL8"),
    (
        "the key ghub\u{200b}_sk_live_\u{2060}PPL8gI2Q710cKhplJKeC6FNV may not send the prompt",
        "PPL8",
    ),
    ("the key sb_secret_abcdefgh may not send the prompt", "abcdefgh"),
    ("Authorization: Bearer hunter was refused for the prompt", "hunter"),
    ("authorization=Bearer+hunter2 was refused for the prompt", "hunter2"),
    ("Key 0a1b2c3d:ffee was refused for the prompt", "ffee"),
    ("{\"token\":\"hunter\"} was refused for the prompt", "hunter"),
    ("the password is hunter and the prompt was refused", "hunter"),
    ("password=hunter was refused for the prompt", "hunter"),
    ("x-api-key: hunter was refused for the prompt", "hunter"),
    ("AKIAIOSFODNN7EXAMPLE was refused for the prompt", "AKIA"),
    ("AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY was refused for the prompt", "AIza"),
    ("ya29.a0AfH6SMBx was refused for the prompt", "ya29"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln was refused for the prompt", "eyJ"),
    ("sk-proj-Ab3dEf6hIj was refused for the prompt", "Ab3d"),
    ("Xk9fQ2mPzR7t was refused for the prompt", "Xk9f"),
    ("e8c96506-72a1-429f-a7ed-4bb0a42541be was refused for the prompt", "e8c96506"),
    ("9f86d081884c7d659a2feaa0c55ad015 was refused for the prompt", "9f86"),
    ("dGhpcyBpcyBh+c2VjcmV0/0s= was refused for the prompt", "dGhp"),
    (
        "-----BEGIN PRIVATE KEY-----\nMIIE abc def\n-----END PRIVATE KEY-----\nwas refused for the prompt",
        "MIIE",
    ),
    ("the prompt was refused -----BEGIN RSA PRIVATE KEY----- MIIE abc", "MIIE"),
    ("cannot open /var/task/prompts.json for the prompt", "task"),
    ("cannot open ~/.aws/credentials for the prompt", "aws"),
    ("cannot open ../../etc/passwd for the prompt", "passwd"),
    ("cannot open C:\\Users\\me\\prompt for the prompt", "Users"),
    ("cannot open \\\\host\\share for the prompt", "share"),
    ("java.lang.NullPointerException was met for the prompt", "NullPointer"),
    ("std::thread::park was met for the prompt", "thread"),
    ("ask ops_@acme.example about the prompt", "acme"),
    ("ask ops-@acme.example about the prompt", "acme"),
    ("ask ops.@acme.example about the prompt", "acme"),
    ("ask ops!@acme about the prompt", "acme"),
    ("ask ops@_acme about the prompt", "acme"),
    ("ask ops＠acme.example about the prompt", "acme"),
    ("ask ops﹫acme about the prompt", "acme"),
    ("the prompt may not go to the acme-private bucket today", "acme"),
    ("the prompt was refused by the 'acme-prod' project.", "acme"),
    ("the prompt was refused by the acme7 project's owner", "acme"),
    ("the prompt was refused on the acme-gpu cluster", "acme"),
    ("the prompt failed in project_id acme today", "acme"),
    ("the prompt failed in projectId acme today", "acme"),
    ("the prompt failed in \"projectID\": \"acme\" today", "acme"),
    ("the prompt failed in project with id acme today", "acme"),
    ("the prompt failed, bucket_name = acme today", "acme"),
    ("the prompt went to redis-master:6379 and failed", "redis"),
    ("the prompt went to acme:8080 and failed", "acme"),
    ("the prompt went to (acme:8080/x) and failed", "acme"),
    ("the prompt went to tcp:10.0.3.17:80 and failed", "10.0"),
    ("the prompt went to peer:db.acme and failed", "acme"),
    ("the prompt went to 10-0-3-17 and failed", "10-0"),
    ("the prompt went to worker-10-0-3-17 and failed", "10-0"),
    ("the prompt went to 0177.0.0.1 and failed", "0177"),
    ("the prompt went to 0x7f.0.0.0x1 and failed", "0x7f"),
    ("the prompt went to 2130706433 and failed", "2130"),
    ("the prompt went to 167772161 and failed", "1677"),
    ("the prompt went to node7.cluster1 and failed", "node7"),
    ("the prompt went to db1.acme2:80 and failed", "acme2"),
    ("see xn--e1afmkfd.xn--p1ai for the prompt", "xn--"),
    ("see evil．example for the prompt", "evil"),
    ("see evil。example for the prompt", "evil"),
    ("the prompt went to １０．０．３．１７ and failed", "１０"),
    ("sig=hunter2 was refused for the prompt", "hunter"),
    ("a=1&sig=hunter was refused for the prompt", "hunter"),
    ("pass=hunter was refused for the prompt", "hunter"),
    ("pass: hunter was refused for the prompt", "hunter"),
    ("passphrase: hunter was refused for the prompt", "hunter"),
    ("auth=hunter was refused for the prompt", "hunter"),
    ("auth : hunter was refused for the prompt", "hunter"),
    ("accessToken=hunter was refused for the prompt", "hunter"),
    ("accessToken hunter was refused for the prompt", "hunter"),
    ("secretKey: hunter was refused for the prompt", "hunter"),
    ("key: hunter was refused for the prompt", "hunter"),
    ("ｋｅｙ＝hunter was refused for the prompt", "hunter"),
    ("Authorization: Basic hunter was refused for the prompt", "hunter"),
    ("Authorization: Key hunter was refused for the prompt", "hunter"),
    ("the password was set to hunter2 for the prompt", "hunter"),
    ("the password is set to: hunter for the prompt", "hunter"),
    ("the password was changed to hunter for the prompt", "hunter"),
    ("the password equals hunter for the prompt", "hunter"),
    ("Bearer token hunter was refused for the prompt", "hunter"),
    ("the prompt was refused by the acme-prod GCP project", "acme"),
    ("the prompt failed in the project with the id acme-prod", "acme"),
    ("the prompt went to redis_master:6379 and failed", "redis"),
    ("the prompt went to 10.0.3.17/x:80 and failed", "10.0"),
    ("GOCSPX-abcdefgh was refused for the prompt", "abcdefgh"),
    ("\u{1b}[2J\u{1b}]0;owned\u{7}the prompt was refused", "owned"),
    ("the prompt \u{202e}desufer saw\u{202c} was refused", "\u{202e}"),
];

/// Texts of which no reader can make sense.
const UNREADABLE: [&str; 11] = [
    "",
    " \n ",
    "\u{200b}\u{200d}",
    "\u{1b}]0;all of it",
    "https://evil.example/x?key=1",
    "ops@acme.example 10.0.0.1",
    "<!DOCTYPE html><title>502</title>",
    "<html><body>no</body></html>",
    "<?xml version='1.0'?><Error/>",
    "Traceback (most recent call last):\n  File \"/app/x.py\", line 3, in f\nValueError: prompt",
    "thread 'main' panicked at src/main.rs:3:5: no prompt",
];

/// Texts about an order, which pass unchanged.
const HARMLESS: [&str; 34] = [
    "Input should be '5' or '10'; String should have at most 2500 characters",
    "The content could not be processed because it contained material flagged by a content checker.",
    "ensure this value is less than or equal to 4294967295",
    "Unsupported aspect ratio 21:9; use 16:9, 9:16 or 1:1 (e.g. 16:9).",
    "The image is 1280x720, and 300 × 300 px is the least; use image/png and/or video/mp4.",
    "Veo could not generate 1 videos based on the prompt provided. Support codes: 58061214, 29310472",
    "The prompt is too long.Try a shorter one, of 1.5 kB at most.",
    "A key frame every 2 s, or 50% of the frames; the token limit is 1024.",
    "El año, la señal y el niño: «demasiado largo».",
    "提示词过长，请缩短。",
    "Der Text verstößt gegen die Nutzungsbedingungen.",
    "veo3.1 renders 4, 6 or 8 seconds; 12:30:45 is no length.",
    "At 24/30 fps; see the U.S. rules, no. 5.",
    "seed must be an integer between 0 and 2147483647",
    "x < 300 and y > 20",
    "a secret garden with a basic cookie monster",
    "Use 16:9, 9:16 or 1:1; seconds: 5, duration: 8s, length:10; the cut is at 5:30 or 00:00:05.000.",
    "It costs $1.50, 12.75 MXN or 1,234.56; 1.000.000 at most, and 1.234.567.890 never.",
    "veo-3.1, veo-3.1-generate-001, wan-2.2-a14b, kling-v2.1 and gen-4.5 are models.",
    "Give a ratio, e.g. 16:9, i.e. wide, at 24.5fps for 1.5s of 0.5MP.Try again.",
    "The ratio is 16:9.Use another one, of 10.Then try again.",
    "Please pass a valid prompt; pass 16:9 or pass aspect_ratio, and see the auth guide.",
    "A text-to-video request, a high-quality result and a long-running operation.",
    "max_length:2500, seed:12345, code:400, HTTP:404, frame-rate:24, max-length:8000",
    "The prompt has 2 projects and 3 buckets of paint.",
    "提示词过长。请缩短，比例应为16:9。谢谢！",
    "Ratios are 4:3/16:9 or 9:16; aspect_ratio=16:9 and duration=7s are wrong, resolution: 1080p is not.",
    "Send a request with 5-second clips; the user set aspect_ratio to 16:9 in a job with id.",
    "The length is 8.Try veo-3.1.Try a shorter one.",
    "The key 'prompt' has to be a string; set the seed to 7, and the time to 5:30.",
    "Request: the prompt is too long. Error: field required. Version 1.2.3, of 2026-11-30.",
    "the key frames: 24, the token limit: 1024, the session was long",
    "El prompt tiene 2.500 caracteres; son 500 de más (límite: 2.000).",
    "body.prompt: field required; parameters.aspectRatio: not one of '16:9', '9:16'",
];

#[test]
fn callers_never_read_what_is_not_theirs() {
    for (text, hidden) in HOSTILE {
        let shown = for_callers(text).unwrap_or_default();
        assert!(!shown.contains(hidden), "{text:?}: {shown:?}");
        assert!(shown.contains("prompt"), "{text:?}: {shown:?}");
        assert_eq!(
            for_callers_if_clean(text).filter(|shown| shown.contains(hidden)),
            None,
            "{text:?}"
        );
        assert_eq!(for_callers(&shown), Some(shown.clone()), "what was scrubbed stays so");
    }
}

#[test]
fn what_is_not_readable_is_nothing() {
    for text in UNREADABLE {
        assert_eq!((for_callers(text), for_callers_if_clean(text)), (None, None), "{text:?}");
    }
}

#[test]
fn what_speaks_of_the_order_passes() {
    for text in HARMLESS {
        assert_eq!(for_callers(text).as_deref(), Some(text), "as it is");
    }
}

#[test]
fn what_may_speak_of_the_operator_is_withheld() {
    for text in [
        "User is locked. Reason: Exhausted balance.",
        "Internal server error",
        "No runner is available",
        "Your billing account is closed",
        "Quota exceeded",
        "cannot reach 10.0.0.1 for the prompt",
    ] {
        assert_eq!(for_callers_if_clean(text), None, "{text}");
    }
    let text = "Unable to generate a video for a hummingbird";
    assert_eq!(for_callers_if_clean(text).as_deref(), Some(text));
}

#[test]
fn a_word_is_plain_and_short() {
    for (text, kept) in [
        ("content_policy_violation", Some("content_policy_violation")),
        ("INVALID_ARGUMENT", Some("INVALID_ARGUMENT")),
        ("\u{1b}[31mrunner_lost\u{202e} ", Some("runner_lost")),
        ("value_error.missing", Some("value_error.missing")),
        ("value_error.any_str.max_length", Some("value_error.any_str.max_length")),
        ("veo-3.1", Some("veo-3.1")),
        ("runner: lost", None),
        ("two words", None),
        ("ops@acme.example", None),
        ("ops＠acme", None),
        ("10.0.0.1", None),
        ("10-0-3-17", None),
        ("db_1.internal", None),
        ("acme.internal", None),
        ("Bearer hunter2", None),
        ("key=hunter2", None),
        ("projects/acme", None),
        ("13", Some("13")),
        ("", None),
        ("\u{200b} ¡!", None),
        ("ghub_sk_live_PPL8gI2Q710cKhplJKeC6FNVQ5GjJdFJ", None),
        ("e8c96506-72a1-429f-a7ed-4bb0a42541be", None),
    ] {
        assert_eq!(word(text).as_deref(), kept, "{text:?}");
    }
    assert_eq!(word(&"ab.".repeat(1_000_000)).map(|word| word.len()), Some(LONGEST_WORD));
    assert_eq!(word(&"a".repeat(1_000_000)), None, "a flood is no word");
}
