//! What a user agent tells: which program has made a call, in which version, and where it runs.
//!
//! A client says of itself what it likes, so that a program is a hint and never proof; and what it
//! says may be hostile: long, or full of characters that could drive a terminal. Only a few words of
//! it are kept, made visible.

use crate::engine::text::{shorten, visible};
use std::fmt;

/// How many characters of a name that is not known here are kept.
const NAME: usize = 32;

/// And of a version.
const VERSION: usize = 12;

/// More of a user agent than this is not read: CloudTrail cuts it at 1 KB.
const READ: usize = 1_024;

/// What a client says of itself, in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Program {
    /// Where it runs, if it says so: `GitHub Actions`, `Lambda`.
    pub environment: Option<Box<str>>,
    /// What it is called: `aws-cli`, `boto3`; a service of AWS by its name.
    pub name: Box<str>,
    /// Its version, without what comes after the second number: `2.15`.
    pub version: Option<Box<str>>,
    /// The language that it runs in, where that is told apart: `python 3.8`.
    pub runtime: Option<Box<str>>,
}

/// Products whose name says enough, by how they name themselves, and what they are called. What is
/// built upon another stands before it.
const PRODUCTS: &[(&str, &str)] = &[
    ("terraform/", "terraform"),
    ("opentofu/", "opentofu"),
    ("terraform-provider-aws/", "terraform"),
    ("pulumi/", "pulumi"),
    ("pulumi-aws/", "pulumi"),
    ("pulumiaws/", "pulumi"),
    ("rclone/", "rclone"),
    ("s3fs/", "s3fs"),
    ("s3cmd/", "s3cmd"),
    ("duplicati/", "duplicati"),
    ("restic/", "restic"),
    ("veeam/", "veeam"),
    ("cyberduck/", "cyberduck"),
    ("winscp/", "winscp"),
    ("ansible/", "ansible"),
    ("packer/", "packer"),
    ("serverless/", "serverless"),
    ("aws-cli/", "aws-cli"),
    ("aws-vault/", "aws-vault"),
    ("boto3/", "boto3"),
    ("aioboto3/", "aioboto3"),
    ("aiobotocore/", "aiobotocore"),
    ("minio-go/", "minio-go"),
    ("minio-py/", "minio-py"),
    ("minio-java/", "minio-java"),
    ("minio-js/", "minio-js"),
    ("mc/", "minio client"),
    ("aws-sdk-go-v2/", "aws-sdk-go-v2"),
    ("aws-sdk-go/", "aws-sdk-go"),
    ("aws-sdk-java/", "aws-sdk-java"),
    ("aws-sdk-kotlin/", "aws-sdk-kotlin"),
    ("aws-sdk-swift/", "aws-sdk-swift"),
    ("aws-sdk-nodejs/", "aws-sdk-js"),
    ("aws-sdk-js/", "aws-sdk-js"),
    ("aws-sdk-react-native/", "aws-sdk-js"),
    ("aws-sdk-rust/", "aws-sdk-rust"),
    ("aws-sdk-cpp/", "aws-sdk-cpp"),
    ("aws-sdk-ruby3/", "aws-sdk-ruby"),
    ("aws-sdk-ruby2/", "aws-sdk-ruby"),
    ("aws-sdk-ruby/", "aws-sdk-ruby"),
    ("aws-sdk-php2/", "aws-sdk-php"),
    ("aws-sdk-php/", "aws-sdk-php"),
    ("aws-sdk-dotnet-coreclr/", "aws-sdk-net"),
    ("aws-sdk-dotnet-core/", "aws-sdk-net"),
    ("aws-sdk-dotnet-framework/", "aws-sdk-net"),
    ("aws-sdk-dotnet-45/", "aws-sdk-net"),
    ("aws-sdk-dotnet-35/", "aws-sdk-net"),
    ("aws-sdk-ios/", "aws-sdk-ios"),
    ("aws-sdk-android/", "aws-sdk-android"),
    ("aws-tools-powershell/", "aws-tools-powershell"),
    ("aws-tools-aws.tools/", "aws-tools-powershell"),
    ("botocore/", "botocore"),
    ("boto/", "boto"),
];

