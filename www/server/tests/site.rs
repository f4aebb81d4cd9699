//! The files and their headers.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use undrop_chat::{Hosts, Rooms, Switches, serve, site};

/// A stand-in for the built package. It is made once, as the tests run in parallel.
static PACKAGE: LazyLock<PathBuf> = LazyLock::new(|| {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("package");
    std::fs::create_dir_all(&package).unwrap();
    std::fs::write(package.join("all.js"), "export {};").unwrap();
    std::fs::write(package.join("undrop.wasm"), b"\0asm").unwrap();
    package
});

/// The raw answer of the site to a GET.
async fn get(path: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../page");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let site = site(Rooms::default(), &page, &PACKAGE, Switches::Off, Hosts::default()).unwrap();
    tokio::spawn(serve(listener, site));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn each_file_comes_with_its_type() {
    for (path, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/main.js", "text/javascript; charset=utf-8"),
        ("/style/page.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml"),
        ("/undrop/all.js", "text/javascript; charset=utf-8"),
        ("/undrop/undrop.wasm", "application/wasm"),
    ] {
        let answer = get(path).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        assert!(answer.contains(&format!("content-type: {kind}\r\n")), "{path}: {answer}");
        assert!(answer.contains("x-content-type-options: nosniff\r\n"));
    }
}

#[tokio::test]
async fn the_page_is_under_a_strict_policy_that_it_keeps() {
    let answer = get("/").await;
    let (head, page) = answer.split_once("\r\n\r\n").unwrap();
    let policy = "content-security-policy: default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'sha256-";
    assert!(head.contains(policy), "{head}");
    assert!(!head.contains("unsafe-inline"));
    assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="));
    for script in page.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag == " type=\"importmap\"" || tag.contains("src="), "an inline script: {script}");
    }
}

#[tokio::test]
async fn nothing_but_the_page_and_the_package_is_served() {
    for path in [
        "/server",
        "/server/Cargo.toml",
        "/server/src/main.rs",
        "/%73erver/Cargo.toml",
        "/server%2FCargo.toml",
        "/server%5CCargo.toml",
        "/./server/Cargo.toml",
        "//server/Cargo.toml",
        "/x/../server/Cargo.toml",
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "/undrop/../../Cargo.toml",
        "/undrop/%2e%2e/%2e%2e/Cargo.toml",
        "/undrop/..%2f..%2fCargo.toml",
        "/nowhere",
    ] {
        let answer = get(path).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{path}: {answer}");
        assert!(!answer.contains("[package]"), "{path}: {answer}");
    }
}
