//! The actions on the tags of users, where the descriptions of keys are stored.

use super::error::{INVALID_INPUT, ServiceError};
use super::identifier::hash;
use super::paging::{list, skip_to};
use super::query::{Check, TAG_KEY, TAG_VALUE, USER_NAME};
use super::request::Request;
use super::user::{TAGS_PER_USER, Tag, User};
use super::xml::Xml;

pub(super) fn tag_user(request: &mut Request<'_>) -> Result<(), ServiceError> {
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
    let reserved = |tag: &Tag| is_reserved(&tag.key) || is_reserved(&tag.value);
    if tags.iter().any(reserved) {
        // AWS refuses these; its own message is not on record.
        let message = "Tag keys and values may not begin with aws:, which is reserved.";
        return Err(ServiceError::new(INVALID_INPUT, message));
    }
    request.account.tag_user(user, tags)
}

pub(super) fn untag_user(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let keys = check.texts("TagKeys", TAGS_PER_USER, &TAG_KEY);
    check.done()?;
    request.account.untag_user(user, &keys)
}

pub(super) fn list_user_tags(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let page = check.page(request.longest_page);
    check.done()?;
    let user = request.account.existing_user(user)?;
    // A tag's key can be longer than a marker may be.
    let mark = |tag: &Tag| format!("{:016x}", hash(&tag.key));
    let tags = skip_to(&page, user.tags(), mark)?;
    list(&mut request.result, "Tags", &page, tags, write_tag, mark);
    Ok(())
}

/// The tags of a user in `GetUser`: left out where there are none.
pub(super) fn write_tags(xml: &mut Xml, user: &User) {
    if user.tags().next().is_some() {
        xml.element("Tags", |xml| {
            user.tags()
                .for_each(|tag| xml.element("member", |xml| write_tag(xml, tag)));
        });
    }
}

fn write_tag(xml: &mut Xml, tag: &Tag) {
    xml.text("Key", &tag.key);
    xml.text("Value", &tag.value);
}

fn is_reserved(text: &str) -> bool {
    text.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}
