//! Errors as answers: `{"error": {"code", "path", "message"}}` with the status that the code stands for.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, ErrorCode};

/// The body of every failure.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorDetail,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// From a closed list; never renamed.
    #[schema(example = "record_malformed")]
    code: &'static str,
    /// Where: a field, a line, a part of the bundle; or an empty text.
    #[schema(example = "record")]
    path: String,
    /// What would be right. Never holds a value of a record.
    message: String,
}

impl From<&Error> for ErrorBody {
    fn from(error: &Error) -> Self {
        let (path, message) = (error.path().to_owned(), error.message().to_owned());
        Self { error: ErrorDetail { code: error.code().as_str(), path, message } }
    }
}

/// The code of a failed answer, left on it for counters and logs.
#[derive(Clone, Copy)]
pub(crate) struct FailedWith(pub(crate) ErrorCode);

/// An error on its way to the client.
pub(crate) struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.0.code();
        let mut response = (status(code), Json(ErrorBody::from(&self.0))).into_response();
        if code == ErrorCode::Overloaded {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.extensions_mut().insert(FailedWith(code));
        response
    }
}

/// What a code means to an HTTP client: whose fault it is, and whether to try again.
pub(crate) fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::RecordMalformed | ErrorCode::RequestInvalid => StatusCode::BAD_REQUEST,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::RecordBudget => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::InputType | ErrorCode::InputShape | ErrorCode::RunValue | ErrorCode::RunBudget => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ErrorCode::Overloaded | ErrorCode::Memory => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Deadline => StatusCode::GATEWAY_TIMEOUT,
        // A bundle that loaded and then fails, a trap, a defect: nothing that a client can put right.
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

pub(crate) async fn not_found() -> Failure {
    Error::new(ErrorCode::NotFound, "nothing is here; /openapi.json lists what is").into()
}

pub(crate) async fn method_not_allowed() -> Failure {
    Error::new(ErrorCode::MethodNotAllowed, "the address takes another method; see /openapi.json").into()
}

/// A defect in a handler costs its own request and nothing else.
pub(crate) async fn catch_panic(request: Request, next: Next) -> Response {
    tokio::spawn(next.run(request)).await.unwrap_or_else(|_| {
        Failure(Error::new(ErrorCode::Internal, "the server failed; please report it")).into_response()
    })
}
