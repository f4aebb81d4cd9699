//! Each fault is what its name says, and nothing more.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::{Setup, end, noise, pass, receives_nothing, rest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use undrop_fault_proxy::{ByteLimit, Change, Cut, Direction, Directions, Scope};

#[tokio::test]
async fn a_reset_is_one_at_both_ends_and_a_new_connection_passes() {
    let setup = Setup::new().await;
    let (mut near, mut far) = setup.connection().await;
    assert_eq!(setup.proxy.connections().cut(Cut::Reset).await, 1);
    assert_eq!(setup.proxy.connections().list(), [], "it is done when it is answered");
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
    assert_eq!(end(&mut far).await, Some(ErrorKind::ConnectionReset));
    setup.connection().await;
}

#[tokio::test]
async fn a_fin_is_an_end_in_order_at_both_ends() {
    let setup = Setup::new().await;
    let (mut near, mut far) = setup.connection().await;
    assert_eq!(setup.proxy.connections().cut(Cut::Fin).await, 1);
    assert_eq!(end(&mut near).await, None);
    assert_eq!(end(&mut far).await, None);
    // What is still sent into it does not make a reset of it, which the next write would hear of.
    for side in [&mut near, &mut far] {
        for _ in 0..10 {
            side.write_all(b"too late").await.unwrap();
        }
    }
    assert_eq!(setup.proxy.connections().list(), []);
}

#[tokio::test]
async fn a_cut_hits_all_connections_and_counts_them() {
    let setup = Setup::new().await;
    let mut connections = [setup.connection().await, setup.connection().await, setup.connection().await];
    assert_eq!(setup.proxy.connections().cut(Cut::Reset).await, 3);
    for (near, _) in &mut connections {
        assert_eq!(end(near).await, Some(ErrorKind::ConnectionReset));
    }
    assert_eq!(setup.proxy.connections().cut(Cut::Reset).await, 0);
}

#[tokio::test]
async fn a_hole_passes_nothing_and_ends_nothing_and_at_its_end_all_arrives() {
    let setup = Setup::new().await;
    let (mut near, mut far) = setup.connection().await;
    assert_eq!(setup.proxy.connections().change(Scope::Live, Change::Hole(Directions::Each, true)), 1);
    near.write_all(b"up").await.unwrap();
    far.write_all(b"down").await.unwrap();
    far.shutdown().await.unwrap();
    setup.until(|connections| connections == [[3, 1, 5, 1]]).await;
    // A round trip through the same proxy, which the hole is none of.
    setup.connection().await;
    receives_nothing(&near);
    receives_nothing(&far);

    setup.proxy.connections().change(Scope::Live, Change::Hole(Directions::Each, false));
    assert_eq!(rest(&mut near).await, (b"down".to_vec(), None));
    drop(near);
    assert_eq!(rest(&mut far).await, (b"up".to_vec(), None));
}

#[tokio::test]
async fn a_hole_of_one_way_lets_the_other_pass() {
    let setup = Setup::new().await;
    for direction in [Direction::Up, Direction::Down] {
        let (near, far) = setup.connection().await;
        let (mut sender, mut receiver) = if direction == Direction::Up { (near, far) } else { (far, near) };
        setup.proxy.connections().change(Scope::Live, Change::Hole(Directions::One(direction), true));
        sender.write_all(b"a").await.unwrap();
        pass(&mut receiver, &mut sender).await;
        // A byte each direction at first, then one that is kept, and one that passes.
        let seen = if direction == Direction::Up { [2, 1, 2, 2] } else { [2, 2, 2, 1] };
        setup.until(|connections| connections == [seen]).await;
        receives_nothing(&receiver);

        setup.proxy.connections().change(Scope::Live, Change::Hole(Directions::One(direction), false));
        assert_eq!(receiver.read_u8().await.unwrap(), b'a');
        setup.proxy.connections().cut(Cut::Reset).await;
    }
}

