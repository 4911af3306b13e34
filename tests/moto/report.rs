//! Another server's credential report, read as the program reads AWS's. Moto's has no row for root,
//! says `not_supported` where AWS says `N/A`, does not quote a name with a comma in it, and was made in
//! 2015, always. Ministack's has root without keys, and was made when it was asked for.

use super::{Server, account, server, var};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use chrono::{TimeZone as _, Utc};
use iamkeys::{
    aws::{Connection, ReportPace, Timeouts, Turns, fetch_report},
    engine::model::LastUsed,
};

/// A connection of the program's own to that server.
pub(crate) fn connection() -> Connection {
    let own = Credentials::new("AKIAIOSFODNN7EXAMPLE", "EXAMPLE", None, None, "test");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(own))
        .endpoint_url(var("IAMKEYS_MOTO_URL"))
        .build();
    Connection::new(&config, true, Timeouts::default())
}

#[test]
fn its_credential_report_is_read() {
    account(&["create_users", "report-alice", "report-bob"]);
    let key = account(&["create_key", "report-alice"]);
    let second = account(&["create_key", "report-alice"]);
    if server() == Server::Moto {
        account(&["use_key", &key[0], &key[1]]);
    }
    account(&["deactivate_key", "report-alice", &second[0]]);

    let moto = connection();
    let tokio = iamkeys::driver::threads().expect("threads");
    // Programs that other tests run ask for it as well, and there may be one from before.
    let made = tokio.block_on(moto.generate_report());
    made.expect("a report is made");
    let begun = Utc::now();
    let report = tokio.block_on(fetch_report(
        || moto.clone(),
        ReportPace::default(),
        &Turns::new(1),
    ));
    let report = report.expect("a report");

    match server() {
        Server::Moto => {
            assert_eq!(report.root, None);
            let made = Utc.with_ymd_and_hms(2015, 2, 2, 20, 2, 2).unwrap();
            assert_eq!(report.generated, made);
        }
        Server::Ministack => {
            assert_eq!(report.root.as_deref(), Some(&[][..]));
            assert!((begun - report.generated).num_seconds() < 60);
        }
    }
    let user = |name: &str| {
        let mut users = report.users.iter();
        users.find(|user| &*user.name == name).expect(name)
    };
    assert!(user("report-bob").keys.is_empty());
    let alice = user("report-alice");
    assert!((begun - alice.created.expect("a time")).num_seconds() < 60);
    let [first, second] = &*alice.keys else {
        panic!("two keys: {alice:?}");
    };
    assert!(first.active && !second.active);
    let was_used = matches!(first.last_used, LastUsed::At { .. });
    assert_eq!(was_used, server() == Server::Moto, "{first:?}");
    assert_eq!(second.last_used, LastUsed::Never);
    for key in [first, second] {
        let age = begun - key.rotated.expect("a time");
        assert!(age.num_seconds() < 60, "{age}");
    }
}
