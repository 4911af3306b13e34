//! Names that are as long as a secret: `GetServiceLastAccessedDetailsWithEntities`, or a part of an ARN or
//! a path. They are told from secrets by the words that they are made of.
//!
//! A secret is base64 of random bytes. Of forty random letters and digits hardly ever as many stand in a
//! row that look like words, and with as many vowels and as few rare letters: of ten million random ones
//! some four did.

/// As long is the secret of an access key.
const WINDOW: usize = 40;

/// Shorter rows of letters are no words that tell anything.
const WORD: usize = 4;

/// So many letters are in words, at least.
const IN_WORDS: usize = 27;

/// So many of them are not among the first three of their words: of random letters most words are short.
const IN_LONG_WORDS: usize = 15;

/// Whether letters and digits and slashes are names, wherever a secret may begin among them: whatever is
/// as long as a secret has to be made of words. Shorter than that it is not asked.
pub(super) fn is_made_of_words(run: &str) -> bool {
    run.as_bytes().windows(WINDOW).all(looks_like_words)
}

fn looks_like_words(window: &[u8]) -> bool {
    if window.contains(&b'+') {
        return false;
    }
    let mut found = Found::default();
    for part in window.split(|byte| *byte == b'/') {
        let is_number = part.iter().all(u8::is_ascii_digit);
        let is_hex = part
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if part.len() > 2 * WORD && (is_number || is_hex) {
            // The ID of a load balancer, or the number of an account.
            found.in_words += part.len();
            found.in_long_words += part.len() - (WORD - 1);
            continue;
        }
        let mut rest = part;
        while !rest.is_empty() {
            let capital = usize::from(rest[0].is_ascii_uppercase());
            let small = rest[capital..].iter();
            let length = capital + small.take_while(|byte| byte.is_ascii_lowercase()).count();
            found.add(&rest[..length]);
            rest = &rest[length.max(1)..];
        }
    }
    found.is_enough()
}

/// What was found of words.
#[derive(Default)]
struct Found {
    in_words: usize,
    in_long_words: usize,
    letters: usize,
    vowels: usize,
    rare: usize,
}

impl Found {
    fn add(&mut self, word: &[u8]) {
        let count = |of: &[u8]| {
            let small = word.iter().map(u8::to_ascii_lowercase);
            small.filter(|letter| of.contains(letter)).count()
        };
        let vowels = count(b"aeiouy");
        if word.len() < WORD || vowels == 0 {
            return;
        }
        self.in_words += word.len();
        self.in_long_words += word.len() - (WORD - 1);
        self.letters += word.len();
        self.vowels += vowels;
        self.rare += count(b"jkqvwxz");
    }

    fn is_enough(&self) -> bool {
        self.in_words >= IN_WORDS
            && self.in_long_words >= IN_LONG_WORDS
            && self.vowels * 4 >= self.letters
            && self.rare * 7 <= self.letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_words() {
        for name in [
            "GetServiceLastAccessedDetailsWithEntities",
            "role/OrganizationAccountAccessRole/botocore",
            "policy/AmazonElasticFileSystemClientReadWriteAccess",
            "policy/service/AmazonEC2ContainerServiceforEC2Role",
            "AssociatePhoneNumbersWithVoiceConnectorGroup",
            "CreateLocalGatewayRouteTableVpcAssociation",
            "GetLinkedWhatsAppBusinessAccountPhoneNumber",
            "ListCisScanResultsAggregatedByTargetResource",
            "policy/AWSElasticBeanstalkManagedUpdatesCustomerRolePolicy",
            "loadbalancer/app/MyBalancer/50dc6c495c0c9188",
            "team/platform/services/production/worker",
            "short",
        ] {
            assert!(is_made_of_words(name), "{name}");
        }
    }

    #[test]
    fn secrets_are_not_wherever_they_stand() {
        for secret in [
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
            "abcdefghijklmnopqrstuvwxyz01234567890abc",
        ] {
            for around in [
                secret.to_owned(),
                format!("role/OrganizationAccountAccessRole/{secret}"),
                format!("{secret}/AmazonElasticFileSystemClientReadWriteAccess"),
                format!("Amazon{secret}Access"),
            ] {
                assert!(!is_made_of_words(&around), "{around}");
            }
        }
    }
}
