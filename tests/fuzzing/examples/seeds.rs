//! Writes the seeds of every fuzz target: `cargo run -p fuzzing --example seeds -- fuzz/corpus`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a tool that says what it did")]

#[path = "../tests/seeds/mod.rs"]
mod seeds;

use std::path::PathBuf;

fn main() {
    let root: PathBuf = std::env::args_os().nth(1).expect("the folder to write to").into();
    for (target, _) in fuzzing::TARGETS {
        let folder = root.join(target);
        std::fs::create_dir_all(&folder).expect("a folder");
        let seeds = seeds::of(target);
        for (n, seed) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n:03}")), seed).expect("a file");
        }
        println!("{target}: {} seeds", seeds.len());
    }
}
