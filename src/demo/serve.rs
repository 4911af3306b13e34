//! The endpoint on a loopback socket, for any client.

use std::convert::Infallible;
use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http::{Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::connector::{cut_short, dropped};
use super::{Answer, Endpoint};

/// More than any request of the query protocol needs.
const LARGEST_REQUEST: usize = 64 * 1024;

/// A socket on which an endpoint answers, until this is dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What to give to `--endpoint-url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops listening, closes all connections, and waits for that to be done.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // The only error there can be is that it was stopped.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Endpoint {
    /// Listens on an address of this machine only; port 0 stands for any.
    ///
    /// # Errors
    /// When the address can be reached from elsewhere (whoever reaches the
    /// endpoint can ask it for anything), or cannot be listened on.
    pub async fn serve(&self, addr: SocketAddr) -> io::Result<Server> {
        if !addr.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} is not a loopback address", addr.ip()),
            ));
        }
        let listener = TcpListener::bind(addr).await?;
        let addr = listener.local_addr()?;
        let task = tokio::spawn(accept(self.clone(), listener));
        Ok(Server { addr, task })
    }
}

async fn accept(endpoint: Endpoint, listener: TcpListener) {
    // Dropped with this task, and its connections with it.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(endpoint.clone(), stream));
                }
                // No file handles left, perhaps; other connections end in time.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers one connection's requests until either side has enough.
async fn converse(endpoint: Endpoint, stream: TcpStream) {
    // Answers are small and waited for; a refusal costs a little time only.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let endpoint = endpoint.clone();
        Box::pin(async move { answer(&endpoint, request).await })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    if ended.is_err_and(|error| is_reset(&error)) {
        // Break the connection off, where closing it would be orderly.
        let stream = connection.into_parts().io.into_inner();
        let _ = stream.set_zero_linger();
    }
}

fn is_reset(error: &hyper::Error) -> bool {
    error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|source| source.kind() == io::ErrorKind::ConnectionReset)
}

type Body = BoxBody<Bytes, io::Error>;

async fn answer(endpoint: &Endpoint, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        let mut response = Response::new(whole(Bytes::new()));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    };
    let request = Request::from_parts(parts, body.to_bytes());
    match endpoint.answer(request).await {
        Answer::Whole(response) => Ok(response.map(whole)),
        Answer::Cut(response) => Ok(response.map(|half| {
            let first = async { Ok(Frame::data(half)) };
            let then = async {
                // Nothing is sent before the body has to be waited for.
                tokio::task::yield_now().await;
                Err(cut_short())
            };
            BoxBody::new(StreamBody::new(
                stream::once(first).chain(stream::once(then)),
            ))
        })),
        // Ends the conversation without a word.
        Answer::Dropped => Err(dropped()),
    }
}

fn whole(bytes: Bytes) -> Body {
    let never = |never: Infallible| match never {};
    Full::new(bytes).map_err(never).boxed()
}

#[cfg(test)]
mod tests {
    use super::super::Account;
    use super::*;
    use chrono::Utc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    fn endpoint() -> Endpoint {
        Endpoint::new(Account::demo(Utc::now()))
    }

    async fn serve(endpoint: &Endpoint) -> Server {
        endpoint.serve(([127, 0, 0, 1], 0).into()).await.unwrap()
    }

    /// Reads one answer whose body is a document.
    async fn read(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        while !text.ends_with("</ErrorResponse>") {
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).await.unwrap();
            assert_ne!(count, 0, "closed after {text:?}");
            text.push_str(str::from_utf8(&buffer[..count]).unwrap());
        }
        text
    }

    #[tokio::test]
    async fn only_this_machine_is_served() {
        for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
            let error = endpoint().serve(addr.parse().unwrap()).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{addr}");
        }
    }

    #[tokio::test]
    async fn a_connection_is_kept_and_answers_like_the_service() {
        let endpoint = endpoint();
        let server = serve(&endpoint).await;
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        for _ in 0..2 {
            let request =
                b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 16\r\n\r\nAction=ListUsers";
            stream.write_all(request).await.unwrap();
            let answer = read(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
            assert!(
                answer.contains("\r\ncontent-type: text/xml\r\n"),
                "{answer}"
            );
            let (_, id) = answer.split_once("\r\nx-amzn-requestid: ").unwrap();
            let id = &id[..36];
            let (_, document) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(
                document,
                format!(
                    "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error>\
                     <Type>Sender</Type><Code>MissingAuthenticationToken</Code>\
                     <Message>Request is missing Authentication Token</Message></Error>\
                     <RequestId>{id}</RequestId></ErrorResponse>"
                )
            );
        }
        assert_eq!(endpoint.calls().len(), 2);
    }

    #[tokio::test]
    async fn what_is_no_request_of_this_protocol_is_refused_unread() {
        let endpoint = endpoint();
        let server = serve(&endpoint).await;
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        let head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 70000\r\n\r\n";
        stream.write_all(head).await.unwrap();
        stream.write_all(&vec![b'x'; 70_000]).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 413");
        assert!(endpoint.calls().is_empty());
    }

    #[tokio::test]
    async fn shutting_down_closes_what_is_open() {
        let server = serve(&endpoint()).await;
        let addr = server.addr();
        let mut stream = TcpStream::connect(addr).await.unwrap();
        server.shutdown().await;
        assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        assert!(TcpStream::connect(addr).await.is_err());
    }
}
