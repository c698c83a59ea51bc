//! Steady traffic at a site that stops answering.

use super::super::steady::{Crowd, steady};
use super::*;
use sticky_affinity::run::Run;
use sticky_affinity::seen::Shot;
use tokio::sync::{Semaphore, watch};

/// Answers with a pod's name unless `hangs` is set. Then requests are counted and held, as by a proxy that waits for an address that is gone,
/// and get no answer in the end.
async fn site(listener: TcpListener, hangs: watch::Receiver<bool>, held: Arc<Semaphore>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut hangs, held) = (hangs.clone(), Arc::clone(&held));
        tokio::spawn(async move {
            if stream.read(&mut [0; 4_096]).await.unwrap() == 0 {
                return;
            }
            if *hangs.borrow() {
                held.add_permits(1);
                let _ = hangs.wait_for(|hangs| !hangs).await;
                return;
            }
            let body = r#"{"host": "web-1"}"#;
            // The client may have gone by then.
            let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
        });
    }
}

/// What sessions on a pod suffer that is gone, while its proxy does not know.
#[tokio::test]
async fn requests_that_are_under_way_at_the_end_are_recorded() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let asking = asking(listener.local_addr().unwrap().to_string(), Duration::from_secs(60));
    let (hang, hangs) = watch::channel(false);
    let held = Arc::new(Semaphore::new(0));
    let served = tokio::spawn(site(listener, hangs, Arc::clone(&held)));
    let crowd = Crowd { sessions: 2, controls: 1 };
    let book = Arc::new(crowd.book(0));
    // One request of each: no client sends another before its last one ended.
    let clients = crowd.sessions + crowd.controls;
    let work = async {
        hang.send(true).unwrap();
        held.acquire_many(clients).await.unwrap().forget();
        hang.send(false).unwrap();
        book.age()
    };
    let ended = steady(&asking, &book, crowd, 0, work).await;
    served.abort();
    let run: Run = book.run();
    let open = |shot: &&Shot| shot.at <= ended && shot.at + shot.took > ended;
    let lost = |shots: &[Shot]| shots.iter().filter(open).filter(|shot| shot.is_lost()).count();
    let sessions: Vec<usize> = run.sessions.iter().map(|session| lost(&session.shots)).collect();
    assert_eq!((sessions, lost(&run.controls)), (vec![1, 1], 1), "{run:?}");
    // Where they are afterwards.
    let later = |shots: &[Shot]| shots.iter().filter(|shot| shot.at > ended).map(|shot| shot.pod().map(str::to_owned)).collect::<Vec<_>>();
    assert!(run.sessions.iter().all(|session| later(&session.shots) == [Some("web-1".to_owned())]), "{run:?}");
    assert!(later(&run.controls).is_empty(), "{run:?}");
}
