/// Fills `bytes` with random ones that are new at each call, and fit for keys, tokens and nonces.
///
/// What was drawn before the first request is not: under the host's default isolation every request begins with the same state of
/// the module, so that a generator which was seeded then gives all of them the same numbers. The hash keys of a
/// [`HashMap`](std::collections::HashMap) that was made in `warm_up` are such numbers too.
///
/// It imports `random_get` of WASI, also in a module that has nothing else of it; granted environment variables reach such a module by
/// WASI then. In a test the bytes come from the standard library's hash keys.
pub fn random(bytes: &mut [u8]) {
    fill(bytes);
}

#[cfg(target_arch = "wasm32")]
fn fill(bytes: &mut [u8]) {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    extern "C" {
        fn random_get(buf: *mut u8, len: usize) -> i32;
    }
    // Safety: the pointer and the length are a slice's.
    let errno = unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) };
    assert_eq!(errno, 0, "wasgi: random_get");
}

#[cfg(not(target_arch = "wasm32"))]
fn fill(bytes: &mut [u8]) {
    use std::collections::hash_map::RandomState;
    use std::hash::{BuildHasher, Hasher};

    for part in bytes.chunks_mut(8) {
        let drawn = RandomState::new().build_hasher().finish().to_le_bytes();
        part.copy_from_slice(&drawn[..part.len()]);
    }
}
