//! The real program in a terminal: how soon it shows something, what it holds, what it does when
//! there is nothing to do, and what it asks.
//!
//! ```text
//! cargo bench --bench process                      # a table of medians
//! cargo bench --bench process -- --runs 51         # of more runs
//! cargo bench --bench process -- --test            # each once; only the requests are checked
//! cargo bench --bench process -- --program PATH    # another build of it
//! ```
//!
//! Everything is measured from outside, by what comes out of the terminal and what `/proc` tells.

#[cfg(target_os = "linux")]
#[path = "common/terminal.rs"]
mod terminal;

fn main() {
    #[cfg(target_os = "linux")]
    linux::main();
    #[cfg(not(target_os = "linux"))]
    println!("processes are measured on Linux only");
}

#[cfg(target_os = "linux")]
mod linux {
    use crate::terminal::{
        PATIENCE, Session, Size, Terminal, first_frame, memory, number, tenths, wake_ups,
    };
    use chrono::{TimeDelta, Utc};
    use clap::Parser;
    use iamkeys::demo::{Account, Endpoint, Server};
    use std::{
        collections::BTreeSet,
        fmt::Display,
        fs,
        net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
        path::{Path, PathBuf},
        time::{Duration, Instant},
    };
    use tokio::runtime::Runtime;

    const SIZE: Size = (80, 24);

    /// Users on screen at that size.
    const VISIBLE: usize = 18;

    /// After so long without a byte nothing is under way: a spinner would have turned five times.
    const QUIET: Duration = Duration::from_millis(500);

    #[derive(Parser)]
    struct Options {
        /// Run each once, quickly
        #[arg(long)]
        test: bool,
        /// Times are medians of so many runs
        #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u16).range(1..))]
        runs: u16,
        /// The program to measure
        #[arg(long, default_value = env!("CARGO_BIN_EXE_iamkeys"))]
        program: PathBuf,
        /// Given by `cargo bench`, and not by `cargo test`
        #[arg(long, hide = true)]
        bench: bool,
    }

    pub(super) fn main() {
        let options = Options::parse();
        let quick = options.test || !options.bench;
        let bench = Bench {
            program: options.program,
            home: tempfile::tempdir().expect("a directory for a home"),
            quick,
            runs: if quick { 1 } else { options.runs.into() },
            idle: Duration::from_secs(if quick { 1 } else { 10 }),
            most_users: if quick { 5_000 } else { 100_000 },
            tokio: Runtime::new().expect("a runtime for the endpoint"),
        };
        row("", "median", "min", "max", "target");
        bench.times();
        bench.no_credentials();
        bench.memory();
        bench.idle();
        bench.requests();
        let size = fs::metadata(&bench.program).expect("the program").len();
        let size = tenths(size, 1_000_000, "MB");
        row("size of the program", size, "", "", "");
    }

    struct Bench {
        program: PathBuf,
        home: tempfile::TempDir,
        /// On a machine with better things to do: then times and wake-ups say nothing.
        quick: bool,
        runs: usize,
        idle: Duration,
        most_users: usize,
        tokio: Runtime,
    }

    impl Bench {
        /// Starts the program as somebody would who has nothing set up. It asks for what is on
        /// screen: `cargo bench --bench load` measures what the rest takes.
        fn start(&self, args: &[&str], env: &[(&str, &str)]) -> Terminal {
            let args = [args, &["--background", "visible"]].concat();
            Terminal::start(&self.program, self.home.path(), SIZE, &args, env)
        }

        /// Serves an account on a loopback socket; gives what points the program at it.
        fn serve(&self, account: Account) -> (Endpoint, Server, Session) {
            // There is a credential report already, as there mostly is.
            let endpoint = Endpoint::new(account).with_report_aged(TimeDelta::zero());
            let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            let server = self.tokio.block_on(endpoint.serve(here));
            let server = server.expect("a loopback socket");
            let credentials = endpoint.sdk_credentials();
            let session = Session {
                url: server.url(),
                key: credentials.access_key_id().to_owned(),
                secret: credentials.secret_access_key().to_owned(),
            };
            (endpoint, server, session)
        }

