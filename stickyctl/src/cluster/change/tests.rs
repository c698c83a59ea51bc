use super::*;

#[test]
fn a_scale_keeps_workers_and_a_mode_says_both() {
    let before = Mode { pods: 1, workers: 4 };
    assert_eq!(Change::Scale(5).of(before), Mode { pods: 5, workers: 4 });
    assert_eq!(sentence(before, Mode { pods: 5, workers: 4 }), "1x4 to 5x4: replicas 1 to 5, workers stay 4");
    assert_eq!(sentence(Mode { pods: 5, workers: 1 }, before), "5x1 to 1x4: replicas 5 to 1, workers 1 to 4. Every pod is replaced.");
}
