//! The actions about the tags of users, where descriptions of keys are kept.

use super::actions::{Request, find};
use super::identifier::mix;
use super::paging::{list, read_marker};
use super::query::{Check, TAG_KEY, TAG_VALUE, USER_NAME};
use super::refusal::Refusal;
use super::user::{TAGS_PER_USER, Tag, User};
use super::xml::Xml;

pub(super) fn tag_user(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let mut tags = Vec::new();
    for number in check.members("Tags", TAGS_PER_USER) {
        let name = |field| format!("Tags.member.{number}.{field}");
        tags.push(Tag {
            key: check.required_as(&name("Key"), &TAG_KEY).to_owned(),
            value: check.required_as(&name("Value"), &TAG_VALUE).to_owned(),
        });
    }
    check.done()?;
    if tags
        .iter()
        .any(|tag| is_reserved(&tag.key) || is_reserved(&tag.value))
    {
        return Err(Refusal::reserved_tag());
    }
    request.account.tag_user(user, tags)
}

pub(super) fn untag_user(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let keys = check.texts("TagKeys", TAGS_PER_USER, &TAG_KEY);
    check.done()?;
    request.account.untag_user(user, &keys)
}

pub(super) fn list_user_tags(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let page = check.page(request.longest_page);
    check.done()?;
    let user = find(request.account, user)?;
    let past = match page.marker.map(read_marker).transpose()? {
        None => 0,
        // A tag that is gone since the last page leaves no place to go on from.
        Some(mark) => {
            let place = user.tags().position(|tag| mark_of(tag) == mark);
            place.ok_or_else(Refusal::invalid_marker)? + 1
        }
    };
    list(
        &mut request.result,
        "Tags",
        &page,
        user.tags().skip(past),
        |xml, tag| write_tag(xml, tag),
        |tag| mark_of(tag),
    );
    Ok(())
}

/// The tags of a user as `GetUser` tells them: left out where there are none.
pub(super) fn write_tags(xml: &mut Xml, user: &User) {
    if user.tags().next().is_some() {
        xml.element("Tags", |xml| {
            user.tags().for_each(|tag| write_tag(xml, tag));
        });
    }
}

fn write_tag(xml: &mut Xml, tag: &Tag) {
    xml.element("member", |xml| {
        xml.text("Key", &tag.key);
        xml.text("Value", &tag.value);
    });
}

/// What stands for a tag in a marker: its key can be longer than a marker may be.
fn mark_of(tag: &Tag) -> String {
    let bytes = tag.key.bytes();
    let mark = bytes.fold(0, |mark, byte| mix(mark ^ u64::from(byte)));
    format!("{mark:016x}")
}

fn is_reserved(text: &str) -> bool {
    text.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}