#[tokio::test]
async fn a_hole_swallows_a_reset_too() {
    let setup = Setup::new().await;
    let (mut near, far) = setup.connection().await;
    setup.proxy.connections().change(Scope::Live, Change::Hole(Directions::Each, true));
    far.set_zero_linger().unwrap();
    drop(far);
    setup.connection().await;
    receives_nothing(&near);
    setup.proxy.connections().change(Scope::Live, Change::Hole(Directions::Each, false));
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn settings_of_new_connections_leave_the_others_alone() {
    let setup = Setup::new().await;
    let (mut old, mut old_far) = setup.connection().await;
    assert_eq!(setup.proxy.connections().change(Scope::New, Change::Hole(Directions::Each, true)), 0);
    let mut new = setup.connect().await;
    new.write_all(b"x").await.unwrap();
    let new_far = setup.server.accept().await.unwrap().0;
    pass(&mut old, &mut old_far).await;
    setup.until(|connections| connections[1][0] == 1).await;
    receives_nothing(&new_far);
}

#[tokio::test]
async fn refused_is_refused_and_then_the_same_address_listens_again() {
    let mut setup = Setup::new().await;
    let (mut near, mut far) = setup.connection().await;
    setup.proxy.refuse().await;
    let refused = TcpStream::connect(setup.proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    pass(&mut near, &mut far).await;
    setup.proxy.listen().await.unwrap();
    setup.connection().await;
}

#[tokio::test]
async fn hanging_accepts_all_and_forwards_nothing_until_it_ends() {
    let mut setup = Setup::new().await;
    let (mut old, mut old_far) = setup.connection().await;
    setup.proxy.hang().await.unwrap();
    let mut near = setup.connect().await;
    near.write_all(b"hello").await.unwrap();
    setup.until(|connections| connections.len() == 2 && connections[1] == [5, 0, 0, 0]).await;
    pass(&mut old, &mut old_far).await;
    receives_nothing(&near);

    setup.proxy.listen().await.unwrap();
    let mut far = setup.server.accept().await.unwrap().0;
    let mut heard = [0; 5];
    far.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
    pass(&mut far, &mut near).await;
}

#[tokio::test]
async fn a_client_that_gives_up_hanging_is_forgotten_and_one_that_does_not_can_be_cut() {
    let mut setup = Setup::new().await;
    setup.proxy.hang().await.unwrap();
    let (near, mut patient) = (setup.connect().await, setup.connect().await);
    setup.until(|connections| connections.len() == 2).await;
    drop(near);
    setup.until(|connections| connections.len() == 1).await;
    assert_eq!(setup.proxy.connections().cut(Cut::Reset).await, 1);
    assert_eq!(end(&mut patient).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_byte_limit_lets_exactly_so_many_bytes_pass() {
    let setup = Setup::new().await;
    for left in [1, 1_000, 16 << 10, 1_000_003] {
        let (near, mut far) = setup.connection().await;
        let limit = ByteLimit { left, cut: Cut::Fin };
        assert_eq!(setup.proxy.connections().change(Scope::Live, Change::Limit(Direction::Up, Some(limit))), 1);
        let sent = noise(left, 2_000_000);
        let (from, mut to) = near.into_split();
        let sending = tokio::spawn({
            let sent = sent.clone();
            async move { to.write_all(&sent).await }
        });
        let (heard, how) = rest(&mut far).await;
        assert_eq!((heard.len() as u64, how), (left, None));
        assert!(sent.starts_with(&heard));
        drop(far);
        drop(from);
        sending.await.unwrap().ok();
        setup.until(<[_]>::is_empty).await;
    }
}

#[tokio::test]
async fn a_byte_limit_of_new_connections_counts_from_their_first_byte_and_can_reset() {
    let setup = Setup::new().await;
    setup
        .proxy
        .connections()
        .change(Scope::New, Change::Limit(Direction::Down, Some(ByteLimit { left: 7, cut: Cut::Reset })));
    let mut near = setup.connect().await;
    let mut far = setup.server.accept().await.unwrap().0;
    far.write_all(b"123456789").await.unwrap();
    assert_eq!(rest(&mut near).await, (b"1234567".to_vec(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(end(&mut far).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn an_idle_connection_is_ended_in_order_and_one_that_talks_is_not() {
    let setup = Setup::new().await;
    let ((mut idle, mut idle_far), (mut busy, mut busy_far)) = (setup.connection().await, setup.connection().await);
    assert_eq!(setup.proxy.connections().change(Scope::All, Change::Idle(Some(Duration::from_millis(500)))), 2);
    let talking = async {
        loop {
            pass(&mut busy, &mut busy_far).await;
        }
    };
    tokio::select! {
        how = end(&mut idle) => assert_eq!(how, None),
        () = talking => {}
    }
    assert_eq!(end(&mut idle_far).await, None);
    pass(&mut busy, &mut busy_far).await;
}

#[tokio::test]
async fn a_server_that_resets_or_is_not_there_resets_the_client() {
    let setup = Setup::new().await;
    let (mut near, far) = setup.connection().await;
    far.set_zero_linger().unwrap();
    drop(far);
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));

    let Setup { server, proxy } = setup;
    drop(server);
    let mut near = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_proxy_that_goes_resets_its_connections() {
    let setup = Setup::new().await;
    let (mut near, _far) = setup.connection().await;
    drop(setup.proxy);
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
}