        fn times(&self) {
            let echo = |bench: &Self| {
                let args = &["iamkeys"];
                let mut echo =
                    Terminal::start(Path::new("/bin/echo"), bench.home.path(), SIZE, args, &[]);
                echo.wait("a word", |screen| screen.contents().contains("iamkeys"))
            };
            self.sample("for comparison: echo in the same terminal", "", echo);

            self.sample("start to first frame, --demo", "10 ms", |bench| {
                bench.start(&["--demo"], &[]).wait("a frame", first_frame)
            });
            let (_endpoint, _server, session) = self.serve(Account::demo(Utc::now()));
            self.sample("start to first frame, credentials", "10 ms", |bench| {
                let mut terminal = bench.start(&session.args(), &session.env());
                terminal.wait("a frame", first_frame)
            });
            // These do not depend on who else uses the machine.
            self.sample("processor time to first frame, --demo", "", |bench| {
                let mut terminal = bench.start(&["--demo"], &[]);
                terminal.wait("a frame", first_frame);
                processor(&terminal)
            });
            self.sample("processor time to all loaded, credentials", "", |bench| {
                let mut terminal = bench.start(&session.args(), &session.env());
                load(&mut terminal);
                processor(&terminal)
            });
            self.sample("start to first users, --demo (it delays)", "", |bench| {
                bench.start(&["--demo"], &[]).wait("users", first_users)
            });
            self.sample("start to first users, credentials", "", |bench| {
                let mut terminal = bench.start(&session.args(), &session.env());
                terminal.wait("users", first_users)
            });
            let hole = BlackHole::open(&self.tokio);
            self.sample("the same, instance metadata silent", "", |bench| {
                let metadata = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", hole.url.as_str());
                let env: Vec<_> = session.env().into_iter().chain([metadata]).collect();
                bench
                    .start(&session.args(), &env)
                    .wait("users", first_users)
            });
        }

        /// Nobody is signed in, and the instance metadata service is looked for where there is
        /// none. It is stood in for by addresses of this machine: elsewhere there may be one.
        fn no_credentials(&self) {
            let limit = Duration::from_secs(2);
            let until_told = |bench: &Self, url: &str| {
                let env = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)];
                let mut terminal = bench.start(&[], &env);
                let told = terminal.wait("an explanation", |screen| {
                    screen.contents().contains("Not signed in")
                });
                assert!(bench.quick || told <= limit, "{told:?} without credentials");
                told
            };
            // Nobody listens there, and nobody else can.
            let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
            let any = (Ipv4Addr::LOCALHOST, 0).into();
            closed.bind(any).expect("a port");
            let refused = format!("http://{}", closed.local_addr().expect("an address"));
            let name = "no credentials to saying so, metadata refused";
            self.sample(name, "2 s", |bench| until_told(bench, &refused));

            let hole = BlackHole::open(&self.tokio);
            let name = "no credentials to saying so, no connection";
            self.sample(name, "2 s", |bench| until_told(bench, &hole.url));

