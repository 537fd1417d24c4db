//! Which bucket names and object keys are allowed: the characters that S3 calls safe, and some that
//! it only tolerates.

use super::errors::Refusal;

pub(super) fn check_object(key: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c == '/' || in_alphabet(c);
    if key.is_empty() || !key.chars().all(allowed) {
        Err(Refusal::Key(key.to_owned()))
    } else {
        Ok(())
    }
}

pub(super) fn check_bucket(name: &str) -> Result<(), Refusal> {
    if (1..=100).contains(&name.len()) && name.chars().all(in_alphabet) {
        Ok(())
    } else {
        Err(Refusal::BucketName)
    }
}

fn in_alphabet(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_!-.*'() &$@=;:+,?".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_alphabet() {
        assert_eq!(check_object("u1/job-1_(a) b!.*'&$@=;:+,?.mp4"), Ok(()));
        for bad in ["", "a~b", "a[1]", "ü", "a\\b", "a%b", "a#b", "a\nb"] {
            assert_eq!(check_object(bad), Err(Refusal::Key(bad.into())));
        }
        assert_eq!(check_bucket("generated-videos"), Ok(()));
        assert_eq!(check_bucket("a/b"), Err(Refusal::BucketName));
        assert_eq!(check_bucket(&"b".repeat(101)), Err(Refusal::BucketName));
    }
}