/// Names of what is no client that has a version to be told.
const PLAIN: &[(&str, &str)] = &[
    ("minio", "minio"),
    ("s3console/", "console"),
    ("console.amazonaws.com", "console"),
    ("signin.amazonaws.com", "console"),
    ("aws-console", "console"),
    ("console.aws", "console"),
    ("mozilla/", "browser"),
    ("aws internal", "AWS internal"),
    ("aws-internal", "AWS internal"),
    ("coral/", "AWS internal"),
    ("curl/", "curl"),
];

impl Program {
    /// Reads what a client says of itself.
    #[must_use]
    pub fn read(agent: &str) -> Self {
        let agent = agent.trim().trim_start_matches('[').trim_end_matches(']');
        let end = agent
            .char_indices()
            .nth(READ)
            .map_or(agent.len(), |(at, _)| at);
        let agent = &agent[..end];
        if agent.is_empty() || agent == "-" {
            return Self::plain("no user agent");
        }
        let lower = agent.to_ascii_lowercase();
        // A call that a service has made for the caller.
        if lower.ends_with(".amazonaws.com") && !lower.contains(' ') {
            let is_console = PLAIN.iter().any(|(says, _)| lower.contains(says));
            return match lower.strip_suffix(".amazonaws.com") {
                Some(service) if !is_console => Self::plain(service),
                _ => Self::plain("console"),
            };
        }
        let environment = environment(&lower);
        // In the order of the text: `aws-cli` says after itself on which `botocore` it is built, and
        // `terraform` before its own name nothing that is known here.
        let known = PRODUCTS.iter().find_map(|(says, name)| {
            let at = token(&lower, says)?;
            Some((*name, version(&agent[at + says.len()..])))
        });
        if let Some((name, version)) = known {
            let is_python = matches!(
                name,
                "boto3" | "botocore" | "boto" | "aioboto3" | "aiobotocore"
            );
            return Self {
                environment,
                name: name.into(),
                version,
                runtime: python(&lower).filter(|_| is_python),
            };
        }
        let plain = PLAIN.iter().find(|(says, _)| token(&lower, says).is_some());
        if let Some((_, name)) = plain {
            return Self {
                environment,
                ..Self::plain(name)
            };
        }
        let first = agent
            .split([' ', ';', ',', '('])
            .find(|word| !word.is_empty());
        let first = first.unwrap_or("no user agent");
        let (name, rest) = first.split_once('/').unwrap_or((first, ""));
        Self {
            environment,
            version: version(rest),
            ..Self::plain(name)
        }
    }

    fn plain(name: &str) -> Self {
        let name = visible(name);
        let name = shorten(&name, NAME, "…");
        Self {
            name: if name.is_empty() {
                "unnamed".into()
            } else {
                (&*name).into()
            },
            ..Self::default()
        }
    }

    /// Its name without a version, as a sentence has it: `GitHub Actions`, `boto3`.
    #[must_use]
    pub fn short(&self) -> &str {
        match self.environment.as_deref() {
            Some(environment @ ("GitHub Actions" | "GitLab CI" | "Jenkins" | "CloudShell")) => {
                environment
            }
            _ => &self.name,
        }
    }

    /// All of it, its parts told apart by this.
    #[must_use]
    pub fn words(&self, dot: &str) -> String {
        let mut text = String::new();
        if let Some(environment) = &self.environment {
            text.extend([environment, " ", dot, " "]);
        }
        text.push_str(&self.name);
        if let Some(version) = &self.version {
            text.extend([" ", version]);
        }
        if let Some(runtime) = &self.runtime {
            text.extend([" ", dot, " ", runtime]);
        }
        text
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words("·"))
    }
}

