//! The credential report: what two calls tell of the keys of all users.
//!
//! It is a CSV file that AWS makes when it is asked to, and not anew for four hours: what it says was
//! true when it was made. It names no keys, and has two of a user at most. In which order it has
//! them is not documented; it has been seen to be that of their IDs, and not of their ages. Columns
//! are known by their names, since AWS has added some over the years; times end in `Z` or `+00:00`,
//! truth is `true` or `TRUE`, and what there is not is `N/A`, `no_information` or `not_supported`.

mod fetch;
mod read;

pub use fetch::{ReportPace, fetch_report};

use super::{
    Connection, Error, Kind, Report,
    convert::{self, failed},
    document::Own,
};
use aws_sdk_iam::{
    operation::RequestId as _,
    types::{ReportFormatType, ReportStateType},
};
use chrono::{DateTime, Utc};
use std::time::Duration;

const GET: &str = "iam:GetCredentialReport";
const GENERATE: &str = "iam:GenerateCredentialReport";

/// That of 100,000 users has 36 MB on its way here, which a slow line takes a minute for.
const LONGEST_DOWNLOAD: Duration = Duration::from_mins(2);

/// Reads the CSV file of a credential report.
///
/// # Errors
/// [`Kind::InvalidResponse`] when a column is missing, or a row says what cannot be.
pub fn parse_report(content: &[u8], generated: DateTime<Utc>) -> Result<Report, Error> {
    read::read(content, generated).map_err(|message| invalid(message, None))
}

impl Connection {
    /// The report there is; none where there is none yet, or none any more, or it is being made.
    ///
    /// # Errors
    /// When the call fails, or the report makes no sense.
    pub async fn report(&self) -> Result<Option<Report>, Error> {
        let unhurried = self.timeouts.at_least(LONGEST_DOWNLOAD).config();
        let unhurried = aws_sdk_iam::config::Builder::new().timeout_config(unhurried);
        let whole = unhurried.interceptor(Own {
            root: "GetCredentialReportResponse",
            enough: &["Content", "GeneratedTime"],
            pieces: None,
        });
        let call = self.iam.get_credential_report().customize();
        let answer = match call
            .config_override(whole)
            .send()
            .await
            .map_err(|e| convert::error(GET, &e))
        {
            Ok(answer) => answer,
            Err(error) if is_not_there(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let request_id = answer.request_id().map(str::to_owned);
        let is_csv = answer.report_format == Some(ReportFormatType::TextCsv);
        let generated = convert::time(answer.generated_time.as_ref());
        let (Some(content), Some(generated), true) = (answer.content, generated, is_csv) else {
            return Err(invalid("the answer holds no report".into(), request_id));
        };
        // Of a large account this takes a while, which other answers need not wait for.
        let read = move || read::read(content.as_ref(), generated);
        match tokio::task::spawn_blocking(read).await {
            Ok(report) => report
                .map(Some)
                .map_err(|message| invalid(message, request_id)),
            Err(_) => Err(invalid("internal error".into(), request_id)),
        }
    }

    /// Has a report made, unless there is one that is not four hours old; whether it is there. The
    /// same call begins it and tells how far it is.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn generate_report(&self) -> Result<bool, Error> {
        let answer = self.iam.generate_credential_report().send().await;
        let answer = answer.map_err(|e| convert::error(GENERATE, &e))?;
        Ok(answer.state == Some(ReportStateType::Complete))
    }
}

/// Whether asking for the report failed because it has to be made first. An expired one counts: AWS
/// does not give it out any more.
fn is_not_there(error: &Error) -> bool {
    matches!(
        error.code.as_deref(),
        Some("ReportNotPresent" | "ReportInProgress" | "ReportExpired")
    )
}

fn invalid(message: String, request_id: Option<String>) -> Error {
    Error {
        request_id,
        ..failed(GET, Kind::InvalidResponse, message)
    }
}
