//! What each part of the program may name. The rules are lists of what is allowed, so that what no
//! one thought of is refused too:
//!
//! - `engine` stays pure: of crates it names a few of pure data, of `std` what reads no clock, file,
//!   socket or environment;
//! - nothing below the screen names the screen, and each part names only the parts below it;
//! - only `aws` names the clients of the SDK;
//! - the time is asked of `SystemTime`, for `Utc::now` panics where a clock is set before 1970.
//!
//! Every path is read, in `use` declarations and elsewhere (`tests/purity/source.rs`).

#[path = "purity/source.rs"]
mod source;

use chrono::{DateTime, Utc};
use source::{Named, Source};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// The crates that `engine` may name beside `std` and itself.
const CRATES: &[&str] = &[
    "chrono",
    "nucleo_matcher",
    "secrecy",
    "smallvec",
    "unicode_properties",
    "unicode_width",
    "wildmatch",
];

/// What `engine` may name of the standard library: modules of data, and single items of those that
/// have a clock or threads in them as well.
const STD: &[&[&str]] = &[
    &["any"],
    &["array"],
    &["ascii"],
    &["borrow"],
    &["cell"],
    &["char"],
    &["cmp"],
    &["collections"],
    &["convert"],
    &["error"],
    &["fmt"],
    &["hash"],
    &["iter"],
    &["marker"],
    &["mem"],
    &["num"],
    &["ops"],
    &["option"],
    &["rc"],
    &["result"],
    &["slice"],
    &["str"],
    &["string"],
    &["sync", "Arc"],
    // A thought that is kept: lists are gone through on all cores.
    &["sync", "Mutex"],
    &["sync", "PoisonError"],
    &["time", "Duration"],
    &["vec"],
];

/// The macros that `engine` may call beside its own: none of them prints, or reads a file.
const MACROS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "format",
    "matches",
    "panic",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Names of what tells the time, wherever they come from.
const CLOCKS: &[&str] = &["Instant", "Local", "SystemTime", "now", "today"];

/// The parts of the program below the screen, each with the parts that it may name.
const PARTS: &[(&str, &[&str])] = &[
    ("engine", &["engine"]),
    ("aws", &["aws", "engine"]),
    ("config", &["config", "engine"]),
    ("journal", &["engine", "journal"]),
    ("secret", &["engine", "secret"]),
    ("plans", &["engine", "plans"]),
    (
        "driver",
        &["aws", "driver", "engine", "journal", "plans", "secret"],
    ),
    ("demo", &["aws", "demo", "engine"]),
    ("stderr", &["engine", "stderr"]),
    ("tui", &["engine", "stderr", "tui"]),
    (
        "commands",
        &[
            "aws", "cli", "commands", "driver", "engine", "journal", "plans", "stderr",
        ],
    ),
];

/// The event loop hands what the screen wants to the driver, and writes copies to the terminal.
const APP: (&str, &[&str]) = (
    "tui/app.rs",
    &["driver", "engine", "secret", "stderr", "tui"],
);

/// A file of the program.
struct File {
    /// `engine/vault.rs`
    name: String,
    source: Source,
}

impl File {
    fn read(name: &str, in_tests: bool, text: &str) -> Self {
        let module: Vec<&str> = name.trim_end_matches(".rs").split('/').collect();
        Self {
            name: name.to_owned(),
            source: Source::read(&module, in_tests, text),
        }
    }

    /// The part that it belongs to.
    fn part(&self) -> &str {
        let end = self.name.find(['/', '.']).unwrap_or(self.name.len());
        &self.name[..end]
    }

    /// Everything in it that breaks a rule, with its line.
    fn broken(&self, dependencies: &BTreeSet<String>) -> Vec<String> {
        let mut broken = Vec::new();
        if let Some((_, may)) = PARTS.iter().find(|(part, _)| *part == self.part()) {
            let may = if self.name == APP.0 { APP.1 } else { may };
            self.check_layers(may, &mut broken);
        }
        if self.part() == "engine" {
            self.check_pure(dependencies, &mut broken);
        }
        if self.part() != "aws" {
            let client = |named: &&Named| named.path[0].starts_with("aws_sdk_");
            let clients = self.source.paths.iter().filter(client);
            broken.extend(clients.map(|named| tell(named, "only aws names the clients")));
        }
        let clocks = self.source.paths.iter().filter(|named| !named.in_tests);
        let clocks = clocks.filter(|named| named.path.ends_with(&["Utc".into(), "now".into()]));
        broken
            .extend(clocks.map(|named| tell(named, "it panics before 1970: SystemTime does not")));
        broken
    }

