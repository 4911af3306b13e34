//! An organisation at a server that is not ours: its accounts are listed and opened through roles as
//! the program does it, and each shows the users and keys that another client sees there. Ministack is
//! started without AWS Organizations, and is left out.

use super::{Server, account, report::connection, server};
use iamkeys::{
    aws::{Connection, KnownRoles, sign_in_to_member},
    engine::{
        Member, Slot, Through,
        model::{AccountState, ListedAccount},
        roles_named,
    },
};

/// The account that the credentials of these tests are of.
const MANAGEMENT: &str = "123456789012";

/// All pages of the accounts.
async fn listed(source: &Connection) -> Vec<ListedAccount> {
    let (mut accounts, mut marker) = (Vec::new(), None);
    loop {
        let page = source.accounts(marker).await.expect("a page of accounts");
        accounts.extend(page.accounts);
        marker = page.next;
        if marker.is_none() {
            return accounts;
        }
    }
}

/// Each key of an account with its user and status, as [`account`] prints them.
async fn keys_of(connection: &Connection) -> Vec<String> {
    let mut keys = Vec::new();
    let page = connection.users(None).await.expect("the users");
    assert_eq!(page.next, None);
    for user in page.users {
        for key in connection.keys(&user.name).await.expect("the keys") {
            let status = key.status.word().to_owned();
            keys.extend([user.name.to_string(), key.id, status]);
        }
    }
    keys
}

#[test]
fn the_accounts_of_an_organisation_are_opened_through_roles() {
    if server() == Server::Ministack {
        return;
    }
    let names = [
        "unit-prod",
        "unit-test",
        "unit-dev",
        "unit-data",
        "unit-old",
    ];
    let ids = account(&[&["create_accounts"], &names[..]].concat());
    assert_eq!(ids.len(), names.len());
    // Users of the same name, whose keys differ.
    for id in &ids {
        account(&["create_user_in", id, "deploy"]);
    }
    account(&["create_user_in", &ids[1], "alone"]);

    let source = connection();
    let tokio = iamkeys::driver::threads().expect("threads");
    let accounts = tokio.block_on(listed(&source));
    let told: Vec<_> = (accounts.iter())
        .flat_map(|account| [account.id.to_string(), account.name.to_string()])
        .collect();
    assert_eq!(told, account(&["accounts"]));
    assert!(accounts.iter().any(|listed| *listed.id == *MANAGEMENT));
    for listed in &accounts {
        assert_eq!(listed.state, AccountState::Active, "{listed:?}");
    }
    let mut seen = Vec::new();
    for id in &ids {
        let member = Member {
            account: id.as_str().into(),
            roles: roles_named(["OrganizationAccountAccessRole"]),
            source: Slot(0),
            opener: None,
            session: "iamkeys-test".into(),
            through: Through::Role,
        };
        let known = KnownRoles::default();
        let signed_in = tokio.block_on(sign_in_to_member(&source, &member, &known));
        let signed_in = signed_in.expect("the role is assumed");
        let caller = signed_in.caller.as_ref().expect("the role says who it is");
        assert_eq!(caller.account, *id);
        assert_eq!(
            signed_in.role.as_deref(),
            Some("OrganizationAccountAccessRole")
        );
        let asked = tokio.block_on(signed_in.connection.caller());
        assert_eq!(asked.expect("who is signed in").account, *id);
        let keys = tokio.block_on(keys_of(&signed_in.connection));
        assert_eq!(keys, account(&["keys_in", id]), "{id}");
        assert_eq!(
            keys.len(),
            if *id == ids[1] { 6 } else { 3 },
            "{id}: {keys:?}"
        );
        seen.extend(keys.chunks(3).map(|key| key[1].clone()));
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "each account has keys of its own");
}