            let mute = listen();
            let url = format!("http://{}", mute.local_addr().expect("an address"));
            let name = "no credentials to saying so, no answer";
            self.sample(name, "2 s", |bench| until_told(bench, &url));
            // It was really asked.
            mute.set_nonblocking(true).expect("a socket");
            mute.accept().expect("somebody who connected");
        }

        fn memory(&self) {
            let of = |args: &[&str], env: &[(&str, &str)]| {
                let mut terminal = self.start(args, env);
                load(&mut terminal);
                // The users at the end, too.
                terminal.press("G");
                terminal.quiet(QUIET);
                memory(&terminal.proc(), "VmRSS:")
            };
            let runs = self.runs.div_ceil(4);
            let print = |name: &str, target: &str, sample: &dyn Fn() -> u64| {
                let all: Vec<_> = (0..runs).map(|_| sample()).collect();
                spread(name, target, all, |bytes| tenths(bytes, 1_000_000, "MB"));
            };
            print("resident, --demo loaded", "15 MB", &|| of(&["--demo"], &[]));
            let (_endpoint, _server, session) = self.serve(Account::demo(Utc::now()));
            print("resident, credentials, loaded", "", &|| {
                of(&session.args(), &session.env())
            });
            for users in [5_000, self.most_users] {
                let name = format!("resident, {users} demo users");
                let users = users.to_string();
                print(&name, "", &|| of(&["--demo-users", &users], &[]));
                let name = format!("resident, {users} users elsewhere");
                let (_endpoint, _server, session) =
                    self.serve(Account::generated(users.parse().unwrap_or(0), Utc::now()));
                print(&name, "", &|| of(&session.args(), &session.env()));
            }
        }

        fn idle(&self) {
            let (_endpoint, _server, session) = self.serve(Account::demo(Utc::now()));
            let demo = self.start(&["--demo"], &[]);
            let real = self.start(&session.args(), &session.env());
            for (name, mut terminal) in [("--demo", demo), ("credentials", real)] {
                load(&mut terminal);
                // Threads that have nothing to do any more end.
                terminal.quiet(Duration::from_secs(2));
                let (bytes, before) = (terminal.bytes, terminal.switches());
                terminal.quiet(self.idle);
                let bytes = terminal.bytes - bytes;
                let wakes = wake_ups(&before, &terminal.switches());
                let seconds = self.idle.as_secs();
                let what = format!("idle {seconds} s, {name}: wake-ups");
                row(&what, wakes, "", "", "0");
                row(
                    &format!("idle {seconds} s, {name}: bytes drawn"),
                    bytes,
                    "",
                    "",
                    "0",
                );
                assert!(
                    self.quick || (wakes, bytes) == (0, 0),
                    "idle, {name}: {wakes} wake-ups, {bytes} bytes"
                );
            }
        }

        fn requests(&self) {
            for users in [24, 5_000] {
                let now = Utc::now();
                let account = if users == 24 {
                    Account::demo(now)
                } else {
                    Account::generated(users, now)
                };
                let keys: usize = (account.users().take(VISIBLE))
                    .map(|user| user.keys.len())
                    .sum();
                let (endpoint, _server, session) = self.serve(account);
                let pages = users.div_ceil(1000);
                // Who and where, the report, and what the keys of the selected user are for.
                let all = pages + VISIBLE + keys + 5;
                let mut terminal = self.start(&session.args(), &session.env());
                load(&mut terminal);
                // All of them, however slow this machine is; and then no more.
                let until = Instant::now() + PATIENCE;
                while endpoint.calls().len() < all && Instant::now() < until {
                    terminal.next(QUIET);
                }
                terminal.quiet(QUIET);
                let asked = |action: &str| {
                    let calls = endpoint.calls().into_iter();
                    calls
                        .filter(|call| call.action == action)
                        .collect::<Vec<_>>()
                };
                let of_users: Vec<_> = asked("ListAccessKeys")
                    .into_iter()
                    .map(|c| c.user)
                    .collect();
                let of_keys = asked("GetAccessKeyLastUsed").into_iter();
                let of_keys: Vec<_> = of_keys.map(|call| call.key_id).collect();
                for (action, count, expected) in [
                    ("ListUsers", asked("ListUsers").len(), pages),
                    ("ListAccessKeys", of_users.len(), VISIBLE),
                    ("GetAccessKeyLastUsed", of_keys.len(), keys),
                    ("ListUserTags", asked("ListUserTags").len(), 1),
                    ("GetCredentialReport", asked("GetCredentialReport").len(), 1),
                    ("all", endpoint.calls().len(), all),
                ] {
                    let name = format!("requests, {users} users, {VISIBLE} visible: {action}");
                    row(&name, count, "", "", expected);
                    assert_eq!(count, expected, "{name}");
                }
                assert_eq!(
                    BTreeSet::from_iter(&of_users).len(),
                    of_users.len(),
                    "twice"
                );
                assert_eq!(BTreeSet::from_iter(&of_keys).len(), of_keys.len(), "twice");
            }
        }

        fn sample(&self, name: &str, target: &str, run: impl Fn(&Self) -> Duration) {
            let all: Vec<_> = (0..self.runs).map(|_| run(self)).collect();
            spread(name, target, all, |time| {
                let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                tenths(micros, 1000, "ms")
            });
        }
    }

    /// Below the header, the counts, the border and the heading.
    fn first_users(screen: &vt100::Screen) -> bool {
        screen
            .rows(0, 30)
            .nth(4)
            .is_some_and(|row| row.contains("alice"))
    }

    /// Waits until all there is to load is loaded.
    fn load(terminal: &mut Terminal) {
        terminal.wait("users", first_users);
        terminal.quiet(QUIET);
        let counts = |screen: &vt100::Screen| screen.rows(0, 80).nth(1).unwrap_or_default();
        if counts(terminal.parser.screen()).contains("so far") {
            terminal.wait("end", |screen| !counts(screen).contains("so far"));
            terminal.quiet(QUIET);
        }
    }

    /// How long the threads that are there have run so far.
    fn processor(terminal: &Terminal) -> Duration {
        terminal
            .threads("schedstat")
            .map(|(_, text)| Duration::from_nanos(number(&text, "")))
            .sum()
    }

    fn listen() -> TcpListener {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket")
    }

    /// An address where connections are neither taken nor refused, as behind a firewall.
    struct BlackHole {
        url: String,
        _listener: tokio::net::TcpListener,
        _waiting: Vec<TcpStream>,
    }

    impl BlackHole {
        fn open(tokio: &Runtime) -> Self {
            let _inside = tokio.enter();
            let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
            socket
                .bind((Ipv4Addr::LOCALHOST, 0).into())
                .expect("a port");
            let listener = socket.listen(1).expect("a listener");
            let addr = listener.local_addr().expect("an address");
            // Nobody accepts; once the queue is full the system leaves callers without an answer.
            let waiting = std::iter::from_fn(|| {
                TcpStream::connect_timeout(&addr, Duration::from_millis(100)).ok()
            });
            Self {
                url: format!("http://{addr}"),
                _waiting: waiting.collect(),
                _listener: listener,
            }
        }
    }

    fn spread<T: Ord + Copy>(
        name: &str,
        target: &str,
        mut all: Vec<T>,
        show: impl Fn(T) -> String,
    ) {
        all.sort_unstable();
        let [min, median, max] = [0, all.len() / 2, all.len() - 1].map(|at| show(all[at]));
        row(name, median, min, max, target);
    }

    fn row(
        what: &str,
        median: impl Display,
        min: impl Display,
        max: impl Display,
        target: impl Display,
    ) {
        let (median, min, max) = (median.to_string(), min.to_string(), max.to_string());
        println!("{what:<56} {median:>10} {min:>10} {max:>10}   {target}");
    }
}
