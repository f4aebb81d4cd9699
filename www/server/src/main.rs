//! `undrop-chat [--port N] [--host NAME]... [--root DIR] [--package DIR] [--demo]`: runs the chat on 127.0.0.1.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;
use undrop_chat::{Hosts, Rooms, Switches, serve, site};
use undrop_server::until_signal;

const USAGE: &str = "usage: undrop-chat [--port N] [--host NAME]... [--root DIR] [--package DIR] [--demo]
  --port N       the port; without it the environment's PORT, else any free one
  --host NAME    a host name by which a proxy in front serves it, besides localhost; may be given several times
  --root DIR     the page's files; default: www/page/ of this project
  --package DIR  the built package, served below /undrop/; default: dist/ of this project
  --demo         lets each client inject faults into its own connection and restart its own room";

/// The program ends so long after Ctrl-C, however slow the clients are.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Options::parse(std::env::args().skip(1), std::env::var("PORT").ok()) {
        Ok(options) => run(options).await,
        Err(message) => Err(format!("{message}\n{USAGE}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug, PartialEq)]
struct Options {
    port: u16,
    page: PathBuf,
    package: PathBuf,
    switches: Switches,
    hosts: Hosts,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>, port: Option<String>) -> Result<Self, String> {
        let www = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut port = port.filter(|value| !value.is_empty());
        let mut package = www.join("../dist");
        let mut page = www.join("page");
        let mut switches = Switches::Off;
        let mut hosts = Hosts::default();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--port" => port = Some(value()?),
                "--host" => hosts.add(&value()?),
                "--root" => page = value()?.into(),
                "--package" => package = value()?.into(),
                "--demo" => switches = Switches::On,
                _ => return Err(format!("unknown argument {argument:?}")),
            }
        }
        let port = port.map_or(Ok(0), |value| {
            value.parse().map_err(|_| format!("port {value:?}: not a number from 0 to 65535"))
        })?;
        Ok(Self { port, page, package, switches, hosts })
    }
}

async fn run(options: Options) -> Result<(), String> {
    let Options { port, page, package, switches, hosts } = options;
    if !package.join("all.js").is_file() {
        eprintln!("the package is not built yet, so the page cannot run: npm run build");
    }
    let rooms = Rooms::default();
    let site = site(rooms.clone(), &page, &package, switches, hosts)
        .map_err(|error| format!("cannot read the page in {}: {error}", page.display()))?;
    let cannot_listen = |error| format!("cannot listen on 127.0.0.1:{port}: {error}");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    println!("undrop chat: http://{address}/");

    tokio::select! {
        () = serve(listener, site) => {}
        () = until_signal() => {}
    }
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, rooms.shut_down()).await;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Options;

    fn port(arguments: &[&str], environment: Option<&str>) -> Result<u16, String> {
        let arguments = arguments.iter().map(ToString::to_string);
        Options::parse(arguments, environment.map(Into::into)).map(|options| options.port)
    }

    #[test]
    fn the_argument_comes_before_the_environment() {
        assert_eq!(port(&[], None), Ok(0));
        assert_eq!(port(&[], Some("81")), Ok(81));
        assert_eq!(port(&["--port", "82"], Some("81")), Ok(82));
    }

    #[test]
    fn an_error_names_the_wrong_argument() {
        assert!(port(&[], Some("x")).unwrap_err().contains("\"x\""));
        assert!(port(&["--port"], None).unwrap_err().contains("--port needs"));
        assert!(port(&["--prot"], None).unwrap_err().contains("--prot"));
    }
}
