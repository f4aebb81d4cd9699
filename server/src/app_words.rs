//! How the log names what the app's code names: in Rust, or in JavaScript where that runs the server.

pub(crate) struct AppWords {
    pub(crate) proxies: &'static str,
    /// What else there is for a proxy that does not append to a header.
    pub(crate) for_proxies: &'static str,
    pub(crate) origins: &'static str,
    pub(crate) listed_origins: &'static str,
    pub(crate) handshakes_per_second: &'static str,
    pub(crate) connections_per_address: &'static str,
    pub(crate) sessions_per_address: &'static str,
    /// What has the server know the address of a client.
    pub(crate) knows_addresses: &'static str,
    /// What a handler did that has failed.
    pub(crate) failed: &'static str,
}

pub(crate) const WORDS: AppWords = if cfg!(target_arch = "wasm32") { JAVASCRIPT } else { RUST };

const RUST: AppWords = AppWords {
    proxies: "Config::proxies",
    for_proxies: "such as Proxies::XForwardedFor(1), or ServeOptions::proxy_protocol",
    origins: "Config::origins",
    listed_origins: "Origins::Listed",
    handshakes_per_second: "Limits::handshakes_per_second",
    connections_per_address: "Limits::connections_per_address",
    sessions_per_address: "Limits::sessions_per_address",
    knows_addresses: "serve with undrop_server::Server or into_make_service_with_connect_info::<SocketAddr>()",
    failed: "panicked",
};

const JAVASCRIPT: AppWords = AppWords {
    proxies: "the option proxies",
    for_proxies: "such as { xForwardedFor: 1 }",
    origins: "the option origins",
    listed_origins: "origins: [...]",
    handshakes_per_second: "limits.handshakesPerSecond",
    connections_per_address: "limits.connectionsPerAddress",
    sessions_per_address: "limits.sessionsPerAddress",
    knows_addresses: "call upgrade(sessions, request, info) with what Deno.serve tells of the connection",
    failed: "threw",
};
