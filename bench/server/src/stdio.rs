//! The standard streams. The end of the input is the end of this program.

use std::io::Write as _;

use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Resolves when the standard input of this program is closed.
pub async fn closed() {
    let (mut stdin, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    let _ = tokio::io::copy(&mut stdin, &mut nowhere).await;
}

/// Reads a line.
pub async fn line() {
    let _ = BufReader::new(tokio::io::stdin()).read_line(&mut String::new()).await;
}

pub fn print(line: &str) -> Result<(), String> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}").and_then(|()| stdout.flush()).map_err(|error| error.to_string())
}
