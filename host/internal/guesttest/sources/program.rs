// A plain program that speaks CGI: it does what ../program/main.go does.
use std::io;

fn main() {
    let path = std::env::var("PATH_INFO").unwrap();
    if path == "/fail" {
        std::process::exit(3);
    }
    println!("Content-Type: text/plain\n");
    let outcome = match path.as_str() {
        "/env" => {
            std::env::args().for_each(|arg| println!("arg: {arg}"));
            std::env::vars().for_each(|(name, value)| println!("{name}={value}"));
            Ok(0)
        }
        "/echo" => io::copy(&mut io::stdin(), &mut io::stdout()),
        "/count" => io::copy(&mut io::stdin(), &mut io::sink()).map(|n| println!("{n}")).map(|_| 0),
        _ => {
            println!("hello");
            Ok(0)
        }
    };
    if let Err(err) = outcome {
        eprintln!("{err}");
        std::process::exit(1);
    }
}
