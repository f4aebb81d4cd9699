//! Each injury is what it is called, and nothing more.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::{Bench, end, hears_nothing, noise, pass, rest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use undrop_fault_proxy::{Change, Cut, Fuse, Scope, Way, Ways};

#[tokio::test]
async fn a_reset_is_one_at_both_ends_and_a_new_line_passes() {
    let bench = Bench::new().await;
    let (mut near, mut far) = bench.line().await;
    assert_eq!(bench.proxy.lines().cut(Cut::Reset).await, 1);
    assert_eq!(bench.proxy.lines().list(), [], "it is done when it is answered");
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
    assert_eq!(end(&mut far).await, Some(ErrorKind::ConnectionReset));
    bench.line().await;
}

#[tokio::test]
async fn a_fin_is_an_end_in_order_at_both_ends() {
    let bench = Bench::new().await;
    let (mut near, mut far) = bench.line().await;
    assert_eq!(bench.proxy.lines().cut(Cut::Fin).await, 1);
    assert_eq!(end(&mut near).await, None);
    assert_eq!(end(&mut far).await, None);
    // What is still sent into it does not make a reset of it, which the next write would hear of.
    for side in [&mut near, &mut far] {
        for _ in 0..10 {
            side.write_all(b"too late").await.unwrap();
        }
    }
    assert_eq!(bench.proxy.lines().list(), []);
}

#[tokio::test]
async fn a_cut_hits_all_lines_and_counts_them() {
    let bench = Bench::new().await;
    let mut lines = [bench.line().await, bench.line().await, bench.line().await];
    assert_eq!(bench.proxy.lines().cut(Cut::Reset).await, 3);
    for (near, _) in &mut lines {
        assert_eq!(end(near).await, Some(ErrorKind::ConnectionReset));
    }
    assert_eq!(bench.proxy.lines().cut(Cut::Reset).await, 0);
}

#[tokio::test]
async fn a_hole_passes_nothing_and_tells_nobody_and_at_its_end_all_arrives() {
    let bench = Bench::new().await;
    let (mut near, mut far) = bench.line().await;
    assert_eq!(bench.proxy.lines().change(Scope::Live, Change::Hole(Ways::Each, true)), 1);
    near.write_all(b"up").await.unwrap();
    far.write_all(b"down").await.unwrap();
    far.shutdown().await.unwrap();
    bench.until(|lines| lines == [[3, 1, 5, 1]]).await;
    // A round trip through the same proxy, which the hole is none of.
    bench.line().await;
    hears_nothing(&near);
    hears_nothing(&far);

    bench.proxy.lines().change(Scope::Live, Change::Hole(Ways::Each, false));
    assert_eq!(rest(&mut near).await, (b"down".to_vec(), None));
    drop(near);
    assert_eq!(rest(&mut far).await, (b"up".to_vec(), None));
}

#[tokio::test]
async fn a_hole_of_one_way_lets_the_other_pass() {
    let bench = Bench::new().await;
    for way in [Way::Up, Way::Down] {
        let (near, far) = bench.line().await;
        let (mut sender, mut receiver) = if way == Way::Up { (near, far) } else { (far, near) };
        bench.proxy.lines().change(Scope::Live, Change::Hole(Ways::One(way), true));
        sender.write_all(b"a").await.unwrap();
        pass(&mut receiver, &mut sender).await;
        // A byte each way at first, then one that is kept, and one that passes.
        let seen = if way == Way::Up { [2, 1, 2, 2] } else { [2, 2, 2, 1] };
        bench.until(|lines| lines == [seen]).await;
        hears_nothing(&receiver);

        bench.proxy.lines().change(Scope::Live, Change::Hole(Ways::One(way), false));
        assert_eq!(receiver.read_u8().await.unwrap(), b'a');
        bench.proxy.lines().cut(Cut::Reset).await;
    }
}