/// Where in a text something stands at the beginning of a word.
fn token(text: &str, says: &str) -> Option<usize> {
    let starts = |at: &usize| {
        let before = text[..*at].chars().next_back();
        before.is_none_or(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
    };
    text.match_indices(says).map(|(at, _)| at).find(starts)
}

/// The environment that a client says it runs in.
fn environment(lower: &str) -> Option<Box<str>> {
    let has = |word: &str| lower.contains(word);
    if has("configure-aws-credentials") || has("github_actions") || has("githubactions") {
        return Some("GitHub Actions".into());
    }
    let at = lower.find("exec-env/")? + "exec-env/".len();
    let says = lower[at..]
        .split([' ', ']', ';'])
        .next()
        .unwrap_or_default();
    let known = [
        ("github", "GitHub Actions"),
        ("gitlab", "GitLab CI"),
        ("jenkins", "Jenkins"),
        ("lambda", "Lambda"),
        ("fargate", "Fargate"),
        ("ecs", "ECS"),
        ("eks", "EKS"),
        ("cloudshell", "CloudShell"),
        ("codebuild", "CodeBuild"),
        ("cloud9", "Cloud9"),
        ("ec2", "EC2"),
    ];
    match known.iter().find(|(word, _)| says.contains(word)) {
        Some((_, name)) => Some((*name).into()),
        None if says.is_empty() => None,
        None => Some(shorten(&visible(says), NAME, "…").into()),
    }
}

/// The version of Python, where it is told.
fn python(lower: &str) -> Option<Box<str>> {
    let at = ["lang/python#", "lang/python/", "python/"]
        .iter()
        .find_map(|says| Some(token(lower, says)? + says.len()))?;
    Some(format!("python {}", version(&lower[at..])?).into())
}

/// The first two numbers of a version that a text begins with; what is no number stays as it is, as far
/// as it is short and harmless.
fn version(text: &str) -> Option<Box<str>> {
    let text = text.strip_prefix(['v', 'V', '#']).unwrap_or(text);
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')));
    let whole = &text[..end.unwrap_or(text.len())];
    let is_number = whole.starts_with(|c: char| c.is_ascii_digit());
    let mut numbers = whole.splitn(3, '.');
    let version = match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if is_number => {
            let end = minor
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(minor.len());
            match &minor[..end] {
                "" => major.to_owned(),
                minor => format!("{major}.{minor}"),
            }
        }
        _ => whole.to_owned(),
    };
    let short: String = version.chars().take(VERSION).collect();
    (!short.is_empty()).then(|| short.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::text::{is_hidden, width};
    use proptest::prelude::*;

    #[test]
    fn what_real_clients_say_is_told_in_a_few_words() {
        for (agent, words) in [
            (
                "aws-cli/2.15.0 Python/3.11.6 Linux/6.2.0 exe/x86_64.ubuntu.22 prompt/off command/s3.cp",
                "aws-cli 2.15",
            ),
            (
                "aws-cli/1.18.69 Python/3.8.10 Linux/5.4.0 botocore/1.16.19",
                "aws-cli 1.18",
            ),
            (
                "[aws-cli/2.15.30 md/awscrt#0.19.19 ua/2.0 os/linux#6.5 md/arch#x86_64 lang/python#3.11.8 exec-env/GitHub_Actions cfg/retry-mode#standard]",
                "GitHub Actions · aws-cli 2.15",
            ),
            (
                "aws-sdk-js/3.450.0 ua/2.0 os/linux#6.2.0 lang/js md/nodejs#20.8.1 api/sts#3.450.0 configure-aws-credentials-for-github-actions",
                "GitHub Actions · aws-sdk-js 3.450",
            ),
            (
                "Boto3/1.26.90 Python/3.8.10 Linux/4.14.255 Botocore/1.29.90",
                "boto3 1.26 · python 3.8",
            ),
            (
                "Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 os/linux#5.10 md/arch#x86_64 lang/python#3.12.1 md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 cfg/retry-mode#legacy Botocore/1.34.11",
                "Lambda · boto3 1.34 · python 3.12",
            ),
            (
                "Botocore/1.29.90 Python/3.9.2 Linux/5.10",
                "botocore 1.29 · python 3.9",
            ),
            (
                "aws-sdk-go/1.44.122 (go1.19.3; linux; amd64)",
                "aws-sdk-go 1.44",
            ),
            (
                "aws-sdk-go-v2/1.17.1 os/linux lang/go/1.19 md/GOOS/linux api/s3/1.29.1",
                "aws-sdk-go-v2 1.17",
            ),
            (
                "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) terraform-provider-aws/5.10.0 (+https://registry.terraform.io) aws-sdk-go-v2/1.20.1",
                "terraform 1.5",
            ),
            (
                "APN/1.0 Pulumi/1.0 PulumiAWS/6.9.0 aws-sdk-go-v2/1.21",
                "pulumi 1.0",
            ),
            (
                "aws-sdk-java/2.20.56 Linux/5.15 OpenJDK_64-Bit_Server_VM/17.0.7 Java/17.0.7 exec-env/AWS_ECS_FARGATE",
                "Fargate · aws-sdk-java 2.20",
            ),
            (
                "aws-sdk-nodejs/2.1231.0 linux/v16.15.1 promise",
                "aws-sdk-js 2.1231",
            ),
            (
                "aws-sdk-rust/1.1.4 os/linux lang/rust/1.75.0",
                "aws-sdk-rust 1.1",
            ),
            (
                "aws-sdk-php/3.259.0 OS/Linux/5.4 lang/php/7.4.33",
                "aws-sdk-php 3.259",
            ),
            (
                "aws-sdk-ruby3/3.170.0 ruby/3.1.2 x86_64-linux aws-sdk-s3/1.117.2",
                "aws-sdk-ruby 3.170",
            ),
            (
                "aws-sdk-dotnet-coreclr/3.7.100.14 aws-sdk-dotnet-core/3.7.103.6 .NET_Core/6.0.11",
                "aws-sdk-net 3.7",
            ),
            ("rclone/v1.62.2", "rclone 1.62"),
            ("s3fs/1.91 (commit hash a1b2c3d; OpenSSL)", "s3fs 1.91"),
            (
                "MinIO (linux; amd64) minio-go/v7.0.45 mc/RELEASE.2022",
                "minio-go 7.0",
            ),
            ("MinIO (linux; amd64)", "minio"),
            ("console.amazonaws.com", "console"),
            ("signin.amazonaws.com", "console"),
            (
                "S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1030",
                "aws-sdk-java 1.11",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
                "browser",
            ),
            ("AWS Internal", "AWS internal"),
            ("cloudformation.amazonaws.com", "cloudformation"),
            ("", "no user agent"),
            ("-", "no user agent"),
            ("MyBackup/3.2.1-beta (nas)", "MyBackup 3.2"),
            ("curl/8.4.0", "curl"),
        ] {
            assert_eq!(Program::read(agent).words("·"), words, "{agent}");
        }
    }

    #[test]
    fn a_sentence_names_what_runs_it_where_that_says_more() {
        let of = |agent| Program::read(agent).short().to_owned();
        assert_eq!(
            of("aws-cli/2.15.0 exec-env/GitHub_Actions"),
            "GitHub Actions"
        );
        assert_eq!(of("Boto3/1.34.11 exec-env/AWS_Lambda_python3.12"), "boto3");
    }

    proptest! {
        #[test]
        fn whatever_it_says_is_short_and_harmless(agent in ".{0,1200}") {
            let words = Program::read(&agent).words("·");
            prop_assert!(!words.chars().any(is_hidden), "{words:?}");
            prop_assert!(width(&words) <= 2 * NAME + 2 * VERSION + 20, "{words:?}");
            prop_assert!(!words.trim().is_empty());
        }
    }

    #[test]
    fn one_that_is_long_or_drives_a_terminal_is_neither_here() {
        let long = format!("evil\u{1b}[2J/{}", "9".repeat(5_000));
        let program = Program::read(&long);
        assert_eq!(&*program.name, "evil�[2J");
        assert!(
            program
                .version
                .is_some_and(|version| version.len() <= VERSION)
        );
    }
}
