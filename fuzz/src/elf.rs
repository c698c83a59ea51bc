//! The program that goes into the image.

use stickyctl::image::Arch;
use stickyctl::image::elf;

pub fn check(data: &[u8]) {
    let len = data.len() as u64;
    for arch in [Arch::Amd64, Arch::Arm64] {
        match elf::check(data, len, arch) {
            Ok(()) => assert!(data.len() > 64),
            Err(why) => assert!(!why.to_string().is_empty()),
        }
        // A large file of which this is the head.
        let _ = elf::check(data, u64::MAX, arch);
    }
}