#[tokio::test]
async fn a_hole_swallows_a_reset_too() {
    let bench = Bench::new().await;
    let (mut near, far) = bench.line().await;
    bench.proxy.lines().change(Scope::Live, Change::Hole(Ways::Each, true));
    far.set_zero_linger().unwrap();
    drop(far);
    bench.line().await;
    hears_nothing(&near);
    bench.proxy.lines().change(Scope::Live, Change::Hole(Ways::Each, false));
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn terms_of_new_lines_leave_the_others_alone() {
    let bench = Bench::new().await;
    let (mut old, mut old_far) = bench.line().await;
    assert_eq!(bench.proxy.lines().change(Scope::New, Change::Hole(Ways::Each, true)), 0);
    let mut new = bench.dial().await;
    new.write_all(b"x").await.unwrap();
    let new_far = bench.server.accept().await.unwrap().0;
    pass(&mut old, &mut old_far).await;
    bench.until(|lines| lines[1][0] == 1).await;
    hears_nothing(&new_far);
}

#[tokio::test]
async fn refused_is_refused_and_then_the_same_address_listens_again() {
    let mut bench = Bench::new().await;
    let (mut near, mut far) = bench.line().await;
    bench.proxy.refuse().await;
    let refused = TcpStream::connect(bench.proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    pass(&mut near, &mut far).await;
    bench.proxy.listen().await.unwrap();
    bench.line().await;
}

#[tokio::test]
async fn hanging_takes_all_and_leads_nowhere_until_it_ends() {
    let mut bench = Bench::new().await;
    let (mut old, mut old_far) = bench.line().await;
    bench.proxy.hang().await.unwrap();
    let mut near = bench.dial().await;
    near.write_all(b"hello").await.unwrap();
    bench.until(|lines| lines.len() == 2 && lines[1] == [5, 0, 0, 0]).await;
    pass(&mut old, &mut old_far).await;
    hears_nothing(&near);

    bench.proxy.listen().await.unwrap();
    let mut far = bench.server.accept().await.unwrap().0;
    let mut heard = [0; 5];
    far.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");
    pass(&mut far, &mut near).await;
}

#[tokio::test]
async fn who_gives_up_hanging_is_let_go_and_who_does_not_can_be_cut() {
    let mut bench = Bench::new().await;
    bench.proxy.hang().await.unwrap();
    let (near, mut patient) = (bench.dial().await, bench.dial().await);
    bench.until(|lines| lines.len() == 2).await;
    drop(near);
    bench.until(|lines| lines.len() == 1).await;
    assert_eq!(bench.proxy.lines().cut(Cut::Reset).await, 1);
    assert_eq!(end(&mut patient).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_fuse_lets_exactly_so_many_bytes_pass() {
    let bench = Bench::new().await;
    for left in [1, 1_000, 16 << 10, 1_000_003] {
        let (near, mut far) = bench.line().await;
        let fuse = Fuse { left, cut: Cut::Fin };
        assert_eq!(bench.proxy.lines().change(Scope::Live, Change::Fuse(Way::Up, Some(fuse))), 1);
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
        bench.until(<[_]>::is_empty).await;
    }
}

#[tokio::test]
async fn a_fuse_of_new_lines_counts_from_their_first_byte_and_can_reset() {
    let bench = Bench::new().await;
    bench.proxy.lines().change(Scope::New, Change::Fuse(Way::Down, Some(Fuse { left: 7, cut: Cut::Reset })));
    let mut near = bench.dial().await;
    let mut far = bench.server.accept().await.unwrap().0;
    far.write_all(b"123456789").await.unwrap();
    assert_eq!(rest(&mut near).await, (b"1234567".to_vec(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(end(&mut far).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn an_idle_line_is_ended_in_order_and_one_that_talks_is_not() {
    let bench = Bench::new().await;
    let ((mut idle, mut idle_far), (mut busy, mut busy_far)) = (bench.line().await, bench.line().await);
    assert_eq!(bench.proxy.lines().change(Scope::All, Change::Idle(Some(Duration::from_millis(500)))), 2);
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
    let bench = Bench::new().await;
    let (mut near, far) = bench.line().await;
    far.set_zero_linger().unwrap();
    drop(far);
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));

    let Bench { server, proxy } = bench;
    drop(server);
    let mut near = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_proxy_that_goes_resets_its_lines() {
    let bench = Bench::new().await;
    let (mut near, _far) = bench.line().await;
    drop(bench.proxy);
    assert_eq!(end(&mut near).await, Some(ErrorKind::ConnectionReset));
}
