use super::*;

/// Numbers of the System V ABI.
const AMD64: u16 = 62;
const ARM64: u16 = 183;
const EXECUTABLE: u16 = 2;
const SHARED: u16 = 3;

/// A static program of one segment, 256 bytes in all.
fn program(machine: u16, kind: u16) -> Vec<u8> {
    let mut file = vec![0; 256];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01");
    put(16, &kind.to_le_bytes());
    put(18, &machine.to_le_bytes());
    put(24, &0x40_0080_u64.to_le_bytes());
    put(32, &64_u64.to_le_bytes());
    put(54, &56_u16.to_le_bytes());
    put(56, &1_u16.to_le_bytes());
    put(64, &1_u32.to_le_bytes());
    put(96, &256_u64.to_le_bytes());
    file
}

fn judge(file: &[u8]) -> Result<(), Unfit> {
    check(file, file.len() as u64, Arch::Amd64)
}

/// A good program with some bytes changed.
fn changed(at: usize, bytes: &[u8]) -> Result<(), Unfit> {
    let mut file = program(AMD64, EXECUTABLE);
    file[at..at + bytes.len()].copy_from_slice(bytes);
    judge(&file)
}

#[test]
fn static_programs_fit() {
    assert_eq!(judge(&program(AMD64, EXECUTABLE)), Ok(()));
    assert_eq!(judge(&program(AMD64, SHARED)), Ok(()), "static-pie");
    let arm = program(ARM64, EXECUTABLE);
    assert_eq!(check(&arm, arm.len() as u64, Arch::Arm64), Ok(()));
}

#[test]
fn each_reason_by_its_sentence() {
    let cases = [
        (judge(b"#!/bin/sh\n"), "it is not an ELF file, so not a Linux program"),
        (judge(b""), "it is not an ELF file, so not a Linux program"),
        (judge(b"\x7fELF\x02\x01"), "it is truncated: it has 6 bytes, and its headers need 64"),
        (changed(4, &[1]), "it is not a 64-bit little-endian program"),
        (changed(5, &[2]), "it is not a 64-bit little-endian program"),
        (changed(16, &[1, 0]), "it is an ELF file of type 1, not a program"),
        (changed(18, &[183, 0]), "it is built for arm64, not for amd64"),
        (changed(18, &[243, 0]), "it is built for another processor (ELF machine 243), not for amd64"),
        (changed(54, &[32, 0]), "invalid program headers: Invalid ELF program header entry size"),
        (changed(56, &[0, 0]), "it has no segment to load"),
        (changed(56, &[9, 0]), "it is truncated: it has 256 bytes, and its headers need 568"),
        (changed(32, &[0xff; 8]), "it is truncated: it has 256 bytes, and its headers need 18446744073709551615"),
        (changed(64, &3_u32.to_le_bytes()), "it is linked dynamically; the image needs a static program"),
        (changed(64, &[4, 0, 0, 0]), "it has no segment to load"),
        (changed(24, &[0; 8]), "it is a library: it has no entry point"),
        (changed(96, &[1, 1]), "it is truncated: it has 256 bytes, and its headers need 257"),
        (changed(72, &[0xff; 8]), "it is truncated: it has 256 bytes, and its headers need 18446744073709551615"),
    ];
    for (found, sentence) in cases {
        assert_eq!(found.map_err(|unfit| unfit.to_string()), Err(sentence.to_owned()));
    }
    let far = check(&program(AMD64, EXECUTABLE)[..100], 1 << 20, Arch::Amd64);
    assert_eq!(far.map_err(|unfit| unfit.to_string()), Err("invalid program headers: Invalid ELF program header size or alignment".to_owned()));
}

#[test]
fn this_test_is_no_static_program_and_nothing_makes_it_panic() {
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    if let (true, Some(here)) = (cfg!(all(target_os = "linux", target_env = "gnu", not(target_feature = "crt-static"))), Arch::here()) {
        assert_eq!(check(&own[..HEAD], own.len() as u64, here), Err(Unfit::Dynamic));
    }
    let good = program(AMD64, EXECUTABLE);
    for at in 0..128 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut file = good.clone();
            file[at] = value;
            for end in [at, 100, file.len()] {
                let _ = judge(&file[..end]);
            }
        }
    }
}
