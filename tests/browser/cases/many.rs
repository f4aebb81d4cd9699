use undrop::Options;
use wasm_bindgen_test::wasm_bindgen_test;

use super::support::connect;

#[wasm_bindgen_test]
async fn a_hundred_sockets_do_not_mix_up_their_messages() {
    let mut all: Vec<_> = (0..100).map(|_| connect("/echo", Options::default())).collect();
    for (number, (socket, _)) in all.iter().enumerate() {
        socket.send_text(&number.to_string()).unwrap();
    }
    for (number, (socket, heard)) in all.iter_mut().enumerate() {
        heard.open().await;
        assert_eq!(heard.text().await, number.to_string());
        assert_eq!(socket.stats().opens, 1);
    }
}
