//! The endpoint on a loopback socket, for any client.

use std::error::Error as _;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::answer::{Body, whole};
use super::endpoint::Endpoint;

/// More than any request of the query protocol needs.
const LARGEST_REQUEST: usize = 64 * 1024;

/// A socket on which an endpoint answers, until this is dropped.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// The address it listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint URL for a client.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops listening, closes all connections, and waits for that to be done.
    pub async fn shutdown(mut self) {
        self.task.abort();
        // The only possible error is that it was aborted.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Endpoint {
    /// Listens on a loopback address; port 0 stands for any free one.
    ///
    /// # Errors
    /// When the address can be reached from other machines (there is nothing that the endpoint
    /// would not do), or cannot be listened on.
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
                    connections.spawn(serve_connection(endpoint.clone(), stream));
                }
                // Perhaps no file handles are left until other connections end.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Answers one connection's requests until either side closes it.
async fn serve_connection(endpoint: Endpoint, stream: TcpStream) {
    // Answers are small and waited for; an error costs a little time only.
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
        // A reset, not an orderly close.
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

async fn answer(endpoint: &Endpoint, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_REQUEST).collect().await else {
        let response = Response::builder().status(StatusCode::PAYLOAD_TOO_LARGE);
        return response.body(whole(Bytes::new())).map_err(io::Error::other);
    };
    let request = Request::from_parts(parts, body.to_bytes());
    endpoint.answer(request).await.into_response()
}
