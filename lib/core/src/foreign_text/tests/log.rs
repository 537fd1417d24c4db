//! Our log keeps addresses and names, but no secret and no prompt.

use super::*;

#[test]
fn the_log_keeps_names_and_no_secrets() {
    let text = "Permission 'storage.objects.create' denied on gs://acme-private/x for a-1@gcp-sa.iam.gserviceaccount.com";
    assert_eq!(for_the_log(text, &[]), text);
    for (text, kept) in [
        ("Bearer hunter2 was refused at 10.0.0.1", "Bearer […] was refused at 10.0.0.1"),
        ("see https://x.example/f?sig=abc now", "see […] now"),
        ("see https://me:pw@x.example/f now", "see […] now"),
        ("see https://x.example/f now", "see https://x.example/f now"),
        ("two\nlines \u{1b}[31mred", "two lines red"),
        ("<html>x", "(a page or a stack trace)"),
        ("no wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY here", "no […] here"),
        ("sig=hunter pass=hunter auth=hunter at db.internal", "[…] at db.internal"),
        (
            "Authorization: Basic abcdefgh at acme-prod:8080",
            "Authorization: Basic […] at acme-prod:8080",
        ),
        (
            "secretKey: hunter, the password was set to hunter",
            "secretKey: […] the password was set to […]",
        ),
        (
            "no projects/acmeProd/locations/us-central1/x",
            "no projects/acmeProd/locations/us-central1/x",
        ),
    ] {
        assert_eq!(for_the_log(text, &[]), kept);
    }
    assert_eq!(for_the_log(&"long ".repeat(100_000), &[]).chars().count(), LONGEST_IN_LOG + 1);
}

#[test]
fn the_log_keeps_no_prompt() {
    for (text, prompt, kept) in [
        ("no video for: a hummingbird at dawn", "A hummingbird\nat dawn", "no video for: [prompt]"),
        ("no video for 'a hummingbird a…'", "a hummingbird at dawn", "no video for '[prompt]…'"),
        ("无法生成：一只猫在跳舞", "一只猫在跳舞", "无法生成：[prompt]"),
        ("no video", "a hummingbird at dawn", "no video"),
        ("no video", "", "no video"),
        (
            "no video for a very secret hummingbird",
            "a very secret hummingbird",
            "no video for [prompt]",
        ),
    ] {
        assert_eq!(for_the_log(text, &[prompt]), kept);
    }
}
