//! The standard input, whose end is the end of this program.

/// Resolves when the standard input of this program is closed.
pub async fn closed() {
    let (mut stdin, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    let _ = tokio::io::copy(&mut stdin, &mut nowhere).await;
}
