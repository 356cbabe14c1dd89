//! What Rust's standard library makes of the host: check returns 0, or the line of the first thing that is not as it should be.

use std::collections::HashMap;
use std::io::{stdin, Read, Write};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

macro_rules! check {
    ($condition:expr) => {
        if !$condition {
            return line!();
        }
    };
}

#[no_mangle]
pub extern "C" fn check() -> u32 {
    let begun = Instant::now();
    sleep(Duration::from_micros(1500));
    check!(begun.elapsed() >= Duration::from_micros(1500));
    let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    check!(epoch.as_secs() > 1_700_000_000 && epoch.subsec_nanos() % 1_000_000 == 0);

    check!(std::env::args().collect::<Vec<_>>() == ["reactor"]);
    let vars: Vec<_> = std::env::vars().collect();
    check!(vars == [("GREETING".to_string(), "hi=there".to_string())]);

    let numbers: HashMap<u32, u32> = (0..100).map(|n| (n, n * n)).collect(); // seeded by random
    check!(numbers[&9] == 81);

    let mut text = String::new();
    check!(stdin().read_to_string(&mut text).is_ok() && text.is_empty());
    check!(std::fs::read("/etc/passwd").is_err() && std::fs::File::create("x").is_err());

    println!("one line of {}", 2);
    eprintln!("and {}%", 100);
    check!(writeln!(std::io::stdout(), "{}", "x".repeat(40_000)).is_ok());
    0
}

#[no_mangle]
pub extern "C" fn leave() {
    std::process::exit(0)
}