    fn check_layers(&self, may: &[&str], broken: &mut Vec<String>) {
        for named in &self.source.paths {
            if named.path[0] != "crate" {
                continue;
            }
            match named.path.get(1) {
                None => broken.push(tell(named, "the whole crate")),
                Some(part) if may.contains(&part.as_str()) => {}
                Some(_) => broken.push(tell(named, "another part")),
            }
        }
        for named in &self.source.ways_past {
            broken.push(tell(named, "names something without a path"));
        }
        for named in &self.source.macros {
            if named.path[0] == "include" {
                broken.push(tell(named, "names something without a path"));
            }
        }
    }

    fn check_pure(&self, dependencies: &BTreeSet<String>, broken: &mut Vec<String>) {
        for named in self.source.paths.iter().filter(|named| !named.in_tests) {
            let path: Vec<&str> = named.path.iter().map(String::as_str).collect();
            let (first, rest) = (path[0], &path[1..]);
            let own = first == "crate" || first == "Self";
            // A type of which the file does not say whence it comes is its own, or everybody's.
            let is_type = first.starts_with(char::is_uppercase);
            let allowed = match first {
                "std" => STD.iter().any(|item| rest.starts_with(item)),
                _ => own || is_type || CRATES.contains(&first),
            };
            if !allowed {
                broken.push(tell(named, "not among what engine may name"));
            } else if named.glob && !own {
                broken.push(tell(named, "brings in what is not named"));
            } else if rest.iter().any(|name| CLOCKS.contains(name)) || CLOCKS.contains(&first) {
                broken.push(tell(named, "a clock"));
            }
        }
        for named in self.source.macros.iter().filter(|named| !named.in_tests) {
            if !MACROS.contains(&named.path[0].as_str()) {
                broken.push(tell(named, "a macro that engine may not call"));
            }
        }
        // A name that hides a crate's would let that crate in where the name is not known.
        for (named, name) in &self.source.names {
            if dependencies.contains(name) && named.path != [name.as_str()] {
                broken.push(tell(named, &format!("hides the crate {name}")));
            }
        }
    }
}

fn tell(named: &Named, why: &str) -> String {
    let glob = if named.glob { "::*" } else { "" };
    format!("{}: {}{glob}: {why}", named.line, named.path.join("::"))
}

/// The names that crates have in the code, from `Cargo.toml`.
fn dependencies() -> BTreeSet<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let text = fs::read_to_string(manifest).expect("the manifest");
    let mut names: BTreeSet<String> = ["std", "core", "alloc", "iamkeys"]
        .map(str::to_owned)
        .into();
    let mut of_crates = false;
    for line in text.lines() {
        if line.starts_with('[') {
            of_crates = line.ends_with("dependencies]");
        } else if of_crates && let Some((name, _)) = line.split_once('=') {
            names.insert(name.trim().replace('-', "_"));
        }
    }
    names
}

/// Every file of the program.
fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    let mut texts: Vec<(String, String)> = Vec::new();
    for path in found {
        let name = path.strip_prefix(&root).expect("it is inside");
        let name = name.to_str().expect("a plain name").replace('\\', "/");
        texts.push((name, fs::read_to_string(&path).expect("a text")));
    }
    let mut of_tests = BTreeSet::new();
    for (name, text) in &texts {
        let folder = name.trim_end_matches(".rs");
        let declared = File::read(name, false, text).source.test_files;
        of_tests.extend(declared.iter().map(|module| format!("{folder}/{module}")));
    }
    let read = |(name, text): &(String, String)| {
        let is_or_is_in = |of: &String| {
            name.strip_prefix(of.as_str())
                .is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        File::read(name, of_tests.iter().any(is_or_is_in), text)
    };
    texts.iter().map(read).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_part_names_only_what_it_may() {
    let dependencies = dependencies();
    let mut broken = Vec::new();
    for file in files() {
        let places = file.broken(&dependencies);
        broken.extend(
            places
                .iter()
                .map(|place| format!("src/{}:{place}", file.name)),
        );
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn what_is_checked_is_there() {
    let files = files();
    for (part, least) in [
        ("engine", 35),
        ("aws", 10),
        ("driver", 5),
        ("journal", 5),
        ("secret", 5),
        ("demo", 10),
    ] {
        let of_part = files.iter().filter(|file| file.part() == part);
        let found = of_part.count();
        assert!(found >= least, "{part} has {found} files");
    }
    let of_part = |part: &str, first: &str| {
        let of_part = files.iter().filter(|file| file.part() == part);
        let paths = of_part.flat_map(|file| &file.source.paths);
        paths
            .filter(|named| named.path[0].starts_with(first))
            .count()
    };
    assert!(of_part("engine", "crate") > 300);
    assert!(of_part("engine", "std") > 30);
    assert!(of_part("engine", "chrono") > 30);
    assert!(of_part("aws", "aws_sdk_") > 10);
    assert!(of_part("driver", "tokio") > 10);
    let dependencies = dependencies();
    for name in ["tokio", "aws_sdk_iam", "rustix", "proptest", "std"] {
        assert!(dependencies.contains(name), "{name}");
    }
    let in_tests = |name: &str| {
        let file = files.iter().find(|file| file.name == name);
        let paths = &file.expect("it is there").source.paths;
        assert!(!paths.is_empty(), "{name}");
        let in_tests = paths.iter().filter(|named| named.in_tests).count();
        (in_tests > 0, in_tests == paths.len())
    };
    assert_eq!(in_tests("engine/query/tests/random.rs"), (true, true));
    assert_eq!(in_tests("engine/query/tests.rs"), (true, true));
    assert_eq!(in_tests("engine/limiter.rs"), (true, false));
    assert_eq!(in_tests("engine/plan.rs"), (false, false));
}

/// What is wrong with a text, as if it were in this file.
fn broken(name: &str, text: &str) -> Vec<String> {
    let mut dependencies = dependencies();
    dependencies.insert("tokio".into());
    File::read(name, false, text).broken(&dependencies)
}

/// What `engine` must not hold.
const REFUSED: &[&str] = &[
    // Crates.
    "use tokio::sync::mpsc;",
    "use tokio;",
    "use tokio as runtime;",
    "pub use tokio::spawn;",
    "pub(crate) use tokio::spawn as begin;",
    "use {std::fmt, tokio::spawn};",
    "use ::tokio::spawn;",
    "use r#tokio::spawn;",
    "extern crate tokio;",
    "extern crate tokio as runtime;",
    "fn f() { tokio::spawn(async {}); }",
    "fn f() { ::tokio::spawn(async {}); }",
    "fn f() { return ::tokio::spawn(async {}); }",
    "fn f() { r#tokio::spawn(async {}); }",
    "fn f() { tokio :: /* so */ spawn(async {}); }",
    "fn f() { tokio\n    ::spawn(async {}); }",
    "fn f() { { use tokio::spawn; } }",
    "mod inside { use tokio::spawn; }",
    "struct S { it: Option<tokio::task::JoinHandle<()>> }",
    "fn f(it: &dyn futures::Stream<Item = ()>) {}",
    "impl tokio::io::AsyncRead for S {}",
    "#[tokio::main] async fn f() {}",
    "#[derive(Debug, serde::Serialize)] struct S;",
    "#[derive(serde::Serialize)] struct S;",
    "fn f() { tracing::info!(\"so\"); }",
    "fn f() { let it = <tokio::task::Id as Clone>::clone; }",
    "fn f() { HashMap::<String, tokio::task::Id>::new(); }",
    "use crate::engine::text as tokio;",
    "mod tokio {}",
    "use uuid::Uuid;",
    "fn f() { clippy::f(); }",
    "use proptest::prelude::*;",
    // The standard library.
    "use std::fs;",
    "use std::{fmt, io};",
    "use std::{fmt, sync::{Arc, mpsc::{self, Sender}}};",
    "use std::{collections::HashMap, time::{Duration, Instant}};",
    "use std::{time::{Duration, SystemTime as Clock}};",
    "use std::time;",
    "use std::time::*;",
    "use std::*;",
    "use std as core_of_it;",
    "use std::{self as it};",
    "pub use std::fs as files;",
    "use std::path::Path;",
    "use std::os::unix::fs::MetadataExt;",
    "use core::hint;",
    "fn f() { if a > ::std::fs::f() {} }",
    "fn f() { Vec::<u8>::f(std::fs::read(\"x\")); }",
    "use alloc::boxed;",
    "fn f() { std::fs::read(\"x\"); }",
    "fn f() { std::env::var(\"HOME\"); }",
    "fn f() { std::process::exit(1); }",
    "fn f() { std::thread::sleep(std::time::Duration::ZERO); }",
    "fn f() -> std::io::Result<()> { Ok(()) }",
    "fn f() { std::net::TcpStream::connect(\"x\"); }",
    "fn f(at: std::time::Instant) {}",
    "use std::fmt; fn f() { fmt::f(); std::fs::read(\"x\"); }",
    "type S = Vec<std::sync::Condvar>;",
    "pub(in crate::engine) use std::io;",
    // Clocks.
    "use chrono::Local;",
    "use chrono::{DateTime, Local};",
    "use chrono::offset::Local as Here;",
    "use chrono::prelude::*;",
    "use chrono::Utc; fn f() { Utc::now(); }",
    "use chrono::Utc as Time; fn f() { Time::now(); }",
    "fn f() { chrono::Utc::now(); }",
    "fn f() { <chrono::Utc>::now(); }",
    "use super::*; fn f() { Utc::now(); }",
    "use super::*; fn f() { let clock = Utc::now; }",
    "use super::*; fn f() { let at: Instant = Instant::now(); }",
    // Macros.
    "fn f() { println!(\"so\"); }",
    "fn f() { eprintln!(\"so\"); }",
    "fn f() { dbg!(1); }",
    "fn f() { std::println!(\"so\"); }",
    "const S: &str = include_str!(\"x\");",
    "include!(\"x.rs\");",
    "const S: &str = env!(\"HOME\");",
    "thread_local! { static S: u8 = 0; }",
    // Other parts.
    "use crate::aws::Connection;",
    "use crate::{aws, engine};",
    "use crate::{engine::{Error, text}, secret::SecretKey};",
    "pub use crate::secret::SecretKey;",
    "use crate::secret::{clipboard::{Route, Why}};",
    "use crate::journal::{self, Journal as It};",
    "use crate::driver::*;",
    "use crate::*;",
    "use crate as all;",
    "use crate::{self as all};",
    "use crate::tui;",
    "use crate::main;",
    "fn f() { crate::tui::draw(); }",
    "fn f() { crate :: demo :: begin(); }",
    "macro_rules! m { () => { $crate::tui::draw() } }",
    "use super::super::tui;",
    "fn f() { super::super::aws::sign_in(); }",
    "use super::super::*;",
    "use super::super as all;",
    "use self::super::super::aws;",
    "mod deeper { use super::super::super::aws; }",
    "mod deeper { fn f() { super::super::super::aws::sign_in(); } }",
    "#[path = \"../aws.rs\"] mod aws;",
    "#[cfg_attr(unix, path = \"../aws.rs\")] mod it;",
    "extern \"C\" { fn getenv(); }",
    // Only what is compiled for tests alone may name more.
    "#[cfg(not(test))] mod tests { use std::fs; }",
    "#[cfg(any(test, unix))] mod tests { use std::fs; }",
    "#[cfg(test)] mod tests { } use std::fs;",
    "#[cfg(test)] mod tests { fn f() { if true { } } } fn f() { std::fs::read(\"x\"); }",
    "#[cfg(test)] mod tests { use crate::aws::Connection; }",
    "#[cfg(test)] mod tests { fn f() { crate::tui::draw(); } }",
    "#[cfg(test)] mod tests { use super::super::super::aws; }",
    "#[cfg(test)] const S: u8 = 0; mod tests { use std::fs; }",
    // Comments and texts end where they end.
    "/* /* */ */ use std::fs;",
    "// so\nuse std::fs;",
    "const S: &str = \"\\\"\"; use std::fs;",
    "const S: &str = r#\"\"\\\"#; use std::fs;",
    "const S: char = '\"'; use std::fs; const T: char = '\"';",
    "const S: char = '\\''; use std::fs;",
    "const S: u8 = b'\"'; use std::fs; const T: u8 = b'\"';",
    "fn f<'a>(it: &'a str) { std::fs::read(it); }",
];

#[test]
fn what_is_not_allowed_is_refused_however_it_is_written() {
    for text in REFUSED {
        let found = broken("engine/vault.rs", text);
        assert!(!found.is_empty(), "not refused: {text}");
    }
}

#[test]
fn what_is_allowed_is_not_refused() {
    for text in [
        "use std::{collections::HashMap, fmt::{self, Write as _}, sync::Arc, time::Duration};",
        "use std::fmt; impl fmt::Display for S { fn f(it: &mut fmt::Formatter<'_>) -> fmt::Result {} }",
        "use chrono::{DateTime, TimeDelta, Utc}; fn f() { DateTime::<Utc>::MIN_UTC; TimeDelta::days(1); }",
        "use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize as _};",
        "use super::{Engine, effect::{self, Effect}}; use self::trial::X; mod trial;",
        "#[expect(clippy::too_many_lines, reason = \"clippy::x\")] fn f() {}",
        "use super::*; fn f() { Effect::Exit; Self::new(); u32::from(1u8); str::len(\"x\"); f(); }",
        "mod trial; pub use trial::{Trial, words as say}; fn f() { trial::run(); say(); }",
        "use crate::engine::{self, Error}; fn f() { engine::model::f(); crate::engine::g(); }",
        "pub(in crate::engine) fn f(&self) -> impl Iterator<Item = u8> + use<'_> { self.now(); }",
        "fn f() { it.collect::<Vec<_>>(); size_of::<u8>(); 1.0_f64.max(2.0); 0..9; }",
        "fn f() { assert!(a != b); format!(\"{}\", std::fs); vec![1]; if !f(x) {} }"
            .replace("std::fs", "\"std::fs\"")
            .as_str(),
        "// std::fs\n/// [`std::fs`]\n/* tokio::spawn */ const S: &str = \"use tokio;\";",
        "const S: &str = r##\"\"# std::fs::read \"##; const T: &[u8] = b\"std::io::x\";",
        "macro_rules! own { () => {} } fn f() { own!(); }",
        "#[cfg(test)] mod tests { use super::*; use std::fs; use proptest::prelude::*; println!(); }",
        "#[cfg(test)] #[expect(dead_code)] pub(crate) mod tests { fn f() { tokio::spawn(g()); } }",
        "#[cfg(test)] mod tests { mod deeper { use std::fs; } }",
        "#[derive(Debug)] #[must_use] pub struct Path { path: String } fn f(path: &str) { let path = path; }",
    ] {
        assert_eq!(broken("engine/vault.rs", text), [""; 0], "{text}");
    }
    let inside = "fn f() { super::text::f(); super::super::engine::f(); }";
    assert_eq!(broken("engine/vault.rs", inside), [""; 0]);
    assert_eq!(
        broken(
            "engine.rs",
            "mod plan; use plan::Plan; #[cfg(test)] mod tests { use super::*; }"
        ),
        [""; 0]
    );
    assert!(!broken("engine.rs", "use super::tui;").is_empty());
    assert!(!broken("engine.rs", "use super::*;").is_empty());
    assert!(!broken("engine/account/row.rs", "use super::super::super::aws;").is_empty());
    assert_eq!(
        broken("engine/account/row.rs", "use super::super::error;"),
        [""; 0]
    );
}

#[test]
fn no_part_names_one_above_it() {
    let all = [
        "engine", "aws", "journal", "secret", "driver", "demo", "config", "tui", "cli", "commands",
        "main", "log",
    ];
    for (part, may) in PARTS {
        for other in all {
            for (name, text) in [
                (format!("{part}.rs"), format!("use crate::{other}::Item;")),
                (
                    format!("{part}/one.rs"),
                    format!("fn f() {{ crate::{other}::f(); }}"),
                ),
                (
                    format!("{part}/one.rs"),
                    format!("use super::super::{other};"),
                ),
                (
                    format!("{part}/one.rs"),
                    format!(
                        "#[cfg(test)] mod tests {{ use crate::{{ {other}::{{self as it}} }}; }}"
                    ),
                ),
            ] {
                let found = broken(&name, &text);
                assert_eq!(
                    found.is_empty(),
                    may.contains(&other),
                    "{name}: {text}: {found:?}"
                );
            }
        }
    }
    // What was decided, whatever the table says.
    let may = |part: &str, other: &str| {
        let (_, may) = PARTS
            .iter()
            .find(|(name, _)| *name == part)
            .expect("a part");
        may.contains(&other)
    };
    let below = |part: &str| !["tui", "commands"].contains(&part);
    for (part, _) in PARTS.iter().filter(|(part, _)| below(part)) {
        assert!(
            !["tui", "cli", "commands"]
                .iter()
                .any(|above| may(part, above))
        );
    }
    // Beside each other, and neither has anything of the other.
    assert!(!may("commands", "tui") && !may("tui", "commands") && !may("tui", "cli"));
    for (part, others) in [
        (
            "engine",
            &["aws", "driver", "journal", "secret", "demo"][..],
        ),
        ("aws", &["driver", "journal", "secret", "demo"]),
        ("journal", &["aws", "driver", "demo"]),
        ("secret", &["aws", "driver", "demo"]),
        ("tui", &["aws", "driver", "journal", "secret", "demo"]),
    ] {
        assert!(!others.iter().any(|other| may(part, other)), "{part}");
    }
}

#[test]
fn a_clock_before_1970_ends_nothing() {
    for text in [
        "use chrono::Utc; fn f() { Utc::now(); }",
        "fn f() { g(chrono::Utc::now); }",
    ] {
        assert!(!broken("driver.rs", text).is_empty(), "{text}");
    }
    let text = "#[cfg(test)] mod tests { fn f() { chrono::Utc::now(); } }";
    assert_eq!(broken("driver.rs", text), [""; 0]);
    let before = SystemTime::UNIX_EPOCH - Duration::from_millis(1);
    assert_eq!(DateTime::<Utc>::from(before).timestamp_millis(), -1);
}

#[test]
fn only_aws_names_the_clients_of_the_sdk() {
    for text in [
        "use aws_sdk_iam::Client;",
        "use aws_sdk_sts as sts;",
        "fn f() { aws_sdk_sts::Client::new(); }",
        "#[cfg(test)] mod tests { use aws_sdk_cloudtrail::Client; }",
    ] {
        for name in ["aws.rs", "aws/change.rs"] {
            assert_eq!(broken(name, text), [""; 0], "{name}: {text}");
        }
        for name in [
            "demo/serve.rs",
            "driver.rs",
            "tui/app.rs",
            "main.rs",
            "awsome.rs",
        ] {
            assert!(!broken(name, text).is_empty(), "{name}: {text}");
        }
    }
}

/// Policies are judged when they come: a frame has no time for it.
#[test]
fn the_screen_judges_no_policies() {
    let judges = |file: &File| {
        let shown = file.source.paths.iter().filter(|named| !named.in_tests);
        let judge = |name: &String| name == "judge" || name == "judge_without_quarantine";
        let judges = |named: &Named| {
            named.path.iter().any(judge) || named.path.ends_with(&["Judged".into(), "of".into()])
        };
        file.part() == "tui" && shown.into_iter().any(judges)
    };
    let in_frame = "use crate::engine::impact::judge; fn f() { judge(it, user); }";
    assert!(judges(&File::read("tui/one.rs", false, in_frame)));
    let in_frame = "fn f() { impact::Judged::of(it, user); }";
    assert!(judges(&File::read("tui/one.rs", false, in_frame)));
    let files = files();
    let found: Vec<&str> = files
        .iter()
        .filter(|file| judges(file))
        .map(|file| &*file.name)
        .collect();
    assert_eq!(found, [""; 0]);
}
